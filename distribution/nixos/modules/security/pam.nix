/**
  PAM: one file in `/etc/pam.d` for each program that authenticates people. Modules are Debian's, found by name in `/usr`.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types optionalString;
  cfg = config.security.pam;

  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
      example = !default;
    };

  serviceOptions =
    { name, config, ... }:
    {
      options = {
        enable = flag true "Whether the file is there.";
        name = mkOption {
          type = types.str;
          default = name;
          defaultText = "the attribute's name";
          example = "sshd";
          description = "The name of the PAM service.";
        };
        unixAuth = flag true "Whether the passwords of `/etc/shadow` are accepted.";
        rootOK = flag false "Whether root passes without authentication.";
        requireWheel = flag false "Whether only users of `wheel` pass.";
        allowNullPassword = flag false "Whether an empty password is accepted where the account has none.";
        nodelay = flag false "Whether a wrong password is answered at once.";
        sshAgentAuth = flag false "Whether a key of the user's SSH agent counts as authentication.";
        startSession = flag false "Whether the login is a session for logind.";
        setEnvironment = flag true "Whether the variables of `environment.sessionVariables` are set.";
        setLoginUid = flag config.startSession "Whether the audit user is set.";
        forwardXAuth = flag false "Whether X authorisation passes on to the target user.";
        makeHomeDir = flag false "Whether a missing home directory is made at login.";
        updateWtmp = flag false "Without effect: the login records are kept by systemd.";
        logFailures = flag false "Whether failed attempts are logged.";
        showMotd = flag false "Whether the message of the day is shown.";
        limits = mkOption {
          type = types.listOf types.attrs;
          default = cfg.loginLimits;
          defaultText = lib.literalExpression "config.security.pam.loginLimits";
          example = [
            {
              domain = "*";
              type = "soft";
              item = "nofile";
              value = "4096";
            }
          ];
          description = "Resource limits of the session.";
        };
        text = mkOption {
          type = types.lines;
          internal = true;
          example = "auth required pam_unix.so";
          description = "The content of the file.";
        };
      };

      config.text = lib.mkDefault (
        let
          nullok = optionalString config.allowNullPassword " nullok";
          limits = pkgs.writeText "limits.conf" (
            lib.concatMapStrings (l: "${l.domain} ${l.type} ${toString l.item} ${toString l.value}\n") config.limits
          );
        in
        ''
          # Account management.
          account required pam_unix.so

          # Authentication management.
          ${optionalString config.rootOK "auth sufficient pam_rootok.so"}
          ${optionalString config.requireWheel "auth required pam_wheel.so use_uid group=wheel"}
          ${optionalString config.sshAgentAuth "auth sufficient pam_ssh_agent_auth.so file=/etc/ssh/authorized_keys.d/%u"}
          ${optionalString config.unixAuth "auth sufficient pam_unix.so${nullok}${optionalString config.nodelay " nodelay"} likeauth try_first_pass"}
          auth required pam_deny.so

          # Password management.
          password sufficient pam_unix.so nullok yescrypt
          password required pam_deny.so

          # Session management.
          ${optionalString config.setEnvironment "session required pam_env.so conffile=/etc/pam/environment readenv=0"}
          session required pam_unix.so
          ${optionalString config.setLoginUid "session optional pam_loginuid.so"}
          ${optionalString config.makeHomeDir "session required pam_mkhomedir.so silent umask=0077"}
          ${optionalString config.startSession "session optional pam_systemd.so"}
          ${optionalString config.forwardXAuth "session optional pam_xauth.so systemuser=99"}
          ${optionalString (config.limits != [ ]) "session required pam_limits.so conf=${limits}"}
          ${optionalString (config.showMotd && cfg.motd != null) "session optional pam_motd.so motd=${cfg.motd}"}
        ''
      );
    };

  services = builtins.filter (s: s.enable) (lib.attrValues cfg.services);
in
{
  options.security.pam = {
    loginLimits = mkOption {
      type = types.listOf types.attrs;
      default = [ ];
      example = [
        {
          domain = "@audio";
          type = "-";
          item = "rtprio";
          value = "90";
        }
      ];
      description = "Resource limits of sessions, as in limits.conf(5).";
    };
    services = mkOption {
      type = types.attrsOf (types.submodule serviceOptions);
      default = { };
      example = {
        sshd.showMotd = true;
      };
      description = "The PAM services.";
    };
    motd = mkOption {
      type = types.nullOr types.path;
      internal = true;
      default = null;
      example = "/etc/motd";
      description = "The file with the message of the day.";
    };
  };

  options.users.motd = mkOption {
    type = types.nullOr types.lines;
    default = null;
    example = "Today is Sweetmorn.";
    description = "The message that is shown to who logs in.";
  };

  config = {
    environment.fhsPackages = [
      (pkgs.debianPackage "libpam-modules")
      (pkgs.debianPackage "libpam-modules-bin")
      (pkgs.debianPackage "libpam-runtime")
    ];

    security.pam.motd = lib.mkIf (config.users.motd != null) (pkgs.writeText "motd" config.users.motd);

    environment.etc = lib.listToAttrs (
      map (service: lib.nameValuePair "pam.d/${service.name}" { inherit (service) text; }) services
    );

    security.pam.services = {
      other.text = ''
        auth     required pam_warn.so
        auth     required pam_deny.so
        account  required pam_warn.so
        account  required pam_deny.so
        password required pam_warn.so
        password required pam_deny.so
        session  required pam_warn.so
        session  required pam_deny.so
      '';
      login = {
        startSession = true;
        allowNullPassword = true;
        showMotd = true;
      };
      su = {
        rootOK = true;
        forwardXAuth = true;
        logFailures = true;
      };
      su-l = {
        rootOK = true;
        forwardXAuth = true;
      };
      runuser = {
        rootOK = true;
        unixAuth = false;
      };
      runuser-l = {
        rootOK = true;
        unixAuth = false;
      };
      systemd-user.text = ''
        account  required pam_unix.so
        auth     required pam_deny.so
        password required pam_deny.so
        session  optional pam_loginuid.so
        session  required pam_unix.so
        session  optional pam_systemd.so
      '';
      chsh.rootOK = true;
      chfn.rootOK = true;
      chpasswd.rootOK = true;
      newusers.rootOK = true;
      useradd.rootOK = true;
      usermod.rootOK = true;
      userdel.rootOK = true;
      groupadd.rootOK = true;
      groupmod.rootOK = true;
      groupdel.rootOK = true;
      groupmems.rootOK = true;
      passwd = { };
      vlock = { };
    };
  };
}
