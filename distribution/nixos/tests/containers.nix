# Containers: those of the configuration with their network, their life, their updates; others made by hand.
import ./make-test-python.nix (
  { pkgs, ... }:
  let
    web = text: {
      services.nginx.enable = true;
      services.nginx.virtualHosts.web.root = "${pkgs.writeTextDir "index.html" text}";
      networking.firewall.allowedTCPPorts = [ 80 ];
      users.users.root.password = "inside";
    };

    # What `nixos-container create` would build, which this machine could not: it has no network.
    byHand =
      name: module:
      (import ../lib/eval-config.nix {
        system = pkgs.stdenv.hostPlatform.system;
        modules = [
          {
            boot.isContainer = true;
            networking.hostName = name;
          }
          module
        ];
      }).config.system.build.toplevel;
    made = byHand "made" { environment.etc."which".text = "first"; };
  in
  {
    name = "containers";

    nodes.machine =
      { lib, ... }:
      {
        virtualisation.memorySize = 1536;
        environment.systemPackages = [ pkgs.curl ];
        system.extraDependencies = [ made ];

        containers.web = {
          autoStart = true;
          privateNetwork = true;
          hostAddress = "10.231.136.1";
          localAddress = "10.231.136.2";
          hostAddress6 = "fc00::1";
          localAddress6 = "fc00::2";
          config = web "first\n";
        };
        containers.plain.config.systemd.services.words = {
          script = "echo words > /var/lib/words";
          wantedBy = [ "multi-user.target" ];
        };
        containers.bound = {
          bindMounts."/shared" = {
            hostPath = "/srv/shared";
            isReadOnly = false;
          };
          ephemeral = true;
          config = { };
        };
        systemd.tmpfiles.rules = [ "d /srv/shared 0755 root root -" ];

        specialisation.changed.configuration = {
          containers.web.config = lib.mkForce (web "second\n");
        };
        specialisation.removed.configuration = {
          containers = lib.mkForce { };
          systemd.services."container@web".enable = lib.mkForce false;
        };
      };

    testScript = ''
      made = "${made}"
      machine.wait_for_unit("multi-user.target")

      with subtest("started at boot"):
          machine.wait_for_unit("container@web")
          assert machine.succeed("nixos-container list").split() == ["bound", "plain", "web"]
          assert machine.succeed("nixos-container status web").strip() == "up"
          assert machine.succeed("nixos-container status plain").strip() == "down"

      with subtest("a network of its own"):
          assert machine.succeed("nixos-container show-ip web").strip() == "10.231.136.2"
          machine.succeed("ping -c 1 10.231.136.2 && ping -6 -c 1 fc00::2")
          assert machine.wait_until_succeeds("curl -sf http://10.231.136.2/") == "first\n"
          machine.succeed("nixos-container run web -- ping -c 1 10.231.136.1")
          machine.fail("ip -br address | grep -q 'eth0.*10.231.136.2'")

      with subtest("is a system without failures that shares the store"):
          machine.wait_until_succeeds("nixos-container run web -- systemctl is-system-running")
          host = machine.succeed("ls /nix/store | wc -l")
          assert machine.succeed("nixos-container run web -- sh -c 'ls /nix/store | wc -l'") == host
          machine.fail("nixos-container run web -- touch /nix/store/new")
          assert machine.succeed("nixos-container run web -- hostname").strip() == "web"

      with subtest("a changed configuration is switched to in place"):
          leader = machine.succeed("machinectl show -p Leader web")
          machine.succeed("/run/current-system/specialisation/changed/bin/switch-to-configuration test >&2")
          assert machine.wait_until_succeeds("curl -sf http://10.231.136.2/ | grep second") == "second\n"
          assert machine.succeed("machinectl show -p Leader web") == leader, "it was restarted"

      with subtest("start, run, stop"):
          machine.succeed("nixos-container start plain")
          machine.wait_until_succeeds("nixos-container run plain -- grep words /var/lib/words")
          machine.succeed("grep words /var/lib/containers/plain/var/lib/words")
          assert machine.execute("nixos-container run plain -- sh -c 'exit 7'")[0] == 7
          machine.succeed("nixos-container stop plain")
          assert machine.succeed("nixos-container status plain").strip() == "down"
          machine.succeed("test -e /var/lib/containers/plain/var/lib/words")

      with subtest("bind mounts and forgotten roots"):
          machine.succeed("nixos-container start bound")
          machine.succeed("nixos-container run bound -- sh -c 'echo seen > /shared/file; echo lost > /root/file'")
          assert machine.succeed("cat /srv/shared/file") == "seen\n"
          machine.succeed("nixos-container stop bound && nixos-container start bound")
          machine.fail("nixos-container run bound -- test -e /root/file")

      with subtest("made by hand"):
          machine.succeed(f"nixos-container create made --system-path {made} >&2")
          assert "gone" not in machine.succeed("nixos-container status made")
          machine.succeed("nixos-container start made")
          address = machine.succeed("nixos-container show-ip made").strip()
          assert address.startswith("10.233."), address
          machine.succeed(f"ping -c 1 {address}")
          assert machine.succeed("nixos-container run made -- cat /etc/which") == "first"
          assert machine.fail("nixos-container create made 2>&1").startswith("error: ")
          machine.succeed("nixos-container destroy made")
          assert "made" not in machine.succeed("nixos-container list").split()
          machine.fail("test -e /var/lib/containers/made")

      with subtest("no traces of a wrong name"):
          assert "error: " in machine.fail("nixos-container start nosuch 2>&1")
          assert "error: " in machine.fail("nixos-container create a/b 2>&1")

      with subtest("a container that the configuration lost keeps its files"):
          machine.succeed("/run/booted-system/specialisation/removed/bin/switch-to-configuration test >&2")
          machine.wait_until_fails("systemctl is-active container@web")
          machine.succeed("test -d /var/lib/containers/web/etc")

      machine.shutdown()
    '';
  }
)
