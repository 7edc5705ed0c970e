/**
  What modules say about themselves, the functions that they share, and places for derived values.
*/
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    meta = mkOption {
      type = types.attrsOf types.unspecified;
      internal = true;
      default = { };
      example = {
        maintainers = [ "alice" ];
      };
      description = "Facts about a module: who maintains it, where its documentation is.";
    };

    lib = mkOption {
      type = types.attrsOf types.attrs;
      internal = true;
      default = { };
      example = { };
      description = "Functions that modules offer to each other, by the name of the module.";
    };

    system.build = mkOption {
      type = types.lazyAttrsOf types.unspecified;
      internal = true;
      default = { };
      example = { };
      description = "Derivations that this system consists of or that can be built from its configuration.";
    };
  };

  config._module.args.utils = import ../../lib/utils.nix { inherit lib; };
}
