/**
  The parts of this tree that stand by themselves: `import <nixpkgs/nixos/lib> { }`.

  - `evalTest module`: a test as a module; `.config.result` is what to build.
  - `runTest module`: that result.
  - `evalSystemConfiguration` and `evalConfig`: a machine's configuration from a list of modules.
*/
{
  lib ? import ../../lib,
  ...
}:
let
  testing = import ./testing { inherit lib; };
in
{
  inherit (testing) evalTest runTest;
  evalConfig = import ./eval-config.nix;
  evalSystemConfiguration = args: import ./eval-config.nix ({ system = null; } // args);
}
