/**
  polkit: who may ask a system service to do what. Members of the group `wheel` count as administrators, and somebody who sits
  at the machine may shut it down, as logind's own rules have it.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.security.polkit;
  polkitd = pkgs.debianPackage "polkitd";
  pkexec = pkgs.debianPackage "pkexec";
in
{
  options.security.polkit = {
    enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether polkit runs.";
    };
    package = mkOption {
      type = types.package;
      default = polkitd;
      defaultText = lib.literalExpression "pkgs.debian.polkitd";
      example = lib.literalExpression "pkgs.debian.polkitd";
      description = "The package with the service.";
    };
    adminIdentities = mkOption {
      type = types.listOf types.str;
      default = [ "unix-group:wheel" ];
      example = [ "unix-user:alice" ];
      description = "Whose password counts as an administrator's.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = ''
        polkit.addRule(function(action, subject) {
          if (action.id == "org.freedesktop.systemd1.manage-units" && subject.isInGroup("operators")) return "yes";
        });
      '';
      description = "Rules, in the JavaScript of polkit(8).";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [
      cfg.package
      pkexec
    ];
    environment.fhsPackages = [
      cfg.package
      pkexec
    ];
    services.dbus.packages = [ cfg.package ];

    environment.etc."polkit-1/rules.d/10-nixos.rules".text = ''
      polkit.addAdminRule(function(action, subject) {
        return [${lib.concatMapStringsSep ", " (identity: "\"${identity}\"") cfg.adminIdentities}];
      });

      ${cfg.extraConfig}
    '';
    environment.pathsToLink = [ "/share/polkit-1" ];

    systemd.services.polkit = {
      overrideStrategy = "asDropin";
      aliases = [ "dbus-org.freedesktop.PolicyKit1.service" ];
      restartTriggers = [ config.environment.etc."polkit-1/rules.d/10-nixos.rules".source ];
    };

    security.wrappers = {
      pkexec = {
        setuid = true;
        owner = "root";
        group = "root";
        source = "${pkexec}/bin/pkexec";
      };
      polkit-agent-helper-1 = {
        setuid = true;
        owner = "root";
        group = "root";
        source = "${cfg.package}/lib/polkit-1/polkit-agent-helper-1";
      };
    };
    # Agents look for the helper by this path only.
    environment.extraFhsCommands = ''
      ln -sfn /run/wrappers/bin/polkit-agent-helper-1 $out/usr/lib/polkit-1/polkit-agent-helper-1
    '';
    security.pam.services.polkit-1 = { };

    users.users.polkitd = {
      uid = config.ids.uids.polkitd;
      group = "polkitd";
      isSystemUser = true;
      description = "polkit daemon";
    };
    users.groups.polkitd.gid = config.ids.gids.polkitd;
  };
}
