/**
  sudo: who may run what as whom.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.security.sudo;
in
{
  options.security.sudo = {
    enable = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether users of the group `wheel` may run commands as root with `sudo`.";
    };
    package = mkOption {
      type = types.package;
      default = pkgs.sudo;
      defaultText = lib.literalExpression "pkgs.sudo";
      example = lib.literalExpression "pkgs.sudo";
      description = "The sudo package.";
    };
    wheelNeedsPassword = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether users of `wheel` must give their password.";
    };
    execWheelOnly = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether only users of `wheel` can start `sudo` at all.";
    };
    extraRules = mkOption {
      type = types.listOf (
        types.submodule {
          options = {
            users = mkOption {
              type = types.listOf types.str;
              default = [ ];
              example = [ "alice" ];
              description = "The users.";
            };
            groups = mkOption {
              type = types.listOf types.str;
              default = [ ];
              example = [ "operators" ];
              description = "The groups.";
            };
            host = mkOption {
              type = types.str;
              default = "ALL";
              example = "web";
              description = "The machines.";
            };
            runAs = mkOption {
              type = types.str;
              default = "ALL:ALL";
              example = "postgres";
              description = "As whom.";
            };
            commands = mkOption {
              type = types.listOf (types.either types.str types.attrs);
              default = [ ];
              example = [
                {
                  command = "/run/current-system/sw/bin/poweroff";
                  options = [ "NOPASSWD" ];
                }
              ];
              description = "The commands, as texts or with `options`.";
            };
          };
        }
      );
      default = [ ];
      example = [
        {
          users = [ "alice" ];
          commands = [ "ALL" ];
        }
      ];
      description = "More rules.";
    };
    configFile = mkOption {
      type = types.lines;
      internal = true;
      example = "%wheel ALL=(ALL) ALL";
      description = "The whole content of `/etc/sudoers`.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "Defaults timestamp_timeout=30";
      description = "Lines to add to `/etc/sudoers`.";
    };
  };

  config = lib.mkIf cfg.enable (
    let
      command =
        c:
        if builtins.isString c then c else lib.concatMapStrings (o: "${o}:") (c.options or [ ]) + " ${c.command}";
      line = who: rule: "${who} ${rule.host}=(${rule.runAs}) ${lib.concatMapStringsSep ", " command rule.commands}\n";
      rules = lib.concatMapStrings (
        rule: lib.concatMapStrings (user: line user rule) rule.users + lib.concatMapStrings (group: line "%${group}" rule) rule.groups
      ) cfg.extraRules;
    in
    {
      security.sudo.configFile = ''
        # Made from the options security.sudo.*; edit those.

        Defaults env_keep+=SSH_AUTH_SOCK
        Defaults env_keep+=TERMINFO_DIRS
        Defaults env_keep+=NIX_PATH
        Defaults secure_path="/run/wrappers/bin:/run/current-system/sw/bin:/run/current-system/sw/sbin:/nix/var/nix/profiles/default/bin:/usr/sbin:/usr/bin"
        root ALL=(ALL:ALL) SETENV: ALL
        %wheel ALL=(ALL:ALL) ${lib.optionalString (!cfg.wheelNeedsPassword) "NOPASSWD:"}SETENV: ALL
        ${rules}${cfg.extraConfig}
      '';
      environment.etc.sudoers = {
        text = cfg.configFile;
        mode = "0440";
      };
      environment.systemPackages = [ cfg.package ];
      environment.fhsPackages = [ cfg.package ];
      security.wrappers.sudo = {
        source = "${cfg.package}/bin/sudo";
        owner = "root";
        group = if cfg.execWheelOnly then "wheel" else "root";
        setuid = true;
        permissions = if cfg.execWheelOnly then "u+rx,g+x" else "u+rx,g+x,o+x";
      };
      security.pam.services.sudo.sshAgentAuth = lib.mkDefault false;
    }
  );
}
