{ lib, ... }:

{
  config = lib.mkIf true {
    services.httpd = lib.mkForce { docRoot = "/webroot"; };
  };
}
