# Logging in on virtual terminals, by keyboard and display: passwords, who owns the terminals, switching between them.
import ./make-test-python.nix (
  { pkgs, ... }:
  {
    name = "login";
    enableOCR = true;

    nodes.machine = {
      users.users.alice = {
        isNormalUser = true;
        description = "Alice Foobar";
        password = "foobar";
      };
    };

    testScript = ''
      machine.wait_for_unit("multi-user.target")

      with subtest("the console asks for a name"):
          machine.wait_until_tty_matches("1", "login: ")
          machine.screenshot("prompt")
          machine.wait_for_text("login")

      with subtest("a wrong password is refused"):
          machine.send_chars("alice\n")
          machine.wait_until_tty_matches("1", "Password: ")
          machine.send_chars("wrong\n")
          machine.wait_until_tty_matches("1", "Login incorrect")

      with subtest("Alice logs in"):
          machine.wait_until_tty_matches("1", r"login: $|login:\s*$")
          machine.send_chars("alice\n")
          machine.wait_until_tty_matches("1", r"(?s)incorrect.*Password: ")
          machine.send_chars("foobar\n")
          machine.wait_until_succeeds("pgrep -u alice bash")
          machine.send_chars("tty > terminal; touch done\n")
          machine.wait_for_file("/home/alice/done")
          assert machine.succeed("cat /home/alice/terminal") == "/dev/tty1\n"
          machine.screenshot("alice")

      with subtest("the terminal is hers, and others are not"):
          machine.succeed("test $(stat -c %U /dev/tty1) = alice")
          machine.succeed("loginctl list-sessions --no-legend | grep -w alice")
          machine.fail("test $(stat -c %U /dev/tty2) = alice")

      with subtest("another terminal"):
          machine.fail("pgrep -f 'agetty.*tty2'")
          machine.send_key("alt-f2")
          machine.wait_until_succeeds("test $(fgconsole) = 2")
          machine.wait_for_unit("getty@tty2.service")
          machine.wait_until_succeeds("pgrep -f 'agetty.*tty2'")
          machine.wait_until_tty_matches("2", "login: ")
          machine.send_chars("root\n")
          machine.wait_until_succeeds("pgrep -t tty2 bash")
          machine.send_chars("touch /root/here\n")
          machine.wait_for_file("/root/here")

      with subtest("logging out frees the terminal"):
          machine.send_key("alt-f1")
          machine.wait_until_succeeds("test $(fgconsole) = 1")
          machine.send_chars("exit\n")
          machine.wait_until_fails("pgrep -u alice bash")
          machine.wait_until_succeeds("test $(stat -c %U /dev/tty1) = root")

      with subtest("Ctrl-Alt-Delete restarts the machine, which ends it here"):
          machine.send_key("ctrl-alt-delete")
          machine.wait_for_shutdown()
    '';
  }
)
