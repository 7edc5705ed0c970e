{
  example = null;
}
