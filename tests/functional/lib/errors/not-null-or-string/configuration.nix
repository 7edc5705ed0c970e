{
  example = x: x;
}
