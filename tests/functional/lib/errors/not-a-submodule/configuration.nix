{
  example = 3;
}
