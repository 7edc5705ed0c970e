{
  services.httpd.enabel = true;
}
