/**
  Functions that make tests from sets.

  Arguments: `system`; `pkgs`, the packages of the driver; `extraConfigurations`, modules of all machines; `specialArgs`;
  `testScriptLanguage`, where a test names none.

  Result:
  - `makeTest { name; machine | nodes; testScript; ... }`: the test, with `driver`, `driverInteractive` and `nodes`; the other
    attributes are those of the test's options (`lib/testing/options.nix`);
  - `simpleTest`: the same for a script that is all there is to see;
  - `runTest`: for tests as modules;
  - `runInMachine { drv; machine; }`: runs a program that a derivation has, `bin/run-test`, in a machine.
*/
{
  system ? builtins.currentSystem,
  pkgs ? import ../.. { inherit system config; },
  config ? { },
  extraConfigurations ? [ ],
  specialArgs ? { },
  testScriptLanguage ? "python",
  ...
}:
let
  inherit (pkgs) lib;
  testing = import ./testing { inherit lib; };

  # Attributes of older tests that say nothing here.
  former = [
    "makeCoverageReport"
    "machine"
    "meta"
  ];

  makeTest =
    attrs:
    let
      test = if builtins.isFunction attrs then attrs { inherit pkgs lib system; } else attrs;
    in
    testing.runTest {
      imports = [
        (removeAttrs test former)
        {
          machine = lib.mkIf (test ? machine) test.machine;
          # Positions in `meta` of tests that state them are of no use.
          meta = removeAttrs (test.meta or { }) [ "maintainers" ];
        }
      ];
      hostPkgs = lib.mkDefault pkgs;
      testScriptLanguage = lib.mkDefault testScriptLanguage;
      extraBaseModules.imports = extraConfigurations;
      node.specialArgs = specialArgs;
    };
in
{
  inherit makeTest pkgs;
  inherit (testing) runTest evalTest;
  simpleTest = makeTest;
}
