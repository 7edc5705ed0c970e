# One machine, from its boot to its end.
import ./make-test-python.nix {
  name = "smoke";
  nodes.machine = { };
  testScript = ''
    machine.wait_for_unit("multi-user.target")
    with subtest("commands"):
        assert "Linux" in machine.succeed("uname")
        assert machine.execute("exit 7")[0] == 7
        machine.fail("false")
    machine.shutdown()
  '';
}
