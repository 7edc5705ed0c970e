# Ten containers on one machine, each with its own network and a page that only it has.
import ./make-test-python.nix (
  { pkgs, lib, ... }:
  let
    numbers = lib.range 1 10;
    nameOf = n: "box${toString n}";
  in
  {
    name = "containers-many";

    nodes.machine = {
      virtualisation.memorySize = 2048;
      environment.systemPackages = [ pkgs.curl ];
      containers = lib.listToAttrs (
        map (
          n:
          lib.nameValuePair (nameOf n) {
            privateNetwork = true;
            hostAddress = "10.231.${toString n}.1";
            localAddress = "10.231.${toString n}.2";
            config = {
              networking.firewall.allowedTCPPorts = [ 80 ];
              services.nginx.enable = true;
              services.nginx.virtualHosts.page.root = pkgs.writeTextDir "index.html" "page ${toString n}\n";
            };
          }
        ) numbers
      );
    };

    testScript = ''
      machine.wait_for_unit("multi-user.target")
      for n in range(1, 11):
          machine.succeed(f"nixos-container start box{n}")
      for n in range(1, 11):
          page = machine.wait_until_succeeds(f"curl -sf http://10.231.{n}.2/")
          assert page == f"page {n}\n", page
      assert len(machine.succeed("machinectl list --no-legend").splitlines()) == 10
      machine.fail("systemctl --failed --no-legend | grep .")
      machine.shutdown()
    '';
  }
)
