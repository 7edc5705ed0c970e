/**
  Sessions, and what power keys and lids do.
*/
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.logind;
  action =
    default: what:
    mkOption {
      type = types.enum [
        "ignore"
        "poweroff"
        "reboot"
        "halt"
        "kexec"
        "suspend"
        "hibernate"
        "hybrid-sleep"
        "suspend-then-hibernate"
        "lock"
      ];
      inherit default;
      example = "ignore";
      description = "What happens when ${what}.";
    };
in
{
  options.services.logind = {
    lidSwitch = action "suspend" "the lid is closed";
    lidSwitchDocked = action "ignore" "the lid is closed on a docked machine";
    powerKey = action "poweroff" "the power key is pressed";
    killUserProcesses = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether processes end with the session that started them.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "IdleAction=lock";
      description = "Lines for logind.conf(5).";
    };
  };

  config.environment.etc."systemd/logind.conf".text = ''
    [Login]
    KillUserProcesses=${if cfg.killUserProcesses then "yes" else "no"}
    HandleLidSwitch=${cfg.lidSwitch}
    HandleLidSwitchDocked=${cfg.lidSwitchDocked}
    HandlePowerKey=${cfg.powerKey}
    ${cfg.extraConfig}
  '';
}
