{ lib, ... }:

{
  options.example = lib.mkOption {
    type = lib.types.str;
  };
}
