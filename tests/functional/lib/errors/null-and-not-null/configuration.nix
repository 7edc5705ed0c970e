{
  example = "text";
}
