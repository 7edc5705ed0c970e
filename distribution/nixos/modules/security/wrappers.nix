/**
  Programs that run with more rights than who starts them. The store holds no setuid files; the activation script copies these
  programs to `/run/wrappers/bin` and gives them their owner, mode and capabilities there.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.security;

  wrapperOptions =
    { name, ... }:
    {
      options = {
        enable = mkOption {
          type = types.bool;
          default = true;
          example = false;
          description = "Whether the wrapper is made.";
        };
        program = mkOption {
          type = types.str;
          default = name;
          defaultText = "the attribute's name";
          example = "ping";
          description = "The name beneath `/run/wrappers/bin`.";
        };
        source = mkOption {
          type = types.path;
          example = lib.literalExpression ''"''${pkgs.sudo}/bin/sudo"'';
          description = "The program.";
        };
        owner = mkOption {
          type = types.str;
          default = "root";
          example = "root";
          description = "The owner.";
        };
        group = mkOption {
          type = types.str;
          default = "root";
          example = "shadow";
          description = "The group.";
        };
        setuid = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = "Whether the program runs as its owner.";
        };
        setgid = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = "Whether the program runs as its group.";
        };
        permissions = mkOption {
          type = types.str;
          default = "u+rx,g+x,o+x";
          example = "u+rx,g+rx";
          description = "The other permissions, as chmod understands them.";
        };
        capabilities = mkOption {
          type = types.str;
          default = "";
          example = "cap_net_raw+ep";
          description = "File capabilities; a program with some has no setuid bit.";
        };
      };
    };

  wrappers = builtins.filter (w: w.enable) (lib.attrValues cfg.wrappers);

  make =
    w:
    let
      target = "$wrapperDir/${w.program}";
      mode = "a=,${lib.optionalString w.setuid "u+s,"}${lib.optionalString w.setgid "g+s,"}${w.permissions}";
    in
    ''
      cp -L ${w.source} ${target}
      chown ${w.owner}:${w.group} ${target}
      chmod 0000 ${target}
    ''
    + (
      if w.capabilities != "" then
        ''
          chmod ${lib.escapeShellArg "a=,${w.permissions}"} ${target}
          ${pkgs.debianPackage "libcap2-bin"}/sbin/setcap ${lib.escapeShellArg w.capabilities} ${target}
        ''
      else
        "chmod ${lib.escapeShellArg mode} ${target}\n"
    );
in
{
  options.security = {
    wrappers = mkOption {
      type = types.attrsOf (types.submodule wrapperOptions);
      default = { };
      example = lib.literalExpression ''
        { ping = { source = "''${pkgs.iputils}/bin/ping"; capabilities = "cap_net_raw+ep"; }; }
      '';
      description = "The programs with more rights, by name.";
    };

    wrapperDir = mkOption {
      type = types.path;
      internal = true;
      default = "/run/wrappers/bin";
      example = "/run/wrappers/bin";
      description = "Where the programs are.";
    };

    setuidPrograms = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "passwd" ];
      description = "The older way: names of programs of the system packages that run as root.";
    };

    setuidOwners = mkOption {
      type = types.listOf types.attrs;
      default = [ ];
      example = [
        {
          program = "sendmail";
          owner = "nobody";
          group = "postdrop";
          setuid = false;
          setgid = true;
          permissions = "u+rx,g+x,o+x";
        }
      ];
      description = "The older way, with owner, group and bits.";
    };
  };

  config = {
    security.wrappers =
      let
        legacy =
          settings:
          lib.nameValuePair settings.program (
            {
              owner = "root";
              group = "root";
              source = "${config.system.path}/bin/${settings.program}";
            }
            // settings
          );
      in
      {
        mount = {
          setuid = true;
          source = "${pkgs.debianPackage "mount"}/bin/mount";
        };
        umount = {
          setuid = true;
          source = "${pkgs.debianPackage "mount"}/bin/umount";
        };
        passwd = {
          setuid = true;
          source = "${pkgs.debianPackage "passwd"}/bin/passwd";
        };
        su = {
          setuid = true;
          source = "${pkgs.util-linux}/bin/su";
        };
        newgrp = {
          setuid = true;
          source = "${pkgs.debianPackage "login"}/bin/newgrp";
        };
        chsh = {
          setuid = true;
          source = "${pkgs.debianPackage "passwd"}/bin/chsh";
        };
        unix_chkpwd = {
          setgid = true;
          group = "shadow";
          source = "${pkgs.debianPackage "libpam-modules-bin"}/sbin/unix_chkpwd";
        };
      }
      // lib.listToAttrs (map (program: legacy { inherit program; setuid = true; }) cfg.setuidPrograms)
      // lib.listToAttrs (map legacy cfg.setuidOwners);

    system.activationScripts.wrappers = {
      deps = [
        "users"
        "groups"
      ];
      text = ''
        # /run forbids setuid programs, so these have a file system of their own. A new set is made beside the old one and
        # shown by changing one link.
        mkdir -m 0755 -p /run/wrappers
        mountpoint -q /run/wrappers || mount -t tmpfs -o nodev,mode=0755,size=50% wrappers /run/wrappers
        wrapperDir=$(mktemp -d /run/wrappers/wrappers.XXXXXXXXXX)
        chmod a+rx "$wrapperDir"
        ${lib.concatMapStrings make wrappers}
        oldWrapperDir=$(readlink /run/wrappers/bin || true)
        ln -sfn "$wrapperDir" /run/wrappers/.bin.tmp
        mv -T /run/wrappers/.bin.tmp /run/wrappers/bin
        case $oldWrapperDir in
          /run/wrappers/wrappers.*) rm -rf "$oldWrapperDir" ;;
        esac
      '';
    };

    # Mounted by the activation script, before systemd runs, and in use until the end.
    systemd.mounts = [
      {
        what = "wrappers";
        where = "/run/wrappers";
        type = "tmpfs";
        options = "nodev,mode=0755,size=50%";
        unitConfig.DefaultDependencies = false;
      }
    ];

    # Where 15.09 had them.
    systemd.tmpfiles.rules = [ "L /var/setuid-wrappers - - - - /run/wrappers/bin" ];
  };
}
