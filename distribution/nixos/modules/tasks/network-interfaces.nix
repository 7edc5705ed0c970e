/**
  The network: host name, addresses, routes, name servers. Static addresses are set by one service for each interface,
  `network-addresses-IF.service`, and what concerns all of them by `network-setup.service`.
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
  cfg = config.networking;
  interfaces = lib.attrValues cfg.interfaces;

  addressOptions = bits: {
    options = {
      address = mkOption {
        type = types.str;
        example = if bits == 32 then "192.168.1.1" else "2001:db8::1";
        description = "The address.";
      };
      prefixLength = mkOption {
        type = types.ints.between 0 bits;
        example = if bits == 32 then 24 else 64;
        description = "How many bits of the address name the network.";
      };
    };
  };
  addresses =
    bits:
    mkOption {
      type = types.listOf (types.submodule (addressOptions bits));
      default = [ ];
      example = [
        {
          address = if bits == 32 then "192.168.1.1" else "2001:db8::1";
          prefixLength = if bits == 32 then 24 else 64;
        }
      ];
      description = "Static addresses.";
    };
  routes = bits: mkOption {
    type = types.listOf (
      types.submodule {
        options = {
          address = mkOption {
            type = types.str;
            example = "10.0.0.0";
            description = "The network.";
          };
          prefixLength = mkOption {
            type = types.ints.between 0 bits;
            example = 16;
            description = "How many bits name the network.";
          };
          via = mkOption {
            type = types.nullOr types.str;
            default = null;
            example = "192.168.1.254";
            description = "The router.";
          };
          options = mkOption {
            type = types.attrsOf types.str;
            default = { };
            example = {
              mtu = "1492";
            };
            description = "Other properties, as `ip route` takes them.";
          };
        };
      }
    );
    default = [ ];
    example = [
      {
        address = "10.0.0.0";
        prefixLength = 16;
      }
    ];
    description = "Static routes.";
  };

  old =
    type: what:
    mkOption {
      inherit type;
      default = null;
      example = null;
      description = "The older name of ${what}.";
    };

  interfaceOptions =
    { name, config, ... }:
    {
      options = {
        name = mkOption {
          type = types.str;
          default = name;
          defaultText = "the attribute's name";
          example = "eth0";
          description = "The name of the interface.";
        };
        ipv4.addresses = addresses 32;
        ipv6.addresses = addresses 128;
        ipv4.routes = routes 32;
        ipv6.routes = routes 128;
        ip4 = addresses 32;
        ip6 = addresses 128;
        ipAddress = old (types.nullOr types.str) "`ipv4.addresses`";
        prefixLength = old (types.nullOr (types.ints.between 0 32)) "`ipv4.addresses`";
        ipv6Address = old (types.nullOr types.str) "`ipv6.addresses`";
        ipv6PrefixLength = mkOption {
          type = types.ints.between 0 128;
          default = 64;
          example = 64;
          description = "The older name of `ipv6.addresses`.";
        };
        useDHCP = mkOption {
          type = types.nullOr types.bool;
          default = null;
          example = false;
          description = "Whether the interface is configured by DHCP; `null` means: when it has no static address.";
        };
        macAddress = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "00:11:22:33:44:55";
          description = "Another hardware address for the interface.";
        };
        mtu = mkOption {
          type = types.nullOr types.ints.positive;
          default = null;
          example = 9000;
          description = "The largest packet.";
        };
        virtual = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = "Whether the interface is made by the system (a TUN or TAP device).";
        };
        virtualType = mkOption {
          type = types.enum [
            "tun"
            "tap"
          ];
          default = if lib.hasPrefix "tun" name then "tun" else "tap";
          defaultText = "`tun` for names that start with it";
          example = "tap";
          description = "The kind of a virtual interface.";
        };
        virtualOwner = mkOption {
          type = types.str;
          default = "root";
          example = "alice";
          description = "Who may use a virtual interface.";
        };
      };

      config = {
        ipv4.addresses =
          config.ip4
          ++ lib.optional (config.ipAddress != null) {
            address = config.ipAddress;
            prefixLength = if config.prefixLength == null then 24 else config.prefixLength;
          };
        ipv6.addresses =
          config.ip6
          ++ lib.optional (config.ipv6Address != null) {
            address = config.ipv6Address;
            prefixLength = config.ipv6PrefixLength;
          };
      };
    };

  gatewayType = types.nullOr (
    types.coercedTo types.str (address: { inherit address; }) (
      types.submodule {
        options = {
          address = mkOption {
            type = types.str;
            example = "192.168.1.254";
            description = "The router's address.";
          };
          interface = mkOption {
            type = types.nullOr types.str;
            default = null;
            example = "eth0";
            description = "The interface behind which the router is.";
          };
          metric = mkOption {
            type = types.nullOr types.int;
            default = null;
            example = 42;
            description = "The route's metric; the smallest wins.";
          };
        };
      }
    )
  );

  hasStatic = i: i.ipv4.addresses != [ ] || i.ipv6.addresses != [ ];
  configured =
    i: hasStatic i || i.ipv4.routes != [ ] || i.ipv6.routes != [ ] || i.macAddress != null || i.mtu != null;

  deviceUnit = i: "sys-subsystem-net-devices-${utils.escapeSystemdPath i.name}.device";

  routeCommand =
    i: family: route:
    "ip ${family} route replace ${route.address}/${toString route.prefixLength} ${
      lib.optionalString (route.via != null) "via ${route.via} "
    }${lib.concatStrings (lib.mapAttrsToList (n: v: "${n} ${v} ") route.options)}dev ${i.name}\n";
  addressCommand =
    i: a:
    ''
      ip addr replace ${a.address}/${toString a.prefixLength} dev ${i.name}
      echo ${a.address}/${toString a.prefixLength} >> /run/nixos/network/addresses/${i.name}
    '';

  addressService = i: {
    description = "Address configuration of ${i.name}";
    wantedBy = [
      "network-setup.service"
      "network.target"
    ];
    before = [ "network-setup.service" ];
    bindsTo = lib.optional (!i.virtual) (deviceUnit i);
    after = lib.optional (!i.virtual) (deviceUnit i) ++ [ "network-pre.target" ];
    requires = lib.optional i.virtual "${i.name}-netdev.service";
    unitConfig.DefaultDependencies = false;
    conflicts = [ "shutdown.target" ];
    path = [ pkgs.iproute2 ];
    stopIfChanged = false;
    script = ''
      mkdir -p /run/nixos/network/addresses
      : > /run/nixos/network/addresses/${i.name}
      ${lib.optionalString (i.macAddress != null) "ip link set dev ${i.name} address ${i.macAddress}"}
      ${lib.optionalString (i.mtu != null) "ip link set dev ${i.name} mtu ${toString i.mtu}"}
      ip link set dev ${i.name} up
      ${lib.concatMapStrings (addressCommand i) (i.ipv4.addresses ++ lib.optionals cfg.enableIPv6 i.ipv6.addresses)}
      ${lib.concatMapStrings (routeCommand i "-4") i.ipv4.routes}
      ${lib.optionalString cfg.enableIPv6 (lib.concatMapStrings (routeCommand i "-6") i.ipv6.routes)}
    '';
    preStop = ''
      if [ -e /run/nixos/network/addresses/${i.name} ]; then
        while read -r address; do
          ip addr del "$address" dev ${i.name} || true
        done < /run/nixos/network/addresses/${i.name}
        rm -f /run/nixos/network/addresses/${i.name}
      fi
    '';
    serviceConfig.Type = "oneshot";
    serviceConfig.RemainAfterExit = true;
  };

  # The name that the manual gives to the service of a static interface.
  addressServices = lib.listToAttrs (
    map (i: lib.nameValuePair "network-addresses-${i.name}" (addressService i // { aliases = [ "${i.name}-cfg.service" ]; })) (
      builtins.filter configured interfaces
    )
  );

  tunServices = lib.listToAttrs (
    map (
      i:
      lib.nameValuePair "${i.name}-netdev" {
        description = "Virtual interface ${i.name}";
        before = [ "network-addresses-${i.name}.service" ];
        wantedBy = [ "network-setup.service" ];
        path = [ pkgs.iproute2 ];
        script = ''
          ip tuntap add dev ${i.name} mode ${i.virtualType} user ${i.virtualOwner}
          ip link set ${i.name} up
        '';
        postStop = "ip link del ${i.name} || true";
        serviceConfig.Type = "oneshot";
        serviceConfig.RemainAfterExit = true;
      }
    ) (builtins.filter (i: i.virtual) interfaces)
  );

  bridgeServices = lib.mapAttrs' (
    name: bridge:
    lib.nameValuePair "${name}-netdev" {
      description = "Bridge ${name}";
      wantedBy = [ "network-setup.service" ];
      before = [ "network-setup.service" ];
      unitConfig.DefaultDependencies = false;
      after = map (i: "sys-subsystem-net-devices-${utils.escapeSystemdPath i}.device") bridge.interfaces;
      path = [ pkgs.iproute2 ];
      script = ''
        ip link show ${name} >/dev/null 2>&1 || ip link add ${name} type bridge
        ${lib.concatMapStrings (i: "ip link set ${i} up\nip link set ${i} master ${name}\n") bridge.interfaces}
        ip link set ${name} up
      '';
      postStop = "ip link del ${name} || true";
      serviceConfig.Type = "oneshot";
      serviceConfig.RemainAfterExit = true;
    }
  ) cfg.bridges;

  gatewayCommand =
    family: gateway:
    lib.optionalString (gateway != null) ''
      ip ${family} route replace default ${
        lib.optionalString (gateway.metric != null) "metric ${toString gateway.metric} "
      }via ${gateway.address}${lib.optionalString (gateway.interface != null) " dev ${gateway.interface}"} proto static
    '';
in
{
  options.networking = {
    hostName = mkOption {
      type = types.str;
      default = "nixos";
      example = "cartman";
      description = "The name of the machine, without domain. When it is empty, DHCP may give one.";
    };
    hostId = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "4e98920d";
      description = "Eight hexadecimal digits that tell this machine from others.";
    };
    domain = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "example.org";
      description = "The domain of the machine.";
    };
    search = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "example.org" ];
      description = "Domains in which short names are looked up.";
    };
    nameservers = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "130.161.158.4" ];
      description = "The name servers; those that DHCP gives come after them.";
    };
    enableIPv6 = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the machine speaks IPv6.";
    };
    interfaces = mkOption {
      type = types.attrsOf (types.submodule interfaceOptions);
      default = { };
      example = {
        eth0.ipv4.addresses = [
          {
            address = "131.211.84.78";
            prefixLength = 25;
          }
        ];
      };
      description = "The interfaces that are not left to DHCP.";
    };
    bridges = mkOption {
      type = types.attrsOf (
        types.submodule {
          options.interfaces = mkOption {
            type = types.listOf types.str;
            default = [ ];
            example = [ "eth0" ];
            description = "The interfaces that the bridge joins.";
          };
        }
      );
      default = { };
      example = {
        br0.interfaces = [ "eth0" ];
      };
      description = "Bridges between interfaces.";
    };
    defaultGateway = mkOption {
      type = gatewayType;
      default = null;
      example = {
        address = "131.211.84.1";
        interface = "eth0";
      };
      description = "The router of last resort for IPv4; a plain address will do.";
    };
    defaultGateway6 = mkOption {
      type = gatewayType;
      default = null;
      example = {
        address = "2001:db8::1";
        interface = "eth0";
      };
      description = "The router of last resort for IPv6.";
    };
    localCommands = mkOption {
      type = types.lines;
      default = "";
      example = "ip -6 addr add 2001:610:685:1::1/64 dev eth0";
      description = "Shell commands at the end of `network-setup.service`.";
    };
    useDHCP = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether interfaces without static addresses are configured by DHCP.";
    };
    usePredictableInterfaceNames = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether interfaces are named after their place in the machine (`enp0s3`) rather than in the order in which they are found (`eth0`).";
    };
    useHostResolvConf = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether a container uses the host's `/etc/resolv.conf`.";
    };
    resolvconf.enable = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether `/etc/resolv.conf` is put together by resolvconf.";
    };
    resolvconf.extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "libc=NO";
      description = "Lines for resolvconf.conf(5).";
    };
  };

  config = {
    assertions = map (i: {
      assertion = builtins.stringLength i.name < 16;
      message = "The name of the network interface `${i.name}' is longer than 15 characters.";
    }) interfaces
    ++ [
      {
        assertion = builtins.match "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?|" cfg.hostName != null && builtins.stringLength cfg.hostName < 64;
        message = "The host name `${cfg.hostName}' (networking.hostName) may consist of letters, digits and inner hyphens only, without domain.";
      }
      {
        assertion = cfg.hostId == null || builtins.match "[0-9a-f]{8}" cfg.hostId != null;
        message = "networking.hostId must be eight hexadecimal digits.";
      }
    ];

    environment.etc = {
      resolvconf = lib.mkIf cfg.resolvconf.enable {
        target = "resolvconf.conf";
        text = ''
          resolv_conf=/etc/resolv.conf
          ${lib.optionalString (cfg.nameservers != [ ]) "name_servers=\"${lib.concatStringsSep " " cfg.nameservers}\""}
          ${lib.optionalString (cfg.search != [ ] || cfg.domain != null) "search_domains=\"${
            lib.concatStringsSep " " (cfg.search ++ lib.optional (cfg.domain != null && cfg.search == [ ]) cfg.domain)
          }\""}
          ${cfg.resolvconf.extraConfig}
        '';
      };
    }
    // lib.optionalAttrs (cfg.hostName != "") {
      hostname.text = cfg.hostName + "\n";
    }
    // lib.optionalAttrs (!cfg.usePredictableInterfaceNames) {
      "systemd/network/99-default.link".source = "/dev/null";
      "udev/rules.d/80-net-setup-link.rules".source = "/dev/null";
    };

    boot.kernelParams = lib.optional (!cfg.usePredictableInterfaceNames) "net.ifnames=0";

    boot.kernelModules = [ "af_packet" ];
    boot.kernel.sysctl = {
      "net.ipv6.conf.all.disable_ipv6" = lib.mkDefault (!cfg.enableIPv6);
      "net.ipv6.conf.default.disable_ipv6" = lib.mkDefault (!cfg.enableIPv6);
    };

    environment.systemPackages = [
      pkgs.iproute2
      pkgs.iputils
      (pkgs.debianPackage "net-tools")
      (pkgs.debianPackage "openresolv")
    ];
    environment.fhsPackages = [
      pkgs.iproute2
      (pkgs.debianPackage "openresolv")
    ];

    security.wrappers.ping = {
      source = "${pkgs.iputils}/bin/ping";
      capabilities = "cap_net_raw+p";
    };

    systemd.services =
      addressServices
      // tunServices
      // bridgeServices
      // {
        network-setup = {
          description = "Networking setup";
          after = [
            "network-pre.target"
            "systemd-udevd.service"
            "systemd-sysctl.service"
          ];
          before = [
            "network.target"
            "shutdown.target"
          ];
          wants = [ "network.target" ];
          wantedBy = [ "multi-user.target" ];
          conflicts = [ "shutdown.target" ];
          unitConfig.DefaultDependencies = false;
          unitConfig.ConditionCapability = "CAP_NET_ADMIN";
          path = [
            pkgs.iproute2
            (pkgs.debianPackage "openresolv")
          ];
          script = ''
            ${lib.optionalString cfg.resolvconf.enable "resolvconf -u"}
            ${gatewayCommand "-4" cfg.defaultGateway}
            ${lib.optionalString cfg.enableIPv6 (gatewayCommand "-6" cfg.defaultGateway6)}
            # What networking.localCommands asks for; a command that fails does not keep the network down.
            set +e
            ${cfg.localCommands}
            true
          '';
          serviceConfig.Type = "oneshot";
          serviceConfig.RemainAfterExit = true;
        };
      };

    system.activationScripts.hostname = lib.mkIf (cfg.hostName != "") {
      deps = [ "etc" ];
      text = ''
        [ ! -w /proc/sys/kernel/hostname ] || [ -n "$container" ] || echo ${cfg.hostName} > /proc/sys/kernel/hostname
      '';
    };
    system.activationScripts.domain = lib.mkIf (cfg.domain != null) {
      text = "[ ! -w /proc/sys/kernel/domainname ] || echo ${lib.escapeShellArg cfg.domain} > /proc/sys/kernel/domainname";
    };
  };
}
