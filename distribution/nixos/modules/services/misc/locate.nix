/**
  A database of the names of all files, and `locate`, which searches it.
*/
{
  config,
  lib,
  options,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.locate;
  isFindutils = (cfg.package.pname or "") == "locate";
  prune = lib.optionals (!cfg.includeStore) [
    "/nix/store"
    "/nix/.ro-store"
    "/nix/.rw-store"
  ] ++ cfg.prunePaths;
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "locate" "period" ] [ "services" "locate" "interval" ])
    (lib.mkRenamedOptionModule [ "services" "locate" "locate" ] [ "services" "locate" "package" ])
  ];

  options.services.locate = {
    enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "If enabled, the database of files used by the `locate` command is updated at set times.";
    };
    package = mkOption {
      type = types.package;
      default = pkgs.debianPackage "plocate";
      defaultText = lib.literalExpression "pkgs.debian.plocate";
      example = lib.literalExpression "pkgs.debian.locate";
      description = "The package with `locate` and `updatedb`.";
    };
    interval = mkOption {
      type = types.str;
      default = "02:15";
      example = "hourly";
      description = "When the database is updated, in the form of systemd.time(7); `never` leaves it to you.";
    };
    output = mkOption {
      type = types.path;
      default = if isFindutils then "/var/cache/locate/locatedb" else "/var/lib/plocate/plocate.db";
      defaultText = "where the package's `locate` looks for it";
      example = "/data/locatedb";
      description = "The database.";
    };
    extraFlags = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "--verbose" ];
      description = "Further arguments of `updatedb`.";
    };
    localuser = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "nobody";
      description = "The user who searches for files, where the package supports one (`pkgs.debian.locate`).";
    };
    includeStore = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the files of the store are in the database.";
    };
    prunePaths = mkOption {
      type = types.listOf types.path;
      default = [
        "/tmp"
        "/var/cache"
        "/var/lock"
        "/var/run"
        "/var/spool"
        "/var/tmp"
        "/run"
      ];
      example = [ "/tmp" ];
      description = "Directories that are left out.";
    };
    pruneFS = mkOption {
      type = types.listOf types.str;
      default = [
        "autofs"
        "cgroup2"
        "devpts"
        "devtmpfs"
        "fuse.sshfs"
        "nfs"
        "nfs4"
        "overlay"
        "proc"
        "sysfs"
        "tmpfs"
      ];
      example = [ "nfs" ];
      description = "Kinds of file systems that are left out.";
    };
    pruneNames = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ ".git" ];
      description = "Names of directories that are left out.";
    };
    pruneBindMounts = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether bind mounts are left out.";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cfg.package ];
    environment.variables = lib.mkIf (cfg.output != options.services.locate.output.default) { LOCATE_PATH = toString cfg.output; };
    environment.etc."updatedb.conf".text = ''
      PRUNE_BIND_MOUNTS = "${if cfg.pruneBindMounts then "yes" else "no"}"
      PRUNEFS = "${toString cfg.pruneFS}"
      PRUNEPATHS = "${toString prune}"
      PRUNENAMES = "${toString cfg.pruneNames}"
    '';
    users.groups.plocate = lib.mkIf (!isFindutils) { };
    security.wrappers.plocate = lib.mkIf (!isFindutils) {
      group = "plocate";
      owner = "root";
      setgid = true;
      permissions = "u+rx,g+x,o+x";
      source = "${cfg.package}/bin/plocate";
    };
    security.wrappers.locate = lib.mkIf (!isFindutils) {
      group = "plocate";
      owner = "root";
      setgid = true;
      permissions = "u+rx,g+x,o+x";
      source = "${cfg.package}/bin/plocate";
    };

    systemd.tmpfiles.rules = [ "d ${dirOf cfg.output} 0755 root root -" ];

    systemd.services.update-locatedb = {
      description = "Update Locate Database";
      # updatedb of findutils becomes the local user with su.
      path = [ pkgs.util-linux ];
      startAt = lib.optional (cfg.interval != "never") cfg.interval;
      script =
        if isFindutils then
          ''
            mkdir -m 0755 -p "$(dirname ${cfg.output})"
            exec ${cfg.package}/bin/updatedb ${
              lib.optionalString (cfg.localuser != null) "--localuser=${cfg.localuser}"
            } --output=${cfg.output} --prunepaths='${toString prune}' --prunefs='${toString cfg.pruneFS}' ${toString cfg.extraFlags}
          ''
        else
          ''
            mkdir -m 0755 -p "$(dirname ${cfg.output})"
            ${cfg.package}/bin/updatedb --output ${cfg.output} ${toString cfg.extraFlags}
            chgrp plocate ${cfg.output}
            chmod 0640 ${cfg.output}
          '';
      serviceConfig = {
        Type = "oneshot";
        Nice = 19;
        IOSchedulingClass = "idle";
        PrivateTmp = "yes";
        PrivateNetwork = "yes";
        NoNewPrivileges = "yes";
        ReadOnlyPaths = "/";
        ReadWritePaths = dirOf cfg.output;
      };
    };
  };
}
