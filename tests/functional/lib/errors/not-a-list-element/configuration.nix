{
  example = [ "one" 2 ];
}
