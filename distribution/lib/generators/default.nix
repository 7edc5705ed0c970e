# Writers for file formats. Each takes a set of settings and then the value: `toINI { } attrs`.
{ lib }:

import ./pretty.nix { inherit lib; }
