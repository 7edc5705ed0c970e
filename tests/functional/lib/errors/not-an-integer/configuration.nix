{
  example = true;
}
