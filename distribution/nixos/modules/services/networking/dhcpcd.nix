/**
  dhcpcd: addresses by DHCP and IPv6 router advertisement for all interfaces that have no static ones.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.networking.dhcpcd;
  dhcpcd = pkgs.debianPackage "dhcpcd-base";
  net = config.networking;

  static = i: i.useDHCP == false || (i.useDHCP == null && (i.ipv4.addresses != [ ] || i.ipv6.addresses != [ ]));
  ignored =
    map (i: i.name) (builtins.filter static (lib.attrValues net.interfaces))
    ++ lib.concatMap (bridge: bridge.interfaces) (lib.attrValues net.bridges)
    ++ cfg.denyInterfaces;

  configFile = pkgs.writeText "dhcpcd.conf" ''
    # Which interfaces: all but static ones and those that belong to somebody else.
    hostname
    option domain_name_servers, domain_name, domain_search, host_name
    option classless_static_routes, ntp_servers, interface_mtu
    slaac private
    denyinterfaces ${toString (ignored ++ [ "lo" "peth*" "vif*" "tap*" "tun*" "virbr*" "vnet*" "vboxnet*" "sit*" "ve-*" "vb-*" "docker*" ])}
    ${lib.optionalString (cfg.allowInterfaces != null) "allowinterfaces ${toString cfg.allowInterfaces}"}
    ${lib.optionalString (!net.enableIPv6) "noipv6"}
    ${lib.optionalString cfg.persistent "persistent"}
    ${cfg.extraConfig}
  '';
in
{
  options.networking.dhcpcd = {
    enable = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether dhcpcd configures the interfaces; see also `networking.useDHCP`.";
    };
    persistent = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether addresses stay when dhcpcd stops; needed when the root file system is on the network.";
    };
    denyInterfaces = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "veth*" ];
      description = "Patterns of interfaces to leave alone.";
    };
    allowInterfaces = mkOption {
      type = types.nullOr (types.listOf types.str);
      default = null;
      example = [ "eth*" ];
      description = "Patterns of the only interfaces to configure.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "clientid";
      description = "Lines for dhcpcd.conf(5).";
    };
    wait = mkOption {
      type = types.enum [
        "background"
        "any"
        "ipv4"
        "ipv6"
        "both"
      ];
      default = "background";
      example = "any";
      description = "What the boot waits for: nothing, or addresses of a family.";
    };
  };

  config = lib.mkIf (cfg.enable && net.useDHCP) {
    systemd.services.dhcpcd = {
      description = "DHCP client";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network.target" ];
      before = [ "network-online.target" ];
      after = [ "systemd-udevd.service" ];
      stopIfChanged = false;
      restartTriggers = [ configFile ];
      path = [
        (pkgs.debianPackage "openresolv")
        (pkgs.debianPackage "hostname")
      ];
      unitConfig.ConditionCapability = "CAP_NET_ADMIN";
      serviceConfig = {
        Type = "forking";
        PIDFile = "/run/dhcpcd/pid";
        RuntimeDirectory = "dhcpcd";
        StateDirectory = "dhcpcd";
        ExecStart = "${dhcpcd}/sbin/dhcpcd --quiet ${
          {
            background = "-b";
            any = "-w";
            ipv4 = "-4 -w";
            ipv6 = "-6 -w";
            both = "--waitip=4 --waitip=6";
          }
          .${cfg.wait}
        } --config ${configFile}";
        ExecReload = "${dhcpcd}/sbin/dhcpcd --rebind";
        Restart = "always";
      };
    };

    systemd.targets.network-online.wantedBy = lib.mkIf (cfg.wait != "background") [ "multi-user.target" ];

    environment.systemPackages = [ dhcpcd ];
    environment.fhsPackages = [ dhcpcd ];

    users.users.dhcpcd = {
      uid = config.ids.uids.dhcpcd;
      group = "dhcpcd";
      isSystemUser = true;
      home = "/var/lib/dhcpcd";
      description = "DHCP client";
    };
    users.groups.dhcpcd.gid = config.ids.gids.dhcpcd;
  };
}
