{
  example = "one";
}
