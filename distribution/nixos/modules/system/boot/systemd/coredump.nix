/**
  Core dumps of crashed programs.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.systemd.coredump;
in
{
  options.systemd.coredump = {
    enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether core dumps are collected and shown by `coredumpctl`; otherwise a crash leaves `core` in the working directory.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "Storage=journal";
      description = "Lines for coredump.conf(5).";
    };
  };

  config = lib.mkMerge [
    (lib.mkIf cfg.enable {
      environment.fhsPackages = [ (pkgs.debianPackage "systemd-coredump") ];
      environment.systemPackages = [ (pkgs.debianPackage "systemd-coredump") ];
      environment.etc."systemd/coredump.conf".text = "[Coredump]\n${cfg.extraConfig}";
      users.users.systemd-coredump = {
        isSystemUser = true;
        group = "systemd-coredump";
        description = "systemd core dumper";
      };
      users.groups.systemd-coredump = { };
    })
    (lib.mkIf (!cfg.enable) { boot.kernel.sysctl."kernel.core_pattern" = lib.mkDefault "core"; })
  ];
}
