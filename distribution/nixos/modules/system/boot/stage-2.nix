/**
  Stage 2: the script that the kernel or stage 1 starts on the mounted system. It prepares what must be there before systemd,
  runs the activation script, and becomes systemd.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.boot;
  text =
    builtins.replaceStrings
      [
        "@shell@"
        "@path@"
        "@readOnlyStore@"
        "@cleanTmp@"
        "@postBootCommands@"
        "@systemd@"
        "@runSize@"
        "@devShmSize@"
      ]
      [
        "${pkgs.runtimeShell}"
        (lib.makeBinPath config.system.activationPath + ":" + lib.makeSearchPath "sbin" config.system.activationPath)
        (if cfg.readOnlyNixStore then "1" else "")
        (if cfg.tmp.cleanOnBoot then "1" else "")
        "${pkgs.writeText "post-boot-commands" cfg.postBootCommands}"
        "${config.systemd.package}"
        cfg.runSize
        cfg.devShmSize
      ]
      (builtins.readFile ./stage-2-init.sh);
in
{
  options.boot = {
    postBootCommands = mkOption {
      type = types.lines;
      default = "";
      example = "rm -f /var/log/messages";
      description = "Shell commands that run in stage 2, before systemd starts.";
    };
    readOnlyNixStore = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the store is mounted read-only for all but the package manager.";
    };
    tmp.cleanOnBoot = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether `/tmp` is emptied at boot.";
    };
    tmp.useTmpfs = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether `/tmp` is in memory.";
    };
    tmp.tmpfsSize = mkOption {
      type = types.str;
      default = "50%";
      example = "2G";
      description = "How large `/tmp` may grow in memory.";
    };
    runSize = mkOption {
      type = types.str;
      default = "25%";
      example = "256m";
      description = "The size of `/run`, as tmpfs understands it.";
    };
    devShmSize = mkOption {
      type = types.str;
      default = "50%";
      example = "256m";
      description = "The size of `/dev/shm`, as tmpfs understands it.";
    };
  };

  config = {
    system.build.bootStage2Text = text;
    # Debian's tmp.mount puts /tmp in memory; here that is a choice.
    systemd.units."tmp.mount" = lib.mkIf (!cfg.tmp.useTmpfs) { enable = false; };
    systemd.mounts = lib.optional cfg.tmp.useTmpfs {
      what = "tmpfs";
      where = "/tmp";
      type = "tmpfs";
      mountConfig.Options = "mode=1777,strictatime,rw,nosuid,nodev,size=${cfg.tmp.tmpfsSize}";
    };
  };
}
