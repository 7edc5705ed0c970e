{
  example = 2;
}
