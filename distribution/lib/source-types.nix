# What a package's content was made from (`meta.sourceProvenance`).
{ lib }:

let
  types = {
    fromSource = { isSource = true; };
    # Compiled by somebody else.
    binaryNativeCode = { };
    binaryBytecode = { };
    binaryFirmware = { };
    # Text, but not in the form in which people write it.
    obfuscatedCode = { };
  };
in
builtins.mapAttrs (
  name: type:
  {
    shortName = name;
    isSource = false;
  }
  // type
) types
