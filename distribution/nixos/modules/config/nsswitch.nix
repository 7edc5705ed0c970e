/**
  Where names of users, hosts and so on are looked up.
*/
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  database =
    description:
    mkOption {
      type = types.listOf types.str;
      internal = true;
      default = [ ];
      example = [ "files" ];
      inherit description;
    };
  cfg = config.system;
  line = name: list: "${name}: ${lib.concatStringsSep " " list}\n";
in
{
  options.system = {
    nssModules = mkOption {
      type = types.listOf types.package;
      internal = true;
      default = [ ];
      example = lib.literalExpression "[ pkgs.debian.libnss-mdns ]";
      description = "Packages with sources of names.";
    };
    nssDatabases = {
      passwd = database "Where users are looked up.";
      group = database "Where groups are looked up.";
      shadow = database "Where passwords are looked up.";
      hosts = database "Where hosts are looked up.";
      services = database "Where services are looked up.";
    };
  };

  config = {
    environment.fhsPackages = cfg.nssModules ++ [ (pkgs.debianPackage "netbase") ];
    system.nssDatabases = {
      passwd = [
        "files"
        "systemd"
      ];
      group = [
        "files"
        "[success=merge]"
        "systemd"
      ];
      shadow = [
        "files"
        "systemd"
      ];
      hosts = lib.mkMerge [
        (lib.mkOrder 900 [ "files" ])
        (lib.mkOrder 1490 [ "myhostname" ])
        (lib.mkOrder 1499 [ "dns" ])
      ];
      services = [ "files" ];
    };
    environment.etc."nsswitch.conf".text =
      line "passwd" cfg.nssDatabases.passwd
      + line "group" cfg.nssDatabases.group
      + line "shadow" cfg.nssDatabases.shadow
      + line "hosts" cfg.nssDatabases.hosts
      + line "services" cfg.nssDatabases.services
      + "networks: files\nethers: files\nprotocols: files\nrpc: files\n";
  };
}
