/**
  What differs in a system that runs in a container: it has no kernel and no boot loader, the host manages its devices, and its
  root directory, its store and its `/usr` are given to it by systemd-nspawn.
*/
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.boot.isContainer = mkOption {
    type = types.bool;
    default = false;
    example = true;
    description = "Whether this system runs in a container of a NixOS machine.";
  };

  config = lib.mkIf config.boot.isContainer {
    boot.kernel.enable = false;
    boot.readOnlyNixStore = lib.mkForce false;
    fileSystems = lib.mkOverride 60 { };
    swapDevices = lib.mkOverride 60 [ ];

    networking.useDHCP = lib.mkDefault false;
    networking.useHostResolvConf = lib.mkDefault true;
    networking.resolvconf.enable = lib.mkDefault false;

    services.udev.hwdb.enable = lib.mkDefault false;
    services.timesyncd.enable = lib.mkOverride 900 false;
    services.openssh.startWhenNeeded = lib.mkDefault true;

    # One login prompt, on the terminal that nspawn gives.
    systemd.services.console-getty.enable = lib.mkDefault true;
    systemd.services.systemd-remount-fs.enable = false;
    systemd.services."getty@tty1".enable = lib.mkDefault false;

    system.activationScripts.usr = lib.mkForce ''
      # nspawn mounted the `/usr` of the system that was started; a switch puts another one over it.
      if mountpoint -q /usr && [ "$(readlink -f /run/current-system)" != "$systemConfig" ]; then
        mount --bind -o ro "$systemConfig/usr/" /usr
      fi
      for link in "/bin usr/bin" "/sbin usr/sbin" "/lib usr/lib" "/lib64 usr/lib64"; do
        set -- $link
        [ "$(readlink "$1" 2>/dev/null)" = "$2" ] || ln -sfnT "$2" "$1"
      done
    '';
  };
}
