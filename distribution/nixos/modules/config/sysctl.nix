/**
  Kernel parameters at run time.
*/
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  value = types.nullOr (
    types.oneOf [
      types.bool
      types.int
      types.float
      types.str
    ]
  );
  format = v: if v == false then "0" else if v == true then "1" else toString v;
in
{
  options.boot.kernel.sysctl = mkOption {
    type = types.attrsOf value;
    default = { };
    example = {
      "net.ipv4.tcp_syncookies" = false;
      "vm.swappiness" = 60;
    };
    description = "Values of `/proc/sys`, by their dotted names; `null` leaves the kernel's own.";
  };

  config = {
    environment.etc."sysctl.d/60-nixos.conf".text = lib.concatStrings (
      lib.mapAttrsToList (name: v: lib.optionalString (v != null) "${name}=${format v}\n") config.boot.kernel.sysctl
    );

    systemd.services.systemd-sysctl.restartTriggers = [ config.environment.etc."sysctl.d/60-nixos.conf".source ];

    boot.kernel.sysctl = {
      "kernel.kptr_restrict" = lib.mkDefault 1;
      # More watches than the kernel's default, which build tools and editors exhaust.
      "fs.inotify.max_user_watches" = lib.mkDefault 524288;
      "fs.inotify.max_user_instances" = lib.mkDefault 524288;
    };
  };
}
