{
  example = "hello";
}
