{
  example = [ 1 ];
}
