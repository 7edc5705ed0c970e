/**
  Users and groups. The declared ones are merged into `/etc/passwd`, `/etc/group` and `/etc/shadow` by the activation script
  (`update-users.sh`), beside those that were made with `useradd`, unless `users.mutableUsers` is off.
*/
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.users;
  ids = config.ids;

  secret =
    description:
    mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "$6$yCeU3mHo$hash";
      inherit description;
    };

  rangeOptions = first: {
    options = {
      ${first} = mkOption {
        type = types.int;
        example = 100000;
        description = "The first number of the range.";
      };
      count = mkOption {
        type = types.int;
        default = 1;
        example = 65536;
        description = "How many numbers the range has.";
      };
    };
  };

  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
      example = !default;
    };

  userOptions =
    { name, config, ... }:
    {
      options = {
        enable = flag true "Whether the user exists.";
        name = mkOption {
          type = types.str;
          default = name;
          defaultText = "the attribute's name";
          example = "alice";
          description = "The name of the account.";
        };
        description = mkOption {
          type = types.str;
          default = "";
          example = "Alice Q. User";
          description = "The user's full name.";
        };
        uid = mkOption {
          type = types.nullOr types.int;
          default = null;
          example = 1000;
          description = "The user's number; `null` takes a free one, and keeps it.";
        };
        isSystemUser = flag false "Whether this is the account of a service rather than a person.";
        isNormalUser = flag false "Whether this is a person's account, with a home directory and a shell.";
        group = mkOption {
          type = types.str;
          default = "nogroup";
          example = "users";
          description = "The user's main group.";
        };
        extraGroups = mkOption {
          type = types.listOf types.str;
          default = [ ];
          example = [ "wheel" ];
          description = "The other groups that the user belongs to.";
        };
        home = mkOption {
          type = types.str;
          default = "/var/empty";
          example = "/home/alice";
          description = "The home directory.";
        };
        homeMode = mkOption {
          type = types.strMatching "[0-7]{1,5}";
          default = "0700";
          example = "0755";
          description = "The permissions of a home directory that is made.";
        };
        cryptHomeLuks = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "/dev/vg/alice";
          description = "A LUKS device that holds the home directory and opens with the user's password.";
        };
        createHome = flag false "Whether the home directory is made when it is missing.";
        shell = mkOption {
          type = types.nullOr (types.either types.package types.str);
          default = "${pkgs.debianPackage "login"}/sbin/nologin";
          defaultText = "a program that refuses the login";
          example = lib.literalExpression "pkgs.bash";
          description = "The login shell.";
        };
        useDefaultShell = flag false "Whether the login shell is `users.defaultUserShell`.";
        subUidRanges = mkOption {
          type = types.listOf (types.submodule (rangeOptions "startUid"));
          default = [ ];
          example = [
            {
              startUid = 100000;
              count = 65536;
            }
          ];
          description = "User numbers that the user may use in namespaces.";
        };
        subGidRanges = mkOption {
          type = types.listOf (types.submodule (rangeOptions "startGid"));
          default = [ ];
          example = [
            {
              startGid = 100000;
              count = 65536;
            }
          ];
          description = "Group numbers that the user may use in namespaces.";
        };
        hashedPassword = secret "The hash of the password, as `mkpasswd` prints it. An empty string allows a login without password.";
        password = secret "The password itself, readable by everybody who can read the store; only for tests.";
        passwordFile = secret "A file on the machine with the hash of the password.";
        hashedPasswordFile = secret "A file on the machine with the hash of the password.";
        initialHashedPassword = secret "The hash of the password that a new account gets; `passwd` may change it.";
        initialPassword = secret "The password that a new account gets; readable by everybody who can read the store.";
        packages = mkOption {
          type = types.listOf types.package;
          default = [ ];
          example = lib.literalExpression "[ pkgs.firefox ]";
          description = "Packages for this user only.";
        };
      };

      config = lib.mkMerge [
        (lib.mkIf config.isNormalUser {
          group = lib.mkDefault "users";
          createHome = lib.mkDefault true;
          home = lib.mkDefault "/home/${config.name}";
          useDefaultShell = lib.mkDefault true;
        })
        (lib.mkIf config.useDefaultShell { shell = lib.mkOverride 999 cfg.defaultUserShell; })
      ];
    };

  groupOptions =
    { name, ... }:
    {
      options = {
        name = mkOption {
          type = types.str;
          default = name;
          defaultText = "the attribute's name";
          example = "students";
          description = "The name of the group.";
        };
        gid = mkOption {
          type = types.nullOr types.int;
          default = null;
          example = 1000;
          description = "The group's number; `null` takes a free one, and keeps it.";
        };
        members = mkOption {
          type = types.listOf types.str;
          default = [ ];
          example = [ "alice" ];
          description = "Users who belong to the group, beside those who name it in `extraGroups`.";
        };
      };
    };

  users = builtins.filter (user: user.enable) (lib.attrValues cfg.users);
  groups = lib.attrValues cfg.groups;

  membersOf =
    group:
    lib.unique (
      group.members ++ map (user: user.name) (builtins.filter (user: builtins.elem group.name user.extraGroups) users)
    );

  # Fields are separated by tabs and never empty: `=VALUE`, or `-` for what is not given.
  field = value: if value == null then "-" else "=${toString value}";
  record = fields: lib.concatStringsSep "\t" fields + "\n";
  groupRecord =
    group:
    record [
      "group"
      group.name
      (field group.gid)
      (field (lib.concatStringsSep "," (membersOf group)))
    ];
  userRecord =
    user:
    record [
      "user"
      user.name
      (field user.uid)
      (field user.group)
      (field user.home)
      (field (utils.toShellPath (if user.shell == null then "/bin/sh" else user.shell)))
      (field user.description)
      (if user.isNormalUser then "normal" else "system")
      (if user.createHome then user.homeMode else "-")
      (field user.hashedPassword)
      (field user.password)
      (field (if user.hashedPasswordFile != null then user.hashedPasswordFile else user.passwordFile))
      (field user.initialHashedPassword)
      (field user.initialPassword)
    ];
  specification = pkgs.writeText "users-groups" (
    lib.concatMapStrings groupRecord groups + lib.concatMapStrings userRecord users
  );

  duplicates =
    key: list:
    let
      given = builtins.filter (value: value != null) (map (item: item.${key}) list);
    in
    builtins.length given != builtins.length (lib.unique given);

  canLogIn =
    user:
    lib.any (value: value != null && value != "!" && value != "*") [
      user.hashedPassword
      user.password
      user.passwordFile
      user.hashedPasswordFile
    ]
    || (user ? openssh && (user.openssh.authorizedKeys.keys != [ ] || user.openssh.authorizedKeys.keyFiles != [ ]));

  ranges =
    option: first:
    lib.concatMapStrings (
      user: lib.concatMapStrings (range: "${user.name}:${toString range.${first}}:${toString range.count}\n") user.${option}
    ) users;

  perUserPackages = builtins.filter (user: user.packages != [ ]) users;
in
{
  options.users = {
    mutableUsers = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = ''
        Whether accounts may also be made and changed with `useradd`, `passwd` and so on. When false, the accounts are exactly
        those of the configuration after every switch.
      '';
    };
    enforceIdUniqueness = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether two users, or two groups, with the same number are an error.";
    };
    allowNoPasswordLogin = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether a configuration is accepted although nobody can log in with it.";
    };
    users = mkOption {
      type = types.attrsOf (types.submodule userOptions);
      default = { };
      example = {
        alice = {
          isNormalUser = true;
          extraGroups = [ "wheel" ];
        };
      };
      description = "The user accounts.";
    };
    groups = mkOption {
      type = types.attrsOf (types.submodule groupOptions);
      default = { };
      example = {
        students.gid = 1000;
      };
      description = "The groups.";
    };
    defaultUserShell = mkOption {
      type = types.either types.package types.str;
      default = "/run/current-system/sw/bin/bash";
      example = lib.literalExpression "pkgs.zsh";
      description = "The login shell of people.";
    };
  };

  config = {
    assertions = [
      {
        assertion = !cfg.enforceIdUniqueness || !(duplicates "uid" users || duplicates "gid" groups);
        message = "UIDs and GIDs must be unique!";
      }
      {
        assertion =
          cfg.mutableUsers
          || cfg.allowNoPasswordLogin
          || lib.any (user: canLogIn user && (user.name == "root" || user.uid == 0 || builtins.elem "wheel" user.extraGroups || builtins.elem user.name (membersOf (cfg.groups.wheel or { name = "wheel"; members = [ ]; })))) users;
        message = ''
          Neither the root account nor any wheel user has a password or SSH authorized key.
          You must set one to prevent being locked out of your system.'';
      }
    ]
    ++ map (user: {
      assertion = lib.any (group: group.name == user.group) groups;
      message = "The user `${user.name}' has the main group `${user.group}', which does not exist; declare it with `users.groups.${user.group} = { };'.";
    }) users
    ++ map (user: {
      assertion = lib.all (value: value == null || !(lib.hasInfix "\n" value || lib.hasInfix ":" value)) [
        user.hashedPassword
        user.initialHashedPassword
        user.description
        user.home
      ];
      message = "The user `${user.name}' has a hashed password, description or home directory with a colon or line break in it.";
    }) users;

    users.users = {
      root = {
        uid = ids.uids.root;
        description = "System administrator";
        home = "/root";
        shell = lib.mkDefault cfg.defaultUserShell;
        group = "root";
        initialHashedPassword = lib.mkDefault "!";
      };
      nobody = {
        uid = ids.uids.nobody;
        isSystemUser = true;
        description = "Unprivileged account (don't use!)";
        group = "nogroup";
      };
      daemon = {
        uid = ids.uids.daemon;
        isSystemUser = true;
        group = "daemon";
      };
    };

    users.groups = lib.genAttrs [
      "root"
      "daemon"
      "wheel"
      "adm"
      "tty"
      "disk"
      "lp"
      "mail"
      "uucp"
      "kmem"
      "dialout"
      "cdrom"
      "floppy"
      "tape"
      "audio"
      "shadow"
      "utmp"
      "video"
      "plugdev"
      "staff"
      "users"
      "input"
      "kvm"
      "render"
      "sgx"
      "clock"
      "man"
      "nogroup"
    ] (name: { gid = ids.gids.${name}; });

    system.activationScripts.users = {
      text = ''
        # Users and groups.
        ${pkgs.runtimeShell} ${./update-users.sh} ${specification} ${if cfg.mutableUsers then "mutable" else "fixed"} ${pkgs.debianPackage "perl-base"}/bin/perl
      '';
    };
    # An older name of the same fragment.
    system.activationScripts.groups = {
      deps = [ "users" ];
      text = "";
    };

    # The shells that packages are, where `toShellPath` says.
    environment.systemPackages = builtins.filter lib.isDerivation (
      [ cfg.defaultUserShell ] ++ map (user: user.shell) (lib.attrValues cfg.users)
    );

    environment.etc = {
      subuid = lib.mkIf (ranges "subUidRanges" "startUid" != "") {
        text = ranges "subUidRanges" "startUid";
        mode = "0644";
      };
      subgid = lib.mkIf (ranges "subGidRanges" "startGid" != "") {
        text = ranges "subGidRanges" "startGid";
        mode = "0644";
      };
      "login.defs".text = ''
        DEFAULT_HOME yes
        SYS_UID_MIN 400
        SYS_UID_MAX 999
        UID_MIN 1000
        UID_MAX 29999
        SYS_GID_MIN 400
        SYS_GID_MAX 999
        GID_MIN 1000
        GID_MAX 29999
        TTYGROUP tty
        TTYPERM 0620
        UMASK 077
        ENCRYPT_METHOD YESCRYPT
      '';
      "default/useradd" = {
        mode = "0600";
        text = ''
          GROUP=100
          HOME=/home
          SHELL=${utils.toShellPath cfg.defaultUserShell}
        '';
      };
      "default/nss".text = "";
      "skel/.keep".text = "";
    }
    // lib.listToAttrs (
      map (
        user:
        lib.nameValuePair "profiles/per-user/${user.name}" {
          source = pkgs.buildEnv {
            name = "user-environment";
            paths = user.packages;
            inherit (config.environment) pathsToLink;
            ignoreCollisions = true;
          };
        }
      ) perUserPackages
    );
  };
}
