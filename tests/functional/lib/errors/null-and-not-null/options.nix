{ lib, ... }:

{
  options.example = lib.mkOption {
    type = lib.types.nullOr lib.types.str;
  };
}
