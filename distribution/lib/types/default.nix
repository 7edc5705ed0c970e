# Option types, in parts:
#   core.nix        what a type is; combining and checking types
#   basic.nix       booleans, numbers, strings, paths, packages
#   containers.nix  lists and attribute sets
#   choices.nix     enum, either, nullOr, attrTag, coercedTo
#   modules.nix     submodules and other types that hold modules
#   former.nix      types of older releases
{ lib }:

let
  part = file: import file { inherit lib; };
in
part ./core.nix
// part ./basic.nix
// part ./containers.nix
// part ./choices.nix
// part ./modules.nix
// part ./former.nix
// {
  # Expressions that bring in both `lib.types` and `types` use this name.
  inherit (lib) types;
}
