{
  config.services.httpd.enable = true;
  services.httpd.adminAddr = "root@example.org";
}
