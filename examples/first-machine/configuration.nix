# The machine of the first chapters: a host name, somebody who may log in, SSH, a firewall with an open port, some programs, a
# service of its own.  Build and start it with
#
#   nixos-rebuild build-vm -I nixos-config=examples/first-machine/configuration.nix
#   QEMU_NET_OPTS="hostfwd=tcp:127.0.0.1:2222-:22" ./result/bin/run-cartman-vm

{ config, lib, pkgs, ... }:

let
  # What belongs to one run and is never written down here: the search path entry `firn-run` names a directory with a public
  # key and the hash of a password, both made for this run. Without it, set a password for Alice here.
  run = builtins.tryEval <firn-run>;
  ofRun =
    name:
    let
      file = run.value + "/${name}";
    in
    lib.optional (run.success && builtins.pathExists file) (lib.removeSuffix "\n" (builtins.readFile file));
  keys = ofRun "authorized-key.pub";
  passwords = ofRun "hashed-password";
in

{
  imports = [ ./greeter.nix ];

  networking.hostName = "cartman";

  time.timeZone = "Europe/Amsterdam";
  i18n.defaultLocale = "en_US.UTF-8";

  # Where the machine's own disk is, and where its boot loader goes; a virtual machine brings its own.
  fileSystems."/".device = "/dev/disk/by-label/nixos";
  boot.loader.grub.device = "/dev/sda";

  users.extraUsers.alice = {
    isNormalUser = true;
    description = "Alice Foobar";
    extraGroups = [ "wheel" ];
    initialHashedPassword = lib.mkIf (passwords != [ ]) (lib.head passwords);
    openssh.authorizedKeys.keys = keys;
  };
  users.users.root.openssh.authorizedKeys.keys = keys;

  services.openssh.enable = true;
  services.openssh.settings.PermitRootLogin = "prohibit-password";

  networking.firewall.allowedTCPPorts = [ config.services.greeter.port ];

  environment.systemPackages = [
    pkgs.git
    pkgs.hello
  ];

  boot.kernel.sysctl."net.ipv4.tcp_keepalive_time" = 120;

  # This module's part of a list stands after that of greeter.nix, which asks to be first.
  boot.kernelModules = [ "fuse" ];

  system.stateVersion = "26.11";
}
