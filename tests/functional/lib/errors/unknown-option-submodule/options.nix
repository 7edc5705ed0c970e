{ lib, ... }:

{
  options.users = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submodule {
        options.home = lib.mkOption { type = lib.types.str; };
        options.shell = lib.mkOption { type = lib.types.str; default = "/bin/sh"; };
      }
    );
  };
}
