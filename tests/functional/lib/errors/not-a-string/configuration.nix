{
  example = [ "one" ];
}
