{
  options.services = 3;
}
