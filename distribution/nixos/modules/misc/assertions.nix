/**
  Conditions that a configuration must fulfil, and advice that it gives; `system.build.toplevel` acts on both.
*/
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    assertions = mkOption {
      type = types.listOf types.unspecified;
      internal = true;
      default = [ ];
      example = [
        {
          assertion = false;
          message = "you cannot enable both of them";
        }
      ];
      description = "Sets with `assertion`, a condition that must hold, and `message`, the error when it does not.";
    };

    warnings = mkOption {
      type = types.listOf types.str;
      internal = true;
      default = [ ];
      example = [ "The service `foo' is about to go; use `bar' instead." ];
      description = "Texts to show whenever the system is built.";
    };
  };
}
