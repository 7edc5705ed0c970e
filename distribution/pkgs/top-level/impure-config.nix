# The user's package configuration: the file that NIXPKGS_CONFIG names, else the first that exists in the home
# directory; a set, or a function of `{ pkgs }`.
let
  home = builtins.getEnv "HOME";
  named = builtins.getEnv "NIXPKGS_CONFIG";
  candidates = if home == "" then [ ] else [ (/. + home + "/.config/nixpkgs/config.nix") (/. + home + "/.nixpkgs/config.nix") ];
  existing = builtins.filter builtins.pathExists ((if named == "" then [ ] else [ (/. + named) ]) ++ candidates);
in
if existing == [ ] then { } else import (builtins.head existing)
