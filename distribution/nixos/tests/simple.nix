# The shortest test: a machine boots, a command runs in it, and it shuts down.
import ./make-test.nix {
  name = "simple";

  machine = { config, pkgs, ... }: { };

  testScript = ''
    startAll;
    $machine->waitForUnit("multi-user.target");
    $machine->succeed("uname") =~ /Linux/;
    $machine->shutdown;
  '';
}
