{ lib, ... }:

{
  options.example = lib.mkOption {
    type = lib.types.listOf lib.types.str;
  };
}
