{ lib, ... }:

{
  services.httpd.enable = lib.mkIf "yes" true;
}
