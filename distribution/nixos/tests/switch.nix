# Switching to another system and back: units that start, stop, restart, reload; what stays; what `switch` says and returns.
import ./make-test-python.nix (
  { pkgs, lib, ... }:
  let
    service = text: {
      wantedBy = [ "multi-user.target" ];
      serviceConfig.Type = "oneshot";
      serviceConfig.RemainAfterExit = true;
      script = "echo ${text} >> /run/log-of-words";
    };
    daemon = text: {
      wantedBy = [ "multi-user.target" ];
      environment.WORD = text;
      script = "exec sleep infinity";
    };
  in
  {
    name = "switch";

    nodes.machine = {
      systemd.services = {
        changed = daemon "one";
        same = daemon "same";
        stays = daemon "one" // {
          restartIfChanged = false;
        };
        reloads = daemon "one" // {
          reloadIfChanged = true;
          reload = "echo reloaded >> /run/reloaded";
        };
        leaves = daemon "leaves";
        words = service "first";
        trigger = daemon "same" // {
          restartTriggers = [ "one" ];
        };
      };
      systemd.sockets.listens = {
        wantedBy = [ "sockets.target" ];
        socketConfig.ListenStream = "/run/listens.socket";
      };
      systemd.services.listens.script = "exec sleep infinity";
      environment.etc."which".text = "first";
      environment.etc."gone".text = "gone";

      specialisation.other.configuration = {
        systemd.services = {
          changed.environment.WORD = lib.mkForce "two";
          stays.environment.WORD = lib.mkForce "two";
          reloads.environment.WORD = lib.mkForce "two";
          leaves.enable = false;
          trigger.restartTriggers = lib.mkForce [ "two" ];
          comes = daemon "comes";
          words.script = lib.mkForce "echo second >> /run/log-of-words";
        };
        environment.etc."which".text = lib.mkForce "second";
        environment.etc."gone".enable = false;
        virtualisation.fileSystems."/mounted" = {
          device = "tmpfs";
          fsType = "tmpfs";
        };
        boot.kernel.sysctl."vm.swappiness" = 33;
      };
      specialisation.broken.configuration.systemd.services.fails = {
        wantedBy = [ "multi-user.target" ];
        serviceConfig.Type = "oneshot";
        script = "echo no way >&2; exit 9";
      };
    };

    testScript = ''
      machine.wait_for_unit("multi-user.target")

      def pid(name):
          return machine.succeed(f"systemctl show -p MainPID --value {name}").strip()

      names = ["changed", "same", "stays", "reloads", "trigger"]
      before = {name: pid(name) for name in names}
      assert all(p != "0" for p in before.values()), before

      with subtest("a dry run says what would happen and does nothing"):
          text = machine.succeed("/run/current-system/specialisation/other/bin/switch-to-configuration dry-activate 2>&1")
          assert "would stop" in text and "leaves.service" in text, text
          assert {name: pid(name) for name in names} == before
          assert machine.succeed("cat /etc/which") == "first"

      with subtest("a switch"):
          text = machine.succeed("/run/current-system/specialisation/other/bin/switch-to-configuration test 2>&1")
          after = {name: pid(name) for name in names}
          assert after["changed"] != before["changed"]
          assert after["trigger"] != before["trigger"]
          for name in ("same", "stays", "reloads"):
              assert after[name] == before[name], name
          assert machine.succeed("cat /run/reloaded") == "reloaded\n"
          machine.fail("systemctl is-active leaves")
          machine.succeed("systemctl is-active comes")
          assert machine.succeed("cat /run/log-of-words") == "first\nsecond\n"
          assert "changed.service" in text and "same.service" not in text, text

      with subtest("files, mounts and kernel settings follow"):
          assert machine.succeed("cat /etc/which") == "second"
          machine.fail("test -e /etc/gone")
          machine.succeed("mountpoint /mounted")
          assert machine.succeed("cat /proc/sys/vm/swappiness").strip() == "33"
          machine.succeed("systemctl is-active listens.socket")

      with subtest("nothing changed, nothing done"):
          machine.succeed("/run/current-system/bin/switch-to-configuration test >&2")
          assert {name: pid(name) for name in names} == after

      with subtest("and back"):
          machine.succeed("/run/booted-system/bin/switch-to-configuration test >&2")
          assert machine.succeed("cat /etc/which") == "first"
          machine.succeed("systemctl is-active leaves && test -e /etc/gone")
          machine.fail("systemctl is-active comes")
          machine.fail("mountpoint /mounted")

      with subtest("a unit that cannot start is told, and the rest is done"):
          status, text = machine.execute("/run/current-system/specialisation/broken/bin/switch-to-configuration test 2>&1")
          assert status == 4, (status, text)
          assert "fails.service" in text and "no way" in text, text
          machine.succeed("systemctl is-active same")

      machine.shutdown()
    '';
  }
)
