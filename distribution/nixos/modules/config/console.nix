/**
  The text console: keyboard layout and font.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.console;
  plain = cfg.keyMap == "us" && cfg.font == null;
in
{
  options.console = {
    enable = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the system has text consoles.";
    };
    keyMap = mkOption {
      type = types.either types.str types.path;
      default = "us";
      example = "fr";
      description = "The keyboard layout of the console.";
    };
    font = mkOption {
      type = types.nullOr (types.either types.str types.path);
      default = null;
      example = "Lat2-Terminus16";
      description = "The console's font; `null` leaves the kernel's.";
    };
    earlySetup = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Without effect: layout and font are set in stage 2.";
    };
    packages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      example = lib.literalExpression "[ pkgs.debian.console-terminus ]";
      description = "Packages with more layouts and fonts.";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [ (pkgs.debianPackage "kbd") ];
    environment.etc."vconsole.conf".text =
      "KEYMAP=${cfg.keyMap}\n" + lib.optionalString (cfg.font != null) "FONT=${cfg.font}\n";

    systemd.services.console-setup = lib.mkIf (!plain) {
      description = "Console keyboard and font";
      wantedBy = [ "sysinit.target" ];
      before = [ "getty.target" ];
      unitConfig.ConditionPathExists = "/dev/tty0";
      path = [ (pkgs.debianPackage "kbd") ];
      script = ''
        export LOADKEYS_KEYMAP_PATH=${pkgs.debianPackage "console-data"}/share/keymaps:${pkgs.debianPackage "console-setup-linux"}/share/consoletrans
        loadkeys -q ${lib.escapeShellArg cfg.keyMap}
        ${lib.optionalString (cfg.font != null) "setfont ${lib.escapeShellArg cfg.font}"}
      '';
      serviceConfig.Type = "oneshot";
      serviceConfig.RemainAfterExit = true;
    };
  };
}
