{ lib, ... }:

{
  options.example = lib.mkOption {
    type = lib.types.either lib.types.int lib.types.bool;
  };
}
