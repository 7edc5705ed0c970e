{ lib, ... }:

{
  options.example.inner = lib.mkOption { };
}
