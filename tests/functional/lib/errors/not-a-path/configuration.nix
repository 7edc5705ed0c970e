{
  example = "etc/hosts";
}
