/**
  OpenSSH's client.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.programs.ssh;
  hosts = lib.attrValues cfg.knownHosts;
  keyOf = host: if host.publicKey != null then host.publicKey else lib.removeSuffix "\n" (builtins.readFile host.publicKeyFile);
in
{
  options.programs.ssh = {
    package = mkOption {
      type = types.package;
      default = pkgs.openssh;
      defaultText = lib.literalExpression "pkgs.openssh";
      example = lib.literalExpression "pkgs.openssh";
      description = "The package with the client.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "Host web\n  User alice";
      description = "Lines for ssh_config(5).";
    };
    startAgent = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether every session has an agent that keeps keys open.";
    };
    knownHosts = mkOption {
      type = types.attrsOf (
        types.submodule (
          { name, ... }:
          {
            options = {
              hostNames = mkOption {
                type = types.listOf types.str;
                default = [ name ];
                defaultText = "the attribute's name";
                example = [ "10.0.0.1" ];
                description = "The names and addresses of the host.";
              };
              publicKey = mkOption {
                type = types.nullOr types.str;
                default = null;
                example = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ";
                description = "The host's key.";
              };
              publicKeyFile = mkOption {
                type = types.nullOr types.path;
                default = null;
                example = "./host.pub";
                description = "A file with the host's key.";
              };
            };
          }
        )
      );
      default = { };
      example = {
        "web.example.org".publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ";
      };
      description = "Hosts whose keys are known.";
    };
  };

  config = {
    assertions = map (host: {
      assertion = (host.publicKey == null) != (host.publicKeyFile == null);
      message = "The known host `${lib.concatStringsSep "," host.hostNames}' must have either publicKey or publicKeyFile.";
    }) hosts;
    environment.systemPackages = [ cfg.package ];
    environment.etc."ssh/ssh_config".text = ''
      # Made from the options programs.ssh.*; edit those.
      ${cfg.extraConfig}
      Host *
      GlobalKnownHostsFile /etc/ssh/ssh_known_hosts
    '';
    environment.etc."ssh/ssh_known_hosts".text = lib.concatMapStrings (
      host: "${lib.concatStringsSep "," host.hostNames} ${keyOf host}\n"
    ) hosts;
    systemd.user.services.ssh-agent = lib.mkIf cfg.startAgent {
      description = "SSH Agent";
      wantedBy = [ "default.target" ];
      serviceConfig.ExecStart = "${cfg.package}/bin/ssh-agent -D -a %t/ssh-agent";
    };
    environment.extraInit = lib.optionalString cfg.startAgent ''
      if [ -z "$SSH_AUTH_SOCK" ] && [ -n "$XDG_RUNTIME_DIR" ]; then
        export SSH_AUTH_SOCK="$XDG_RUNTIME_DIR/ssh-agent"
      fi
    '';
  };
}
