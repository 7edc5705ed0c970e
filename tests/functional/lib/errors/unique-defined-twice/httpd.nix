{
  services.httpd.adminAddr = "webmaster@example.org";
}
