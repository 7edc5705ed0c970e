{
  example = 1;
}
