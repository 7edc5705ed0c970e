{ lib, ... }:

{
  options.example = lib.mkOption { };
}
