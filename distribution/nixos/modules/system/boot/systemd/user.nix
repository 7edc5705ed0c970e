/**
  Units of the users' managers: one systemd for each user who is logged in.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.systemd.user;
  unitTypes = import ../../../../lib/systemd-types.nix { inherit lib; };
  units = import ../../../../lib/systemd-lib.nix { inherit lib pkgs; };

  unitSet =
    type: example: description:
    mkOption {
      inherit type example description;
      default = { };
    };
  named = suffix: convert: set: lib.mapAttrs' (name: unit: lib.nameValuePair "${name}.${suffix}" (convert name unit)) set;

  timersOfServices = lib.mapAttrs (_: service: {
    wantedBy = [ "timers.target" ];
    timerConfig.OnCalendar = service.startAt;
  }) (lib.filterAttrs (_: service: service.enable && service.startAt != [ ]) cfg.services);
in
{
  options.systemd.user = {
    units = mkOption {
      type = unitTypes.units;
      default = { };
      internal = true;
      example = {
        "example.service".text = "[Service]\nExecStart=/bin/true";
      };
      description = "All units of users as texts.";
      apply = lib.mapAttrs (name: unit: unit // { unit = units.makeUnit name unit; });
    };
    services = unitSet unitTypes.services { example.script = "echo hello"; } "Services of users.";
    targets = unitSet unitTypes.targets { example.wants = [ "a.service" ]; } "Targets of users.";
    sockets = unitSet unitTypes.sockets { example.listenStreams = [ "%t/x.sock" ]; } "Sockets of users.";
    timers = unitSet unitTypes.timers { example.timerConfig.OnCalendar = "daily"; } "Timers of users.";
    paths = unitSet unitTypes.paths { example.pathConfig.PathExists = "%h/x"; } "Paths of users.";
    slices = unitSet unitTypes.slices { example.sliceConfig.MemoryMax = "1G"; } "Slices of users.";

    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "DefaultTimeoutStopSec=10s";
      description = "Lines for the manager's section of `/etc/systemd/user.conf`.";
    };
  };

  config = {
    systemd.user.units =
      named "service" units.serviceToUnit cfg.services
      // named "target" units.targetToUnit cfg.targets
      // named "socket" units.socketToUnit cfg.sockets
      // named "timer" units.timerToUnit cfg.timers
      // named "path" units.pathToUnit cfg.paths
      // named "slice" units.sliceToUnit cfg.slices;
    systemd.user.timers = timersOfServices;

    environment.etc."systemd/user".source = units.generateUnits {
      name = "user-units";
      units = cfg.units;
      kind = "user";
      upstream = [ config.systemd.package ] ++ config.systemd.packages;
    };
    environment.etc."systemd/user.conf".text = "[Manager]\n" + cfg.extraConfig;
  };
}
