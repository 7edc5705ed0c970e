/**
  systemd-timesyncd: sets the clock by servers on the network.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.timesyncd;
in
{
  options.services.timesyncd = {
    enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the clock is set by servers on the network.";
    };
    servers = mkOption {
      type = types.listOf types.str;
      default = config.networking.timeServers;
      defaultText = lib.literalExpression "config.networking.timeServers";
      example = [ "time.example.org" ];
      description = "The servers.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "PollIntervalMaxSec=180";
      description = "Lines for timesyncd.conf(5).";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.fhsPackages = [ (pkgs.debianPackage "systemd-timesyncd") ];
    environment.etc."systemd/timesyncd.conf".text = ''
      [Time]
      NTP=${toString cfg.servers}
      ${cfg.extraConfig}
    '';
    systemd.services.systemd-timesyncd = {
      wantedBy = [ "sysinit.target" ];
      restartTriggers = [ config.environment.etc."systemd/timesyncd.conf".source ];
    };
    users.users.systemd-timesync = {
      uid = config.ids.uids.systemd-timesync;
      group = "systemd-timesync";
      isSystemUser = true;
      description = "systemd time synchronisation";
    };
    users.groups.systemd-timesync.gid = config.ids.gids.systemd-timesync;
  };
}
