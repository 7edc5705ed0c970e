/**
  The options of systemd units: what every unit has, and what each type adds.  Option values end up as lines of unit files
  (see `systemd-lib.nix`).
*/
{ lib }:
let
  inherit (lib) mkOption types;

  atom = types.nullOr (
    types.oneOf [
      types.bool
      types.int
      types.float
      types.path
      types.package
      types.str
    ]
  );

  /**
    A setting of a unit file section: one value, or a list that becomes one line per element.  Lists from several
    definitions are joined; single values must agree.
  */
  unitOption =
    let
      base = types.either atom (types.listOf atom);
    in
    base
    // {
      name = "systemd option";
      description = "systemd unit setting";
      merge =
        loc: defs:
        if lib.any (def: builtins.isList def.value) defs then
          lib.concatMap (def: if builtins.isList def.value then def.value else [ def.value ]) defs
        else
          lib.mergeEqualOption loc defs;
    };

  section =
    what: example:
    mkOption {
      type = types.attrsOf unitOption;
      default = { };
      inherit example;
      description = "Settings of the `[${what}]` section; see the manual page of this unit type.";
    };

  unitNames =
    description:
    mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "network.target" ];
      inherit description;
    };

  commands =
    description:
    mkOption {
      type = types.lines;
      default = "";
      example = "mkdir -p /var/lib/example";
      inherit description;
    };

  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
      example = !default;
    };
in
rec {
  inherit unitOption;

  # What any unit needs to stand in the unit directory.
  sharedOptions = {
    enable = flag true ''
      Whether this unit may start. When false, the unit is masked: it is a link to `/dev/null`, and whatever requires it
      fails. To keep a unit without starting it at boot, empty its `wantedBy` instead.
    '';
    requiredBy = unitNames "Units that require this one: a link in their `.requires` directory.";
    wantedBy = unitNames ''
      Units that want this one: a link in their `.wants` directory. This is how a unit starts at boot, with
      `multi-user.target` for most services.
    '';
    upheldBy = unitNames "Units that keep this one running: a link in their `.upholds` directory.";
    aliases = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "dbus-org.example.service" ];
      description = "Other names of this unit.";
    };
    overrideStrategy = mkOption {
      type = types.enum [
        "asDropinIfExists"
        "asDropin"
      ];
      default = "asDropinIfExists";
      example = "asDropin";
      description = ''
        How this unit stands beside one of the same name from a package. `asDropinIfExists` writes a drop-in file
        (`NAME.d/overrides.conf`) when a package has the unit, else a whole unit. `asDropin` always writes a drop-in,
        which suits instances of templates (`serial-getty@ttyS1`).
      '';
    };
  };

  # Units given as text (`systemd.units`).
  concreteUnitOptions = sharedOptions // {
    text = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "[Unit]\nDescription=An example";
      description = "The text of this unit.";
    };
    unit = mkOption {
      internal = true;
      type = types.unspecified;
      description = "A derivation with this unit as its only file.";
    };
  };

  # The [Unit] section.
  commonUnitOptions = {
    description = mkOption {
      type = types.singleLineStr or types.str;
      default = "";
      example = "Web server";
      description = "One line that says what the unit is, shown by `systemctl` and in the log.";
    };
    documentation = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "man:sshd(8)" ];
      description = "Addresses of the unit's documentation.";
    };
    requires = unitNames "Units to start with this one; when one of them is stopped, so is this unit.";
    wants = unitNames "Units to start with this one; their failure does not matter to it.";
    upholds = unitNames "Units to keep running as long as this one runs.";
    after = unitNames "When both are to be started, this unit waits for these.";
    before = unitNames "When both are to be started, these wait for this unit.";
    bindsTo = unitNames "As `requires`; this unit also stops when one of these stops for whatever reason.";
    partOf = unitNames "When these are stopped or restarted, so is this unit.";
    conflicts = unitNames "Units that cannot run beside this one: starting one side stops the other.";
    requisite = unitNames "Units that must run already, or starting this unit fails.";
    onFailure = unitNames "Units to start when this one fails.";
    onSuccess = unitNames "Units to start when this one ends well.";
    unitConfig = section "Unit" { RequiresMountsFor = "/data"; };
    startLimitBurst = mkOption {
      type = types.nullOr types.int;
      default = null;
      example = 5;
      description = "How often the unit may start within `startLimitIntervalSec`.";
    };
    startLimitIntervalSec = mkOption {
      type = types.nullOr types.int;
      default = null;
      example = 10;
      description = "The seconds over which starts are counted; 0 switches the limit off.";
    };
    restartTriggers = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
      example = lib.literalExpression ''[ config.environment.etc."example.conf".source ]'';
      description = "Values, such as files of the store, whose change makes a switch restart the unit.";
    };
    reloadTriggers = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
      example = lib.literalExpression ''[ config.environment.etc."example.conf".source ]'';
      description = "Values whose change makes a switch reload the unit.";
    };
  };

  # Services, of the system and of users.
  serviceOptions = {
    environment = mkOption {
      type = types.attrsOf (
        types.nullOr (
          types.oneOf [
            types.str
            types.path
            types.package
            types.int
          ]
        )
      );
      default = { };
      example = {
        LANG = "C.UTF-8";
      };
      description = "Environment variables of the service's processes; `null` leaves one out.";
    };
    path = mkOption {
      type = types.listOf (
        types.oneOf [
          types.package
          types.str
        ]
      );
      default = [ ];
      example = lib.literalExpression "[ pkgs.iproute2 ]";
      description = "Packages whose `bin` and `sbin` directories are on the service's `PATH`.";
    };
    enableDefaultPath = flag true "Whether coreutils, findutils, grep, sed and systemd are on `PATH` too.";
    serviceConfig = section "Service" {
      Restart = "always";
      StateDirectory = "example";
    };
    script = commands "Shell commands that are the service's main process.";
    scriptArgs = mkOption {
      type = types.str;
      default = "";
      example = "%i";
      description = "Arguments of `script`; systemd's specifiers work.";
    };
    preStart = commands "Shell commands to run before the main process starts; when they fail, so does the service.";
    postStart = commands "Shell commands to run after the main process has started.";
    reload = commands "Shell commands that make the running service read its configuration again.";
    preStop = commands "Shell commands that ask the service to stop.";
    postStop = commands "Shell commands to run after the service has stopped.";
    restartIfChanged = flag true "Whether a switch restarts the service when its unit has changed.";
    reloadIfChanged = flag false "Whether a switch reloads the service, instead of restarting it, when its unit has changed.";
    stopIfChanged = flag true ''
      Whether a switch stops the old service before it activates the new configuration and starts the new one after it. When
      false, the service is restarted in one step after activation, which makes its absence shorter.
    '';
    notSocketActivated = flag false ''
      When true, a switch starts the service itself again even if it has a socket, where otherwise the socket alone is
      started.
    '';
    startAt = mkOption {
      type = types.either types.str (types.listOf types.str);
      default = [ ];
      example = "Sun 14:00";
      description = "When to start the service, in the form of systemd.time(7); makes a timer unit of the same name.";
    };
  };

  socketOptions = {
    listenStreams = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "0.0.0.0:993"
        "/run/example.sock"
      ];
      description = "Addresses of stream sockets to listen on.";
    };
    listenDatagrams = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "0.0.0.0:514" ];
      description = "Addresses of datagram sockets to listen on.";
    };
    socketConfig = section "Socket" { Accept = true; };
  };

  timerOptions.timerConfig = section "Timer" {
    OnCalendar = "daily";
    Persistent = true;
  };

  pathOptions.pathConfig = section "Path" { PathExists = "/run/example"; };

  sliceOptions.sliceConfig = section "Slice" { MemoryMax = "2G"; };

  mountOptions = {
    what = mkOption {
      type = types.str;
      default = "";
      example = "/dev/sda1";
      description = "The device, file or remote directory to mount.";
    };
    where = mkOption {
      type = types.str;
      example = "/mnt";
      description = "The mount point; the unit's name follows from it.";
    };
    type = mkOption {
      type = types.str;
      default = "";
      example = "ext4";
      description = "The file system type.";
    };
    options = mkOption {
      type = types.commas;
      default = "";
      example = "noatime";
      description = "Mount options.";
    };
    mountConfig = section "Mount" { DirectoryMode = "0775"; };
  };

  automountOptions = {
    where = mkOption {
      type = types.str;
      example = "/mnt";
      description = "The mount point; the unit's name follows from it.";
    };
    automountConfig = section "Automount" { TimeoutIdleSec = 60; };
  };
}
