{
  example.first = 1;
  example.second = "2";
}
