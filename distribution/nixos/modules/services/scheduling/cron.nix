/**
  cron: commands at set times, from `services.cron.systemCronJobs` and from users' own tables. It runs when there is such a
  job, or when `services.cron.enable` says so.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.cron;
  cron = pkgs.debianPackage "cron";
  # The directories /etc/cron.daily and the like, and what systemd-tmpfiles makes for users' tables.
  common = pkgs.debianPackage "cron-daemon-common";

  table = pkgs.writeText "systab" ''
    SHELL=${pkgs.bash}/bin/bash
    PATH=${config.system.path}/bin:${config.system.path}/sbin
    ${lib.optionalString (cfg.mailto != null) "MAILTO=\"${cfg.mailto}\""}
    ${lib.concatMapStrings (job: job + "\n") cfg.systemCronJobs}
  '';
  # cron refuses tables that others could have changed: files of the store belong to root and are read-only.
  extra = lib.concatMapStrings (file: "cat ${file}; echo\n") cfg.cronFiles;
  tableWithFiles =
    if cfg.cronFiles == [ ] then
      table
    else
      pkgs.runCommand "systab" { preferLocalBuild = true; } ''
        { cat ${table}; ${extra} } > $out
      '';
in
{
  options.services.cron = {
    enable = mkOption {
      type = types.bool;
      default = cfg.systemCronJobs != [ ] || cfg.cronFiles != [ ];
      defaultText = lib.literalExpression "config.services.cron.systemCronJobs != [ ]";
      example = true;
      description = "Whether cron runs.";
    };
    systemCronJobs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "* * * * *  alice  ls -l / > /tmp/cronout 2>&1"
        "15 3 * * *  root  /root/backup"
      ];
      description = "Lines of the system's table, in the form of crontab(5) with a user's name before the command.";
    };
    cronFiles = mkOption {
      type = types.listOf types.path;
      default = [ ];
      example = lib.literalExpression "[ ./jobs ]";
      description = "Files with more such lines.";
    };
    mailto = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "root";
      description = "Who gets what the jobs print; needs a mail program.";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ cron ];
    environment.fhsPackages = [
      cron
      common
    ];
    environment.etc.crontab = {
      source = tableWithFiles;
      mode = "0600";
    };

    # The program for users' own tables writes to a directory of the group crontab.
    security.wrappers.crontab = {
      source = "${cron}/bin/crontab";
      owner = "root";
      group = "crontab";
      setgid = true;
    };
    users.groups.crontab = { };
    systemd.tmpfiles.rules = [
      "d /etc/cron.d 0755 root root -"
      "d /var/spool/cron 0755 root root -"
      "d /var/spool/cron/crontabs 1730 root crontab -"
    ];
    security.pam.services.cron = { };

    systemd.services.cron = {
      description = "Cron Daemon";
      wantedBy = [ "multi-user.target" ];
      after = [
        "nss-user-lookup.target"
        "time-sync.target"
      ];
      restartTriggers = [
        tableWithFiles
        config.time.timeZone
      ];
      serviceConfig = {
        ExecStart = "${cron}/sbin/cron -f";
        Restart = "on-failure";
        KillMode = "process";
      };
    };
  };
}
