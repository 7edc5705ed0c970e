{ lib, ... }:

{
  imports = [ ./circle-b.nix ];
  options.l = lib.mkOption { type = lib.types.listOf lib.types.str; };
  config.l = [ "a" ];
}
