/**
  D-Bus: the system's message bus. Its configuration stands in `/usr/share/dbus-1`, where packages bring their parts.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.dbus;
in
{
  options.services.dbus = {
    enable = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the message bus runs; logind needs it.";
    };
    packages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      example = lib.literalExpression "[ pkgs.debian.policykit-1 ]";
      description = "Packages with services or policies for the bus.";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.fhsPackages = [ pkgs.dbus ] ++ cfg.packages;
    environment.systemPackages = [ pkgs.dbus ];
    systemd.services.dbus = {
      overrideStrategy = "asDropin";
      # A bus that restarts takes all who speak over it with it.
      restartIfChanged = false;
      reloadIfChanged = true;
      serviceConfig.ExecReload = lib.mkDefault [ ];
    };
    systemd.sockets.dbus = {
      overrideStrategy = "asDropin";
      wantedBy = [ "sockets.target" ];
    };
    security.wrappers.dbus-daemon-launch-helper = {
      source = "${pkgs.debianPackage "dbus"}/lib/dbus-1.0/dbus-daemon-launch-helper";
      setuid = true;
      owner = "root";
      group = "messagebus";
      permissions = "u+rx,g+rx,o=";
    };
    # The bus looks for its helper by this path only.
    environment.extraFhsCommands = ''
      if [ -d $out/usr/lib/dbus-1.0 ]; then
        ln -sfn /run/wrappers/bin/dbus-daemon-launch-helper $out/usr/lib/dbus-1.0/dbus-daemon-launch-helper
      fi
    '';
  };
}
