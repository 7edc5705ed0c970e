/**
  A test whose script is in Python, unless `testScriptLanguage` names another language: `import ./make-test-python.nix { ... }`, or with
  a function from `{ pkgs, lib, ... }` to that set. The result is a function of `system` and more, which `nix-build` calls.
*/
test:
{
  system ? builtins.currentSystem,
  ...
}@args:
let
  testing = import ../lib/testing-python.nix ({ inherit system; } // args);
in
testing.makeTest (
  if builtins.isFunction test then
    test (
      {
        inherit system;
        inherit (testing) pkgs;
        inherit (testing.pkgs) lib;
      }
      // args
    )
  else
    test
)
