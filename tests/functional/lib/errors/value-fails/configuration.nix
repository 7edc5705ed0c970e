{
  example = { inner = throw "broken"; };
}
