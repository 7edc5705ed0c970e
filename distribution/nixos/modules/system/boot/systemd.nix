/**
  systemd: units of every type for the system's manager, its own settings, and the directory `/etc/systemd/system`.
  The units of packages stay where Debian put them, in `/usr/lib/systemd/system`.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.systemd;
  unitTypes = import ../../../lib/systemd-types.nix { inherit lib; };
  units = import ../../../lib/systemd-lib.nix { inherit lib pkgs; };
  utils = import ../../../lib/utils.nix { inherit lib; };

  unitSet =
    type: example: description:
    mkOption {
      inherit type example description;
      default = { };
    };
  unitList =
    type: example: description:
    mkOption {
      inherit type example description;
      default = [ ];
    };

  named = suffix: convert: set: lib.mapAttrs' (name: unit: lib.nameValuePair "${name}.${suffix}" (convert name unit)) set;
  placed =
    suffix: convert: list:
    lib.listToAttrs (
      map (
        unit:
        let
          name = utils.escapeSystemdPath unit.where;
        in
        lib.nameValuePair "${name}.${suffix}" (convert name unit)
      ) list
    );

  # A service with `startAt` gets a timer of its name.
  timersOfServices = lib.mapAttrs (_: service: {
    wantedBy = [ "timers.target" ];
    timerConfig.OnCalendar = service.startAt;
  }) (lib.filterAttrs (_: service: service.enable && service.startAt != [ ]) cfg.services);

  packagesWithUnits = lib.unique cfg.packages;

  # Their units are the base that definitions add to.
  upstreamPackages = [
    cfg.package
    (pkgs.debianPackage "udev")
    (pkgs.debianPackage "dbus")
  ]
  ++ packagesWithUnits;
in
{
  options.systemd = {
    package = mkOption {
      type = types.package;
      default = pkgs.systemd;
      defaultText = lib.literalExpression "pkgs.systemd";
      example = lib.literalExpression "pkgs.systemd";
      description = "The systemd package.";
    };

    packages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      example = lib.literalExpression "[ pkgs.debian.packagekit ]";
      description = "Packages that bring units of their own. Definitions under `systemd.services` and so on add to them.";
    };

    units = mkOption {
      type = unitTypes.units;
      default = { };
      internal = true;
      example = {
        "example.service".text = "[Service]\nExecStart=/bin/true";
      };
      description = "All units as texts; `.unit` of each is a derivation with that one file.";
      apply = lib.mapAttrs (name: unit: unit // { unit = units.makeUnit name unit; });
    };

    services = unitSet unitTypes.services { example.script = "echo hello"; } "Services.";
    targets = unitSet unitTypes.targets { example.wants = [ "a.service" ]; } "Targets: groups of units, and moments of the boot.";
    sockets = unitSet unitTypes.sockets { example.listenStreams = [ "80" ]; } "Sockets that start a service when someone connects.";
    timers = unitSet unitTypes.timers { example.timerConfig.OnCalendar = "daily"; } "Timers.";
    paths = unitSet unitTypes.paths { example.pathConfig.PathExists = "/run/x"; } "Paths that start a service when they change.";
    slices = unitSet unitTypes.slices { example.sliceConfig.MemoryMax = "1G"; } "Slices: branches of the control group tree.";
    mounts = unitList unitTypes.mounts [ { what = "/dev/sda1"; where = "/mnt"; } ] "Mounts; for most purposes `fileSystems` is what you want.";
    automounts = unitList unitTypes.automounts [ { where = "/mnt"; } ] "Mount points that are mounted when something looks at them.";

    defaultUnit = mkOption {
      type = types.str;
      default = "multi-user.target";
      example = "rescue.target";
      description = "The unit that is started when the system boots.";
    };

    ctrlAltDelUnit = mkOption {
      type = types.str;
      default = "reboot.target";
      example = "poweroff.target";
      description = "The unit that is started when Ctrl-Alt-Del is pressed on the console.";
    };

    globalEnvironment = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        TZDIR = "/etc/zoneinfo";
      };
      description = "Environment variables of every service of the system.";
    };

    settings.Manager = mkOption {
      type = types.attrsOf units.unitOptions.unitOption;
      default = { };
      example = {
        DefaultTimeoutStartSec = "60s";
      };
      description = "Settings of the manager, as in systemd-system.conf(5).";
    };

    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "DefaultLimitCORE=infinity";
      description = "Lines for the manager's section of `/etc/systemd/system.conf`.";
    };

    enableEmergencyMode = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether a failing boot ends in a root shell on the console. Without a console it is better to go on.";
    };

    suppressedSystemUnits = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "systemd-backlight@.service" ];
      description = "Units of packages that must not start: they are masked.";
    };

    suppressedGenerators = mkOption {
      type = types.listOf types.str;
      internal = true;
      default = [ ];
      example = [ "systemd-gpt-auto-generator" ];
      description = "Unit generators of packages to switch off.";
    };

    oomd.enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether systemd-oomd ends control groups when memory runs out.";
    };
  };

  config = {
    systemd.units =
      named "service" units.serviceToUnit cfg.services
      // named "target" units.targetToUnit cfg.targets
      // named "socket" units.socketToUnit cfg.sockets
      // named "timer" units.timerToUnit cfg.timers
      // named "path" units.pathToUnit cfg.paths
      // named "slice" units.sliceToUnit cfg.slices
      // placed "mount" units.mountToUnit cfg.mounts
      // placed "automount" units.automountToUnit cfg.automounts
      // lib.listToAttrs (map (name: lib.nameValuePair name { enable = false; }) cfg.suppressedSystemUnits);

    systemd.timers = timersOfServices;

    # Units of packages that a switch leaves alone: they hold sessions, or did their work at boot. New programs are theirs
    # after the next login or reboot.
    systemd.services = lib.genAttrs [
      "systemd-logind"
      "systemd-random-seed"
      "systemd-remount-fs"
      "systemd-update-utmp"
      "systemd-user-sessions"
      "user-runtime-dir@"
      "user@"
    ] (_: { restartIfChanged = false; enableDefaultPath = false; });

    system.build.units = units.generateUnits {
      name = "system-units";
      units = cfg.units;
      upstream = upstreamPackages;
      extra = ''
        ln -sfn ${
          if cfg.defaultUnit == "" then "multi-user.target" else "/usr/lib/systemd/system/${cfg.defaultUnit}"
        } default.target
        if [ -e ${lib.escapeShellArg cfg.defaultUnit} ]; then
          ln -sfn ${lib.escapeShellArg cfg.defaultUnit} default.target
        fi
        ln -sfn /usr/lib/systemd/system/${cfg.ctrlAltDelUnit} ctrl-alt-del.target
        ln -sfn /usr/lib/systemd/system/rescue.target kbrequest.target
        ${lib.optionalString (!cfg.enableEmergencyMode) ''
          ln -sfn /dev/null emergency.target
          ln -sfn /dev/null emergency.service
        ''}
      '';
    };

    environment.etc =
      {
        "systemd/system".source = config.system.build.units;
        # What starts is declared; presets would enable what packages suggest.
        "systemd/system-preset/00-nixos.preset".text = "ignore *\n";
        "systemd/user-preset/00-nixos.preset".text = "ignore *\n";
        "systemd/system.conf".text =
          "[Manager]\n"
          + units.formatSection (
            {
              DefaultEnvironment = lib.mapAttrsToList (name: value: builtins.toJSON "${name}=${value}") cfg.globalEnvironment;
            }
            // cfg.settings.Manager
          )
          + cfg.extraConfig;
      }
      // lib.listToAttrs (
        map (name: lib.nameValuePair "systemd/system-generators/${name}" { source = "/dev/null"; }) cfg.suppressedGenerators
      );

    environment.systemPackages = [ cfg.package ];
    environment.fhsPackages = [
      cfg.package
      (pkgs.debianPackage "udev")
      (pkgs.debianPackage "systemd-sysv")
      (pkgs.debianPackage "libpam-systemd")
      (pkgs.debianPackage "libnss-systemd")
      (pkgs.debianPackage "libnss-myhostname")
      (pkgs.debianPackage "dbus")
      (pkgs.debianPackage "dbus-system-bus-common")
      (pkgs.debianPackage "kmod")
      (pkgs.debianPackage "e2fsprogs")
      (pkgs.debianPackage "libzstd1")
      (pkgs.debianPackage "dmsetup")
    ]
    ++ packagesWithUnits;

    # Where a package built from source puts its units differs, so all of them are shown in one place.
    environment.extraFhsCommands = lib.concatMapStrings (package: ''
      if [ -d ${package}/etc/systemd/system ]; then
        cp -rs --no-preserve=mode --update=none ${package}/etc/systemd/system/. $out/usr/lib/systemd/system/
      fi
    '') packagesWithUnits;

    systemd.settings.Manager = {
      # Debian's units name programs in /usr; programs that services start by name are found there too.
      ManagerEnvironment = lib.mkDefault "PATH=/run/wrappers/bin:/run/current-system/sw/bin:/usr/sbin:/usr/bin";
    };
    systemd.globalEnvironment = {
      LOCALE_ARCHIVE = "/run/current-system/sw/lib/locale/locale-archive";
    };

    # Root and swap partitions are declared, users are declared, and ssh is configured here: what finds them by itself
    # would only contradict.
    systemd.suppressedGenerators = [
      "systemd-gpt-auto-generator"
      "systemd-ssh-generator"
      # For scripts of another init, updates at boot, and machines without a TPM: each costs a process before any unit starts.
      "systemd-sysv-generator"
      "systemd-rc-local-generator"
      "systemd-system-update-generator"
      "systemd-tpm2-generator"
    ]
    ++ lib.optional (config.boot.initrd.resumeDevices == [ ]) "systemd-hibernate-resume-generator";
    systemd.suppressedSystemUnits = [
      "systemd-sysusers.service"
      "systemd-firstboot.service"
      "systemd-homed-firstboot.service"
      "systemd-pcrphase.service"
      "systemd-pcrphase-sysinit.service"
      "systemd-pcrmachine.service"
      "systemd-update-done.service"
      "systemd-hwdb-update.service"
      "ldconfig.service"
      "systemd-tpm2-setup.service"
      "systemd-tpm2-setup-early.service"
      "systemd-pcrextend.socket"
      "systemd-pcrlock.socket"
      "systemd-journal-catalog-update.service"
      "apt-daily.timer"
      "apt-daily-upgrade.timer"
      "dpkg-db-backup.timer"
      "dpkg-db-backup.service"
      "e2scrub_reap.service"
      "e2scrub_all.timer"
    ]
    ++ lib.optional (!cfg.oomd.enable) "systemd-oomd.service";

    users.groups.systemd-journal.gid = config.ids.gids.systemd-journal;
    users.users.systemd-network = {
      uid = config.ids.uids.systemd-network;
      group = "systemd-network";
      isSystemUser = true;
      description = "systemd network manager";
    };
    users.groups.systemd-network.gid = config.ids.gids.systemd-network;
    users.users.systemd-resolve = {
      uid = config.ids.uids.systemd-resolve;
      group = "systemd-resolve";
      isSystemUser = true;
      description = "systemd resolver";
    };
    users.groups.systemd-resolve.gid = config.ids.gids.systemd-resolve;
    users.users.messagebus = {
      uid = config.ids.uids.messagebus;
      group = "messagebus";
      isSystemUser = true;
      description = "D-Bus system bus";
      home = "/run/dbus";
    };
    users.groups.messagebus.gid = config.ids.gids.messagebus;
  };
}
