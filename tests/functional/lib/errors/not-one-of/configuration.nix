{
  example = "icmp";
}
