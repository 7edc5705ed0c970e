{ lib, ... }:

{
  options.example = lib.mkOption {
    type = lib.types.int;
    readOnly = true;
    default = 1;
  };
}
