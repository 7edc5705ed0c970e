# A service with options of its own: it answers every connection to its port with a greeting. It also shows how definitions
# of several modules meet: mkIf makes them depend on an option, mkBefore puts an element first, mkForce wins.

{ config, lib, pkgs, ... }:

let
  cfg = config.services.greeter;
in

{
  options.services.greeter = {
    enable = lib.mkOption {
      type = lib.types.bool;
      default = true;
      example = false;
      description = "Whether the greeter answers.";
    };
    port = lib.mkOption {
      type = lib.types.int;
      default = 7777;
      example = 8080;
      description = "The TCP port that it listens on.";
    };
    greeting = lib.mkOption {
      type = lib.types.str;
      default = "Hello from ${config.networking.hostName}!";
      defaultText = "a greeting with the host's name";
      example = "Good morning!";
      description = "What it says.";
    };
  };

  config = lib.mkIf cfg.enable {
    systemd.sockets.greeter = {
      description = "Greeter";
      wantedBy = [ "sockets.target" ];
      listenStreams = [ (toString cfg.port) ];
      socketConfig.Accept = true;
    };

    systemd.services."greeter@" = {
      description = "Greeter for one visitor";
      serviceConfig.ExecStart = "${pkgs.coreutils}/bin/echo ${lib.escapeShellArg cfg.greeting}";
      serviceConfig.StandardOutput = "socket";
      serviceConfig.DynamicUser = true;
    };

    # A service that runs once, at boot.
    systemd.services.first-words = {
      description = "First words";
      wantedBy = [ "multi-user.target" ];
      script = ''
        echo ${lib.escapeShellArg cfg.greeting} | tee /run/first-words
      '';
      serviceConfig.Type = "oneshot";
      serviceConfig.RemainAfterExit = true;
    };

    boot.kernelModules = lib.mkBefore [ "tun" ];

    # Wins over the description in configuration.nix.
    users.users.alice.description = lib.mkForce "Alice of the greeter";
  };
}
