/* The package set: `import <nixpkgs> { }`. See pkgs/top-level/default.nix for its arguments. */
import ./pkgs/top-level
