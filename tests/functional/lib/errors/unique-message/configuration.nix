{
  example = { b = 2; };
}
