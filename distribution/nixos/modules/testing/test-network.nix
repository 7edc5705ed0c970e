/**
  The virtual networks of a test: network N is 192.168.N.0/24, and machine M has the address 192.168.N.M in it, where the
  machines are numbered by the order of their names. They find each other by name.
*/
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.virtualisation;
  inherit (cfg.test) nodes nodeNumber allNodes;

  pad = n: if n < 16 then "0${lib.toHexString n}" else lib.toHexString n;
  hardwareAddress = vlan: "52:54:00:12:${pad vlan}:${pad nodeNumber}";

  interfaces = lib.imap1 (index: vlan: {
    inherit vlan;
    name = "eth${toString index}";
    address = "192.168.${toString vlan}.${toString nodeNumber}";
    address6 = "2001:db8:${toString vlan}::${toString nodeNumber}";
  }) cfg.vlans;
in
{
  options = {
    virtualisation.test = {
      nodeName = mkOption {
        type = types.str;
        internal = true;
        example = "server";
        description = "The name of this machine in the test.";
      };
      nodeNumber = mkOption {
        type = types.int;
        internal = true;
        example = 1;
        description = "The number of this machine in the test, from 1.";
      };
      allNodes = mkOption {
        type = types.listOf types.str;
        internal = true;
        example = [ "server" ];
        description = "The names of all machines of the test.";
      };
      nodes = mkOption {
        type = types.raw;
        internal = true;
        example = { };
        description = "The configurations of all machines of the test.";
      };
    };
    networking.primaryIPAddress = mkOption {
      type = types.str;
      default = "";
      internal = true;
      example = "192.168.1.1";
      description = "The address of this machine in the first of its virtual networks.";
    };
    networking.primaryIPv6Address = mkOption {
      type = types.str;
      default = "";
      internal = true;
      example = "2001:db8:1::1";
      description = "The same for IPv6.";
    };
  };

  config = {
    networking = {
      hostName = lib.mkDefault cfg.test.nodeName;
      primaryIPAddress = lib.optionalString (interfaces != [ ]) (lib.head interfaces).address;
      primaryIPv6Address = lib.optionalString (interfaces != [ ]) (lib.head interfaces).address6;

      interfaces = lib.listToAttrs (
        map (
          interface:
          lib.nameValuePair interface.name {
            ipv4.addresses = [
              {
                inherit (interface) address;
                prefixLength = 24;
              }
            ];
            ipv6.addresses = [
              {
                address = interface.address6;
                prefixLength = 64;
              }
            ];
          }
        ) interfaces
      );

      extraHosts = lib.concatMapStrings (
        name:
        let
          node = nodes.${name};
          names = lib.unique (
            lib.optional (node.networking.domain != null) "${node.networking.hostName}.${node.networking.domain}"
            ++ [
              node.networking.hostName
              name
            ]
          );
          line = address: lib.optionalString (address != "") "${address} ${toString (builtins.filter (n: n != "") names)}\n";
        in
        line node.networking.primaryIPAddress + line node.networking.primaryIPv6Address
      ) allNodes;
    };

    # The driver says by QEMU_VLANS where its switches listen; a machine that runs alone is on networks of its own.
    virtualisation.qemu.networkingOptions = lib.mkAfter (
      lib.concatMap (interface: [
        "-device virtio-net-pci,netdev=vlan${toString interface.vlan},mac=${hardwareAddress interface.vlan},romfile="
        "-netdev \${QEMU_VLANS:-hubport,hubid=}${toString interface.vlan},id=vlan${toString interface.vlan}"
      ]) interfaces
    );
  };
}
