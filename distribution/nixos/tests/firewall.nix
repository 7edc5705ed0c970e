# The firewall between two machines: what is closed, what is open, and what a switched-off one lets through.
import ./make-test-python.nix (
  { pkgs, ... }:
  let
    page = pkgs.writeTextDir "index.html" "a page\n";
    server = port: {
      wantedBy = [ "multi-user.target" ];
      serviceConfig.ExecStart = "${pkgs.python3}/bin/python3 -m http.server --directory ${page} ${toString port}";
    };
  in
  {
    name = "firewall";

    defaults.environment.systemPackages = [ pkgs.curl ];

    nodes = {
      walled = {
        networking.firewall.enable = true;
        networking.firewall.allowedTCPPorts = [ 8080 ];
        networking.firewall.logRefusedConnections = true;
        systemd.services.closed = server 80;
        systemd.services.open = server 8080;
      };
      attacker = {
        networking.firewall.enable = false;
        systemd.services.closed = server 80;
      };
    };

    testScript = ''
      start_all()
      walled.wait_for_unit("firewall.service")
      walled.wait_for_open_port(80)
      walled.wait_for_open_port(8080)
      attacker.wait_for_unit("network.target")
      attacker.wait_for_open_port(80)

      with subtest("local connections work"):
          assert walled.succeed("curl -s http://localhost/") == "a page\n"

      with subtest("what is not allowed is refused"):
          attacker.fail("curl -s --connect-timeout 3 http://walled/ >&2")
          walled.succeed("journalctl -k | grep 'refused connection'")

      with subtest("what is allowed comes through"):
          assert attacker.succeed("curl -s http://walled:8080/") == "a page\n"
          attacker.succeed("ping -c 1 walled >&2")

      with subtest("connections outwards work"):
          assert walled.succeed("curl -s http://attacker/") == "a page\n"

      with subtest("a stopped firewall lets all through"):
          walled.stop_job("firewall")
          assert attacker.succeed("curl -s http://walled/") == "a page\n"
          walled.start_job("firewall")
          attacker.fail("curl -s --connect-timeout 3 http://walled/ >&2")
    '';
  }
)
