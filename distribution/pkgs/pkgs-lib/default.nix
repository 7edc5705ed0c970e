/* What needs both the library and packages. */
{ lib, pkgs }:

{
  formats = import ./formats.nix { inherit lib pkgs; };
}
