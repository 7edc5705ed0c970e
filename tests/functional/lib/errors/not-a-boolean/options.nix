{ lib, ... }:

{
  options.services.httpd = {
    enable = lib.mkEnableOption "the Apache HTTP server";
    adminAddr = lib.mkOption {
      type = lib.types.str;
      description = "Address of the administrator.";
    };
    documentRoot = lib.mkOption {
      type = lib.types.nullOr lib.types.path;
      default = null;
    };
  };
}
