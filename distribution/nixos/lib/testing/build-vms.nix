/**
  A network of machines from a file with a set of configurations, `{ server = { ... }: { ... }; client = ...; }`: the driver
  of a test without a script, for `nixos-build-vms`.
*/
{
  networkExpr,
  system ? builtins.currentSystem,
}:
let
  file = if builtins.isPath networkExpr then networkExpr else /. + networkExpr;
  network = import file;
  inherit (import ../testing-python.nix { inherit system; }) makeTest;
in
(makeTest {
  name = "network";
  # What is not a machine in such files: notes for other programs.
  nodes = removeAttrs network [
    "network"
    "defaults"
  ];
  defaults = network.defaults or { };
  testScript = ''
    start_all()
    join_all()
  '';
}).driver
