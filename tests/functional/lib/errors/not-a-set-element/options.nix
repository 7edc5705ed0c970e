{ lib, ... }:

{
  options.example = lib.mkOption {
    type = lib.types.attrsOf lib.types.int;
  };
}
