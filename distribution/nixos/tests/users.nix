# Users and groups: declared, changed, removed; passwords, keys, home directories, ids that stay.
import ./make-test-python.nix (
  { pkgs, lib, ... }:
  {
    name = "users";

    nodes.machine = {
      users.mutableUsers = true;
      users.extraUsers.alice = {
        isNormalUser = true;
        description = "Alice Ångström";
        extraGroups = [
          "wheel"
          "friends"
        ];
        password = "first words";
        openssh.authorizedKeys.keys = [ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBbb0Zxa8hWyWKZ1MP+UbUjfC6pnqVbpCNZ2kJKZQEwR alice" ];
      };
      users.extraGroups.friends.gid = 1500;
      users.users.daemon2 = {
        isSystemUser = true;
        group = "daemon2";
      };
      users.groups.daemon2 = { };
      users.users.bob = {
        isNormalUser = true;
        uid = 1234;
        home = "/srv/bob";
        shell = pkgs.dash;
      };
      services.openssh.enable = true;

      specialisation.changed.configuration = {
        users.users.bob = lib.mkForce { name = "gone"; isNormalUser = true; uid = 1235; };
        users.users.carol.isNormalUser = true;
        users.users.alice.extraGroups = lib.mkForce [ "wheel" ];
      };
      specialisation.fixed.configuration = {
        users.mutableUsers = lib.mkForce false;
        users.users.root.password = "of root";
      };
    };

    testScript = ''
      machine.wait_for_unit("multi-user.target")

      with subtest("as declared"):
          entry = machine.succeed("getent passwd alice").strip().split(":")
          assert entry[2:6] == ["1000", "100", "Alice Ångström", "/home/alice"], entry
          assert set(machine.succeed("id -Gn alice").split()) == {"users", "wheel", "friends"}
          assert machine.succeed("getent group friends").startswith("friends:x:1500:")
          assert machine.succeed("stat -c '%U %G %a' /home/alice").strip() == "alice users 700"
          assert machine.succeed("id -u bob").strip() == "1234"
          assert machine.succeed("su - bob -c 'echo $HOME $0'").split()[0] == "/srv/bob"
          assert int(machine.succeed("id -u daemon2")) < 1000
          assert "alice" in machine.succeed("cat /etc/ssh/authorized_keys.d/alice")

      with subtest("passwords"):
          machine.succeed("su - bob -c true")
          shadow = machine.succeed("getent shadow alice").split(":")[1]
          assert shadow.startswith("$"), shadow
          assert machine.succeed("getent shadow daemon2").split(":")[1] in ("!", "*")
          machine.succeed("test $(stat -c %a /etc/shadow) = 640 -o $(stat -c %a /etc/shadow) = 600")

      with subtest("made by hand"):
          machine.succeed("useradd -m eve && echo 'eve:of eve' | chpasswd")
          uid = machine.succeed("id -u eve")
          machine.succeed("echo 'alice:changed' | chpasswd")
          changed = machine.succeed("getent shadow alice").split(":")[1]
          assert changed != shadow
          machine.succeed("touch /home/alice/mine")

      with subtest("a changed configuration"):
          machine.succeed("/run/current-system/specialisation/changed/bin/switch-to-configuration test >&2")
          machine.fail("getent passwd bob")
          assert machine.succeed("id -u gone").strip() == "1235"
          assert set(machine.succeed("id -Gn alice").split()) == {"users", "wheel"}
          assert machine.succeed("id -u eve") == uid
          assert machine.succeed("getent shadow alice").split(":")[1] == changed
          carol = machine.succeed("id -u carol").strip()
          assert carol not in ("1000", "1234"), carol
          machine.succeed("test -f /home/alice/mine && test -d /srv/bob")

      with subtest("ids come back"):
          machine.succeed("/run/booted-system/bin/switch-to-configuration test >&2")
          machine.fail("getent passwd carol")
          machine.succeed("/run/booted-system/specialisation/changed/bin/switch-to-configuration test >&2")
          assert machine.succeed("id -u carol").strip() == carol

      with subtest("nothing but the configuration"):
          machine.succeed("/run/booted-system/specialisation/fixed/bin/switch-to-configuration test >&2")
          machine.fail("getent passwd eve")
          assert machine.succeed("getent shadow alice").split(":")[1] != changed

      machine.shutdown()
    '';
  }
)
