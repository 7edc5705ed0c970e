{
  services.httpd.enable = "yes";
}
