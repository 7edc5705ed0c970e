/**
  OpenSSH's server. Host keys are made at the first start and stay on the machine.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.openssh;

  value = types.nullOr (
    types.oneOf [
      types.bool
      types.int
      types.str
      (types.listOf types.str)
    ]
  );
  format =
    v:
    if v == true then
      "yes"
    else if v == false then
      "no"
    else if builtins.isList v then
      lib.concatStringsSep "," v
    else
      toString v;
  settingLines = lib.concatStrings (
    lib.mapAttrsToList (name: v: lib.optionalString (v != null) "${name} ${format v}\n") cfg.settings
  );

  users = builtins.filter (
    user: user.openssh.authorizedKeys.keys != [ ] || user.openssh.authorizedKeys.keyFiles != [ ]
  ) (lib.attrValues config.users.users);
  keysOf =
    user:
    lib.concatMapStrings (key: key + "\n") user.openssh.authorizedKeys.keys
    + lib.concatMapStrings (file: builtins.readFile file + "\n") user.openssh.authorizedKeys.keyFiles;

  keyService = lib.concatMapStrings (key: ''
    if ! [ -s ${key.path} ]; then
      mkdir -m 0755 -p $(dirname ${key.path})
      rm -f ${key.path}
      ssh-keygen -q -t ${key.type} ${lib.optionalString (key ? bits) "-b ${toString key.bits}"} -f ${key.path} -N "" -C ""
    fi
  '') cfg.hostKeys;

  listenAddressOptions.options = {
    addr = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "192.168.3.1";
      description = "The address or name.";
    };
    port = mkOption {
      type = types.nullOr types.port;
      default = null;
      example = 22;
      description = "The port; `null` means those of `ports`.";
    };
  };

  userOptions = {
    options.openssh.authorizedKeys = {
      keys = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ alice@example" ];
        description = "Public keys that log in as this user, one line each.";
      };
      keyFiles = mkOption {
        type = types.listOf types.path;
        default = [ ];
        example = lib.literalExpression "[ ./alice.pub ]";
        description = "Files with such keys, read when the system is evaluated.";
      };
    };
  };
in
{
  options.services.openssh = {
    enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether one can log in by SSH.";
    };
    package = mkOption {
      type = types.package;
      default = (pkgs.debianPackage "openssh-server");
      defaultText = lib.literalExpression "pkgs.debian.openssh-server";
      example = lib.literalExpression "pkgs.debian.openssh-server";
      description = "The package with the server.";
    };
    startWhenNeeded = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the server is started for each connection, by a socket of systemd.";
    };
    ports = mkOption {
      type = types.listOf types.port;
      default = [ 22 ];
      example = [ 2222 ];
      description = "The ports to listen on.";
    };
    openFirewall = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the firewall lets these ports in.";
    };
    listenAddresses = mkOption {
      type = types.listOf (types.submodule listenAddressOptions);
      default = [ ];
      example = [
        {
          addr = "192.168.3.1";
          port = 22;
        }
      ];
      description = "The addresses to listen on; none means all.";
    };
    hostKeys = mkOption {
      type = types.listOf types.attrs;
      # Machines of earlier releases may be known by their RSA key.
      default = [
        {
          type = "ed25519";
          path = "/etc/ssh/ssh_host_ed25519_key";
        }
      ]
      ++ lib.optional (lib.versionOlder config.system.stateVersion "26.11") {
        type = "rsa";
        bits = 4096;
        path = "/etc/ssh/ssh_host_rsa_key";
      };
      defaultText = "an ed25519 key; with a `system.stateVersion` before 26.11 an RSA key too";
      example = [
        {
          type = "ed25519";
          path = "/etc/ssh/ssh_host_ed25519_key";
        }
      ];
      description = "The keys of this machine; those that are missing are made.";
    };
    allowSFTP = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether files can be copied by SFTP.";
    };
    authorizedKeysFiles = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "/etc/keys/%u" ];
      description = "The files with users' keys; `%u` and `%h` stand for name and home.";
    };
    moduliFile = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = "/etc/my-local-ssh-moduli";
      description = "A file of groups for the key exchange.";
    };
    banner = mkOption {
      type = types.nullOr types.lines;
      default = null;
      example = "Authorised use only.";
      description = "A text to show before authentication.";
    };
    settings = mkOption {
      type = types.submodule {
        freeformType = types.attrsOf value;
        options = {
          PermitRootLogin = mkOption {
            type = types.enum [
              "yes"
              "without-password"
              "prohibit-password"
              "forced-commands-only"
              "no"
            ];
            default = "prohibit-password";
            example = "no";
            description = "Whether root can log in.";
          };
          PasswordAuthentication = mkOption {
            type = types.bool;
            default = true;
            example = false;
            description = "Whether passwords are accepted.";
          };
          KbdInteractiveAuthentication = mkOption {
            type = types.bool;
            default = true;
            example = false;
            description = "Whether questions and answers are accepted, such as one-time passwords.";
          };
          X11Forwarding = mkOption {
            type = types.bool;
            default = false;
            example = true;
            description = "Whether windows can be shown on the client.";
          };
          GatewayPorts = mkOption {
            type = types.enum [
              "no"
              "yes"
              "clientspecified"
            ];
            default = "no";
            example = "yes";
            description = "Whether other machines can use forwarded ports.";
          };
          UseDns = mkOption {
            type = types.bool;
            default = false;
            example = true;
            description = "Whether the client's name is looked up.";
          };
          LogLevel = mkOption {
            type = types.enum [
              "QUIET"
              "FATAL"
              "ERROR"
              "INFO"
              "VERBOSE"
              "DEBUG"
              "DEBUG1"
              "DEBUG2"
              "DEBUG3"
            ];
            default = "INFO";
            example = "VERBOSE";
            description = "How much is logged.";
          };
          StrictModes = mkOption {
            type = types.bool;
            default = true;
            example = false;
            description = "Whether keys in files that others can write are refused.";
          };
        };
      };
      default = { };
      example = {
        PermitRootLogin = "no";
        UseDns = true;
      };
      description = "Settings of sshd_config(5).";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "Match User git\n  PermitTTY no";
      description = "Lines at the end of sshd_config(5).";
    };
  };

  options.users.users = mkOption { type = types.attrsOf (types.submodule userOptions); };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.ports != [ ] || cfg.listenAddresses != [ ];
        message = "services.openssh.ports must name a port.";
      }
    ]
    ++ map (key: {
      assertion = key.type != "dsa";
      message = "services.openssh.hostKeys has a DSA key, which OpenSSH does not support any more; remove `${key.path}'.";
    }) cfg.hostKeys;

    users.users.sshd = {
      uid = config.ids.uids.sshd;
      group = "sshd";
      isSystemUser = true;
      description = "SSH privilege separation user";
    };
    users.groups.sshd.gid = config.ids.gids.sshd;

    services.openssh.authorizedKeysFiles = [
      "%h/.ssh/authorized_keys"
      "%h/.ssh/authorized_keys2"
      "/etc/ssh/authorized_keys.d/%u"
    ];

    environment.etc = {
      "ssh/sshd_config".text = ''
        # Made from the options services.openssh.*; edit those.
        UsePAM yes
        ${lib.concatMapStrings (port: "Port ${toString port}\n") cfg.ports}
        ${lib.concatMapStrings (
          a: "ListenAddress ${a.addr}${lib.optionalString (a.port != null) ":${toString a.port}"}\n"
        ) cfg.listenAddresses}
        AuthorizedKeysFile ${toString cfg.authorizedKeysFiles}
        ${lib.concatMapStrings (key: "HostKey ${key.path}\n") cfg.hostKeys}
        ${lib.optionalString cfg.allowSFTP "Subsystem sftp ${pkgs.debianPackage "openssh-sftp-server"}/lib/openssh/sftp-server"}
        ${lib.optionalString (cfg.banner != null) "Banner ${pkgs.writeText "ssh-banner" cfg.banner}"}
        ${lib.optionalString (cfg.moduliFile != null) "ModuliFile ${cfg.moduliFile}"}
        PrintMotd no
        ${settingLines}
        ${cfg.extraConfig}
      '';
      "ssh/moduli".source = "${cfg.package}/etc/ssh/moduli";
    }
    // lib.listToAttrs (
      map (
        user:
        lib.nameValuePair "ssh/authorized_keys.d/${user.name}" {
          mode = "0444";
          text = keysOf user;
        }
      ) users
    );

    environment.systemPackages = [ cfg.package ];
    environment.fhsPackages = [
      cfg.package
      (pkgs.debianPackage "openssh-sftp-server")
    ];
    networking.firewall.allowedTCPPorts = lib.mkIf cfg.openFirewall cfg.ports;

    # Debian's own units of the same server stay off.
    systemd.suppressedSystemUnits = [
      "ssh.service"
      "ssh.socket"
      "rescue-ssh.target"
    ];

    systemd.services =
      let
        base = {
          description = "SSH Daemon";
          path = [ pkgs.openssh ];
          preStart = ''
            mkdir -m 0755 -p /etc/ssh /run/sshd
            ${keyService}
          '';
          restartTriggers = [ config.environment.etc."ssh/sshd_config".source ];
          stopIfChanged = false;
        };
      in
      if cfg.startWhenNeeded then
        {
          "sshd@" = base // {
            description = "SSH per-connection Daemon";
            serviceConfig.ExecStart = "-${cfg.package}/sbin/sshd -i -D -f /etc/ssh/sshd_config";
            serviceConfig.StandardInput = "socket";
            serviceConfig.KillMode = "process";
          };
        }
      else
        {
          sshd = base // {
            wantedBy = [ "multi-user.target" ];
            after = [ "network.target" ];
            serviceConfig = {
              ExecStart = "${cfg.package}/sbin/sshd -D -f /etc/ssh/sshd_config";
              ExecReload = "${pkgs.coreutils}/bin/kill -HUP $MAINPID";
              Type = "notify";
              KillMode = "process";
              Restart = "always";
              RuntimeDirectory = "sshd";
              RuntimeDirectoryMode = "0755";
            };
          };
        };

    systemd.sockets = lib.optionalAttrs cfg.startWhenNeeded {
      sshd = {
        description = "SSH Socket";
        wantedBy = [ "sockets.target" ];
        socketConfig.ListenStream = map toString cfg.ports;
        socketConfig.Accept = true;
      };
    };

    security.pam.services.sshd = {
      startSession = true;
      showMotd = true;
      unixAuth = cfg.settings.PasswordAuthentication;
    };
  };
}
