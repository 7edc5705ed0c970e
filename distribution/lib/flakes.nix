# References to flakes: builtins of newer versions of Nix.
{ lib }:

let
  newer = name: since: _: throw "lib.flakes.${name}: this version of Nix has no such builtin (${since} or newer has it)";
in
{
  /** Attributes of a flake reference given as a URL. */
  parseFlakeRef = builtins.parseFlakeRef or (newer "parseFlakeRef" "2.19");

  /** URL of a flake reference given as attributes. */
  flakeRefToString = builtins.flakeRefToString or (newer "flakeRefToString" "2.19");
}
