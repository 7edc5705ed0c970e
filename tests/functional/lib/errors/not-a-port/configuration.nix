{
  example = 65536;
}
