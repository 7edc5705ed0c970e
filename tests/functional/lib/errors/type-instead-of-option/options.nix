{ lib, ... }:

{
  options.example = lib.types.int;
}
