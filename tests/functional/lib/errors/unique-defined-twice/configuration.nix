{
  services.httpd.adminAddr = "root@example.org";
}
