{
  services.httpd.enable = true;
}
