{
  services.httpd.enable = false;
}
