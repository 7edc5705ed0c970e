/**
  Tests on virtual machines as modules: `evalTest` evaluates one, `runTest` gives its derivation.
*/
{ lib }:
let
  modules = [
    ./options.nix
    ./nodes.nix
    ./driver.nix
  ];
in
rec {
  evalTest =
    module:
    lib.evalModules {
      class = "nixosTest";
      modules = modules ++ [ module ];
    };

  runTest = module: (evalTest module).config.result;
}
