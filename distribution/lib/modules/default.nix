# The module system, in parts:
#   properties.nix  mkIf, mkForce, ... and how definitions are selected
#   loading.nix     `imports`: paths, functions and sets to modules
#   tree.nix        declarations and definitions to options
#   merging.nix     definitions to a value, by type
#   evaluation.nix  evalModules
#   renaming.nix    modules that keep old names working
#   messages.nix    what errors say
{ lib }:

let
  part = file: import file { inherit lib; };
in
{
  messages = part ./messages.nix;
}
// part ./properties.nix
// part ./loading.nix
// part ./tree.nix
// part ./merging.nix
// part ./evaluation.nix
// part ./renaming.nix
