/**
  The clock by NTP, with chrony. `services.ntp` is the manual's name for it, `services.chrony` today's.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.chrony;
  chrony = cfg.package;

  configFile = pkgs.writeText "chrony.conf" ''
    ${lib.concatMapStrings (server: "server ${server} ${cfg.serverOption}\n") cfg.servers}
    ${lib.optionalString (cfg.initstepslew.enabled && cfg.servers != [ ]) "initstepslew ${toString cfg.initstepslew.threshold} ${toString cfg.servers}"}
    driftfile /var/lib/chrony/chrony.drift
    ntsdumpdir /var/lib/chrony
    rtcsync
    makestep 1 3
    ${cfg.extraConfig}
  '';
in
{
  imports = [
    (lib.mkAliasOptionModule [ "services" "ntp" "enable" ] [ "services" "chrony" "enable" ])
    (lib.mkAliasOptionModule [ "services" "ntp" "servers" ] [ "services" "chrony" "servers" ])
  ];

  options.services.chrony = {
    enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether chrony sets the clock.";
    };
    package = mkOption {
      type = types.package;
      default = pkgs.debianPackage "chrony";
      defaultText = lib.literalExpression "pkgs.debian.chrony";
      example = lib.literalExpression "pkgs.debian.chrony";
      description = "The package with the daemon.";
    };
    servers = mkOption {
      type = types.listOf types.str;
      default = config.networking.timeServers;
      defaultText = lib.literalExpression "config.networking.timeServers";
      example = [ "time.example.org" ];
      description = "The servers.";
    };
    serverOption = mkOption {
      type = types.enum [
        "iburst"
        "offline"
      ];
      default = "iburst";
      example = "offline";
      description = "`iburst` asks at once; `offline` waits until `chronyc online` says that there is a network.";
    };
    initstepslew = {
      enabled = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether a clock that is far off is set at once, when the daemon starts.";
      };
      threshold = mkOption {
        type = types.int;
        default = 1000;
        example = 10;
        description = "How many seconds are far.";
      };
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "local stratum 10";
      description = "Lines for chrony.conf(5).";
    };
    extraFlags = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "-s" ];
      description = "Further arguments of chronyd.";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ chrony ];
    environment.etc."chrony/chrony.conf".source = configFile;
    services.timesyncd.enable = lib.mkForce false;

    users.users._chrony = {
      uid = config.ids.uids.ntp;
      group = "_chrony";
      isSystemUser = true;
      home = "/var/lib/chrony";
      description = "chrony daemon";
    };
    users.groups._chrony.gid = config.ids.gids.ntp;

    # The daemon starts as root and refuses directories that its user does not own.
    systemd.tmpfiles.rules = [
      "d /run/chrony 0700 _chrony _chrony -"
      "d /var/lib/chrony 0750 _chrony _chrony -"
    ];
    systemd.services.chronyd = {
      description = "chrony, an NTP client/server";
      wantedBy = [ "multi-user.target" ];
      wants = [ "time-sync.target" ];
      before = [ "time-sync.target" ];
      after = [
        "network.target"
        "nss-lookup.target"
      ];
      conflicts = [ "systemd-timesyncd.service" ];
      restartTriggers = [ configFile ];
      unitConfig.ConditionCapability = "CAP_SYS_TIME";
      serviceConfig = {
        Type = "simple";
        ExecStart = "${chrony}/sbin/chronyd -n -u _chrony -f /etc/chrony/chrony.conf ${toString cfg.extraFlags}";
        ProtectHome = "yes";
        ProtectSystem = "full";
        PrivateTmp = "yes";
        Restart = "on-failure";
      };
    };
  };
}
