/**
  Upgrades at set times: `nixos-upgrade.service` runs `nixos-rebuild switch --upgrade`, with or without a reboot.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.system.autoUpgrade;
  rebuild = "${config.nix.package}/bin/nixos-rebuild";
  flag =
    description:
    mkOption {
      type = types.bool;
      default = false;
      example = true;
      inherit description;
    };
in
{
  options.system.autoUpgrade = {
    enable = flag "Whether the system is upgraded at set times to the newest version in its channel.";
    channel = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "https://example.org/channels/nixos-15.09-small";
      description = "The address of the channel to upgrade to. Without one it is root's channel `nixos`, which is updated first.";
    };
    flags = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "-I"
        "stuff=/home/alice/nixos-stuff"
        "--option"
        "extra-substituters"
        "https://cache.example.org/"
      ];
      description = "More arguments of nixos-rebuild.";
    };
    operation = mkOption {
      type = types.enum [
        "switch"
        "boot"
      ];
      default = "switch";
      example = "boot";
      description = "Whether the new system runs at once, or after the next reboot.";
    };
    dates = mkOption {
      type = types.str;
      default = "04:40";
      example = "daily";
      description = "When, in the form of systemd.time(7).";
    };
    randomizedDelaySec = mkOption {
      type = types.str;
      default = "0";
      example = "45min";
      description = "How much later it may begin, at random, so that many machines do not ask at once.";
    };
    persistent = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether an upgrade that was missed, because the machine was off, is made up for at the next boot.";
    };
    allowReboot = flag "Whether the machine reboots when the new system has another kernel, initial ramdisk or modules than the booted one.";
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = config.nix.enable;
        message = "‘system.autoUpgrade.enable’ needs the package manager; set ‘nix.enable’.";
      }
    ];

    system.autoUpgrade.flags =
      if cfg.channel == null then
        [ "--upgrade" ]
      else
        [
          "-I"
          "nixpkgs=${cfg.channel}${lib.optionalString (!lib.hasSuffix ".tar.xz" cfg.channel) "/nixexprs.tar.xz"}"
        ];

    systemd.services.nixos-upgrade = {
      description = "NixOS Upgrade";
      # An upgrade that changes this very service must not end itself.
      restartIfChanged = false;
      unitConfig.X-StopOnRemoval = false;
      serviceConfig.Type = "oneshot";
      after = [ "network-online.target" ];
      wants = [ "network-online.target" ];
      environment = config.nix.envVars // {
        HOME = "/root";
        NIX_PATH = lib.concatStringsSep ":" config.nix.nixPath;
      };
      path = [
        pkgs.coreutils
        pkgs.gnutar
        pkgs.xz
        pkgs.gzip
        config.nix.package
      ];
      script =
        if cfg.allowReboot then
          ''
            ${rebuild} boot ${lib.escapeShellArgs cfg.flags}
            booted=$(readlink /run/booted-system/{initrd,kernel,kernel-modules})
            built=$(readlink /nix/var/nix/profiles/system/{initrd,kernel,kernel-modules})
            if [ "$booted" = "$built" ]; then
              ${rebuild} ${cfg.operation} ${lib.escapeShellArgs cfg.flags}
            else
              systemctl reboot
            fi
          ''
        else
          "${rebuild} ${cfg.operation} ${lib.escapeShellArgs cfg.flags}\n";
      startAt = cfg.dates;
    };
    systemd.timers.nixos-upgrade.timerConfig = {
      RandomizedDelaySec = cfg.randomizedDelaySec;
      Persistent = cfg.persistent;
    };
  };
}
