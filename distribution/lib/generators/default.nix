# Writers for file formats: `toINI { } attrs`. Each takes a set of settings first, then the value.
#   key-value.nix  lines of keys and values, INI and its relatives
#   languages.nix  JSON, YAML, Lua, Dhall
#   plist.nix      property lists
#   pretty.nix     Nix itself, for people
{ lib }:

let
  part = file: import file { inherit lib; };
in
part ./key-value.nix // part ./languages.nix // part ./plist.nix // part ./pretty.nix
