/**
  Login prompts on consoles and serial lines.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.getty;
  arguments = toString (
    [
      "--login-program ${cfg.loginProgram}"
    ]
    ++ lib.optional (cfg.autologinUser != null) "--autologin ${cfg.autologinUser}"
    ++ cfg.extraArgs
  );
  agetty = line: "${pkgs.util-linux}/sbin/agetty ${arguments} ${line}";
in
{
  options.services.getty = {
    autologinUser = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "root";
      description = "A user who is logged in without being asked.";
    };
    loginProgram = mkOption {
      type = types.path;
      default = "${pkgs.debianPackage "login"}/bin/login";
      defaultText = "login";
      example = "/bin/login";
      description = "The program that asks for the password.";
    };
    extraArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "--nohostname" ];
      description = "More arguments of agetty.";
    };
    greetingLine = mkOption {
      type = types.str;
      default = "<<< Welcome to NixOS ${config.system.nixos.label} (\\m) - \\l >>>";
      defaultText = "the name and version of the system";
      example = "Welcome";
      description = "The line above the prompt.";
    };
    helpLine = mkOption {
      type = types.lines;
      default = "";
      example = "Run `help' for help.";
      description = "What to say beneath that line.";
    };
    serialSpeed = mkOption {
      type = types.listOf types.int;
      default = [
        115200
        57600
        38400
        9600
      ];
      example = [ 38400 ];
      description = "The speeds that serial lines try.";
    };
  };

  config = {
    environment.etc.issue.text = ''
      ${cfg.greetingLine}
      ${cfg.helpLine}
    '';

    # The first terminal asks for a name from the start; the others when somebody switches to them.
    systemd.targets.getty.wants = [ "getty@tty1.service" ];

    systemd.services = {
      "getty@" = {
        overrideStrategy = "asDropin";
        serviceConfig.ExecStart = [
          ""
          "-${agetty "--noclear --keep-baud %I 115200,38400,9600 $TERM"}"
        ];
        restartIfChanged = false;
      };
      "serial-getty@" = {
        overrideStrategy = "asDropin";
        serviceConfig.ExecStart = [
          ""
          "-${agetty "--keep-baud ${lib.concatMapStringsSep "," toString cfg.serialSpeed} %I $TERM"}"
        ];
        restartIfChanged = false;
      };
      "container-getty@" = {
        overrideStrategy = "asDropin";
        serviceConfig.ExecStart = [
          ""
          "-${agetty "--noclear --keep-baud pts/%I 115200,38400,9600 $TERM"}"
        ];
        restartIfChanged = false;
      };
      console-getty = {
        overrideStrategy = "asDropin";
        serviceConfig.ExecStart = [
          ""
          "-${agetty "--noclear --keep-baud console 115200,38400,9600 $TERM"}"
        ];
        restartIfChanged = false;
      };
    };
  };
}
