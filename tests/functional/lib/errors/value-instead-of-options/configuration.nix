{
  services.httpd = true;
}
