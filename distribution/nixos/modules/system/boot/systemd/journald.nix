/**
  The journal: where it is kept and how much of it.
*/
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.services.journald;
in
{
  options.services.journald = {
    storage = mkOption {
      type = types.enum [
        "persistent"
        "volatile"
        "auto"
        "none"
      ];
      default = "persistent";
      example = "volatile";
      description = "Whether the journal is kept in `/var/log/journal`, or only in memory.";
    };
    rateLimitInterval = mkOption {
      type = types.str;
      default = "30s";
      example = "0";
      description = "The time over which a service's messages are counted.";
    };
    rateLimitBurst = mkOption {
      type = types.int;
      default = 10000;
      example = 1000;
      description = "How many messages a service may log in that time.";
    };
    console = mkOption {
      type = types.str;
      default = "";
      example = "/dev/tty12";
      description = "A terminal that shows all messages.";
    };
    forwardToSyslog = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether messages are handed to a traditional log daemon too.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "SystemMaxUse=100M";
      description = "Lines for journald.conf(5).";
    };
  };

  config.environment.etc."systemd/journald.conf".text = ''
    [Journal]
    Storage=${cfg.storage}
    RateLimitInterval=${cfg.rateLimitInterval}
    RateLimitBurst=${toString cfg.rateLimitBurst}
    ForwardToSyslog=${if cfg.forwardToSyslog then "yes" else "no"}
    Audit=no
    ${lib.optionalString (cfg.console != "") ''
      ForwardToConsole=yes
      TTYPath=${cfg.console}
    ''}
    ${cfg.extraConfig}
  '';
}
