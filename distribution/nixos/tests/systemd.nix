# Units of every type, limits by their old and new names, a unit tried under another name, sessions, the journal.
import ./make-test-python.nix (
  { pkgs, ... }:
  {
    name = "systemd";

    nodes.machine =
      { config, ... }:
      {
        users.users.alice = {
          isNormalUser = true;
          password = "x";
        };
        system.extraDependencies = [ config.systemd.units."tried.service".unit ];
        environment.etc."tried-unit".source = config.systemd.units."tried.service".unit;

        systemd.services = {
          tried = {
            serviceConfig.Type = "oneshot";
            serviceConfig.RemainAfterExit = true;
            script = "echo tried > /run/tried";
          };
          limited = {
            wantedBy = [ "multi-user.target" ];
            serviceConfig = {
              CPUShares = 512;
              MemoryLimit = "512M";
              TasksMax = 20;
            };
            script = "exec sleep infinity";
          };
          "template@" = {
            scriptArgs = "%i";
            serviceConfig.Type = "oneshot";
            serviceConfig.RemainAfterExit = true;
            script = ''echo "$1" >> /run/instances'';
          };
          "answers@" = {
            serviceConfig.StandardInput = "socket";
            script = "read -r word; echo \"$word, too\"";
          };
          on-path.script = "cp /run/watched/file /run/copied";
          dies = {
            wantedBy = [ "multi-user.target" ];
            onFailure = [ "template@failed.service" ];
            serviceConfig.Restart = "no";
            script = "exit 3";
          };
          again = {
            wantedBy = [ "multi-user.target" ];
            serviceConfig.Restart = "on-failure";
            serviceConfig.RestartSec = "100ms";
            script = "test -e /run/again || { touch /run/again; exit 1; }; exec sleep infinity";
          };
          keyed = {
            wantedBy = [ "multi-user.target" ];
            serviceConfig.DynamicUser = true;
            serviceConfig.StateDirectory = "keyed";
            preStart = "echo before > $STATE_DIRECTORY/order";
            postStart = "echo after >> $STATE_DIRECTORY/order";
            script = "exec sleep infinity";
          };
        };
        systemd.sockets.answers = {
          wantedBy = [ "sockets.target" ];
          socketConfig.ListenStream = "/run/answers";
          socketConfig.Accept = true;
        };
        systemd.paths.on-path = {
          wantedBy = [ "multi-user.target" ];
          pathConfig.PathExists = "/run/watched/file";
        };
        systemd.targets.mine = {
          wants = [ "template@wanted.service" ];
        };
        systemd.slices.narrow.sliceConfig.MemoryMax = "64M";
        systemd.mounts = [
          {
            what = "tmpfs";
            type = "tmpfs";
            where = "/by-unit";
            wantedBy = [ "multi-user.target" ];
          }
        ];
        systemd.tmpfiles.rules = [ "d /var/made 0751 alice users -" ];
        systemd.user.services.mine = {
          wantedBy = [ "default.target" ];
          script = "id -un > $XDG_RUNTIME_DIR/mine";
        };
        services.journald.rateLimitBurst = 5000;
        services.journald.extraConfig = "SystemMaxUse=32M";
        environment.systemPackages = [ pkgs.debian.socat ];
      };

    testScript = ''
      machine.wait_for_unit("multi-user.target")

      with subtest("units of every type"):
          machine.succeed("systemctl start mine.target template@one template@two")
          machine.wait_until_succeeds("test $(sort -u /run/instances | tr '\n' ,) = failed,one,two,wanted,")
          machine.succeed("mountpoint /by-unit")
          machine.succeed("mkdir /run/watched && echo watched > /run/watched/file")
          machine.wait_for_file("/run/copied")
          assert machine.succeed("stat -c '%U %a' /var/made").strip() == "alice 751"
          assert machine.succeed("systemctl show -p MemoryMax --value narrow.slice").strip() == str(64 << 20)

      with subtest("sockets start their services"):
          machine.succeed("systemctl is-active answers.socket")
          assert machine.succeed("echo me | socat -t 5 - UNIX-CONNECT:/run/answers") == "me, too\n"

      with subtest("limits"):
          show = machine.succeed("systemctl show -p MemoryLimit -p MemoryMax -p CPUShares -p TasksMax limited")
          assert "TasksMax=20" in show, show
          assert str(512 << 20) in show, show
          assert machine.succeed("cat /sys/fs/cgroup/system.slice/limited.service/pids.max").strip() == "20"
          machine.succeed("systemd-cgls --no-pager | grep limited.service")

      with subtest("failures are told, restarts are made"):
          machine.wait_until_succeeds("systemctl is-failed dies")
          assert "status=3" in machine.succeed("systemctl status dies || true")
          machine.wait_for_unit("again")
          assert machine.succeed("systemctl show -p NRestarts --value again").strip() == "1"
          assert machine.wait_until_succeeds("cat /var/lib/private/keyed/order | tr '\n' ' '").startswith("before")

      with subtest("a unit under another name, as chapter 23 tells"):
          machine.succeed("cp /etc/tried-unit/tried.service /run/systemd/system/tmp-tried.service")
          machine.succeed("systemctl daemon-reload && systemctl start tmp-tried.service")
          assert machine.succeed("cat /run/tried") == "tried\n"

      with subtest("sessions"):
          machine.succeed("loginctl enable-linger alice")
          machine.wait_until_succeeds("test -s /run/user/1000/mine")
          assert "alice" in machine.succeed("loginctl list-users --no-legend")

      with subtest("the journal"):
          machine.succeed("logger -p user.err -t firn-test 'a line for the journal'")
          machine.wait_until_succeeds("journalctl -t firn-test -p err -o cat | grep 'a line for the journal'")
          machine.succeed("journalctl -b -u dies --no-pager | grep -i 'failed'")
          assert "SystemMaxUse=32M" in machine.succeed("cat /etc/systemd/journald.conf")
    '';
  }
)
