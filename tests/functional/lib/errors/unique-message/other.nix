{
  example = { a = 1; };
}
