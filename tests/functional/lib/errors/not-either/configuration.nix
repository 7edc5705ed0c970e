{
  example = "3";
}
