{
  l = [ "extra" ];
}
