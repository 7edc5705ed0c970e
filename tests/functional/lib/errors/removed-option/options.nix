{ lib, ... }:

{
  imports = [ (lib.mkRemovedOptionModule [ "example" ] "Nothing takes its place.") ];
  options.assertions = lib.mkOption { type = lib.types.listOf lib.types.unspecified; };
}
