# What the driver does to machines themselves: crashes, restarts, disks, files, ports, machines as modules.
(import ../lib { }).runTest {
  name = "driver-machines";

  nodes.machine =
    { pkgs, ... }:
    {
      virtualisation.emptyDiskImages = [
        64
        32
      ];
      virtualisation.memorySize = 768;
      virtualisation.vlans = [ ];
      networking.firewall.enable = false;
      environment.systemPackages = [ pkgs.e2fsprogs ];
      systemd.services.answer = {
        wantedBy = [ "multi-user.target" ];
        serviceConfig.ExecStart = "${pkgs.python3}/bin/python3 -m http.server --directory /etc 80";
      };
    };

  testScript =
    { nodes, ... }:
    ''
      import pathlib
      import urllib.request

      machine.start(allow_reboot=True)
      machine.wait_for_unit("multi-user.target")

      with subtest("the test knows the machines' configurations"):
          host = machine.succeed("hostname").strip()
          t.assertEqual(host, "${nodes.machine.networking.hostName}")

      with subtest("memory and disks are as asked for"):
          t.assertLess(int(machine.succeed("awk '/MemTotal/ { print $2 }' /proc/meminfo")), ${toString nodes.machine.virtualisation.memorySize} * 1024)
          sizes = machine.succeed("lsblk -bdnro NAME,SIZE | sort").split("\n")
          for megabytes in (64, 32):
              t.assertTrue(any(line.endswith(f" {megabytes * 1024 * 1024}") for line in sizes), sizes)

      with subtest("files go in and come out"):
          directory = pathlib.Path("tree")
          (directory / "deep").mkdir(parents=True)
          (directory / "deep" / "file").write_bytes(bytes(range(256)))
          machine.copy_from_host("tree", "/tmp/tree")
          machine.succeed("test $(stat -c %s /tmp/tree/deep/file) = 256")
          machine.copy_from_vm("/tmp/tree/deep/file", "copied")

      with subtest("a port of the machine, at one of the host"):
          machine.wait_for_open_port(80)
          machine.forward_port(18080, 80)
          page = urllib.request.urlopen("http://127.0.0.1:18080/hostname").read()
          t.assertEqual(page.decode().strip(), host)

      with subtest("time-outs"):
          try:
              machine.succeed("sleep 60", timeout=2)
          except TimeoutError as error:
              t.assertIn("did not end within 2 seconds", str(error))
          else:
              raise AssertionError("it should have timed out")
          try:
              machine.wait_until_succeeds("echo not yet; false", timeout=3)
          except MachineError as error:
              t.assertIn("action timed out after 3 seconds", str(error))
          else:
              raise AssertionError("it should have timed out")

      with subtest("a command that leaves something running does not hold the driver up"):
          machine.succeed("sleep 1000 &")

      with subtest("a polling condition"):
          @polling_condition
          def alive():
              machine.succeed("systemctl is-active answer")
          with alive:
              machine.succeed("true")

      with subtest("restart"):
          before = machine.succeed("cat /proc/sys/kernel/random/boot_id")
          machine.succeed("echo kept > /root/kept; sync")
          machine.reboot()
          machine.wait_for_unit("multi-user.target")
          t.assertNotEqual(machine.succeed("cat /proc/sys/kernel/random/boot_id"), before)
          t.assertEqual(machine.succeed("cat /root/kept"), "kept\n")

      with subtest("a power cut"):
          machine.crash()
          t.assertFalse(machine.is_up())
          t.assertFalse(machine.booted)
          machine.wait_for_file("/root/kept")
          t.assertEqual(machine.succeed("cat /root/kept"), "kept\n")
    '';
}
