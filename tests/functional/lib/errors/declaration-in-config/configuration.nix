{ lib, ... }:

{
  config.services.httpd.extra = lib.mkOption { };
}
