{ config, ... }:

{
  service.httpd.enable = true;
  services.httpd.adminAdr = "webmaster@example.org";
}
