/**
  Files and directories that exist at run time, and their cleaning up.
*/
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
  cfg = config.systemd.tmpfiles;

  entryOptions = {
    mode = mkOption {
      type = types.str;
      default = "-";
      example = "0755";
      description = "The permissions.";
    };
    user = mkOption {
      type = types.str;
      default = "-";
      example = "root";
      description = "The owner.";
    };
    group = mkOption {
      type = types.str;
      default = "-";
      example = "root";
      description = "The group.";
    };
    age = mkOption {
      type = types.str;
      default = "-";
      example = "10d";
      description = "How old files may get.";
    };
    argument = mkOption {
      type = types.str;
      default = "";
      example = "/target";
      description = "What the type of entry asks for.";
    };
  };

  settingsType = types.attrsOf (types.attrsOf (types.attrsOf (types.submodule { options = entryOptions; })));

  line = path: type: e: "${type} ${path} ${e.mode} ${e.user} ${e.group} ${e.age} ${e.argument}";
  file =
    paths:
    lib.concatStrings (
      lib.concatLists (
        lib.mapAttrsToList (path: types: lib.mapAttrsToList (type: entry: line path type entry + "\n") types) paths
      )
    );
in
{
  options.systemd.tmpfiles = {
    rules = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "d /var/lib/example 0755 alice users -" ];
      description = "Lines in the form of tmpfiles.d(5).";
    };
    settings = mkOption {
      type = settingsType;
      default = { };
      example = {
        "10-example"."/var/lib/example".d.mode = "0755";
      };
      description = "The same in sets: name of the file, path, type of entry, and its values.";
    };
  };

  config = {
    environment.etc =
      {
        "tmpfiles.d/00-nixos.conf".text = lib.concatStringsSep "\n" cfg.rules + "\n";
      }
      // lib.mapAttrs' (name: paths: lib.nameValuePair "tmpfiles.d/${name}.conf" { text = file paths; }) cfg.settings;

    systemd.tmpfiles.rules = [
      "d /nix/var/nix/gcroots 0755 root root -"
      "L+ /nix/var/nix/gcroots/booted-system - - - - /run/booted-system"
      "d /run/lock 0755 root root -"
      "d /var/db 0755 root root -"
    ];
  };
}
