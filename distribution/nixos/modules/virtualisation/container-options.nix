/**
  What can be set for each container of `containers`.
*/
{
  lib,
  hostSystem,
  systemStateVersion,
}:
{
  config,
  name,
  options,
  ...
}:
let
  inherit (lib) mkOption types;
  containerName = name;
  nullable =
    example: description:
    mkOption {
      type = types.nullOr types.str;
      default = null;
      inherit example description;
    };
  strings =
    example: description:
    mkOption {
      type = types.listOf types.str;
      default = [ ];
      inherit example description;
    };
  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
      example = !default;
    };

  # The system inside, as a value of an option: all definitions are its modules.
  systemType = lib.mkOptionType {
    name = "NixOS configuration";
    description = "NixOS configuration";
    merge =
      _loc: definitions:
      (import ../../lib/eval-config.nix {
        system = hostSystem;
        prefix = [
          "containers"
          containerName
        ];
        modules = [
          {
            _file = "containers.${containerName}";
            boot.isContainer = true;
            networking.hostName = lib.mkDefault containerName;
            networking.useDHCP = false;
            networking.useHostResolvConf = lib.mkDefault (!config.privateNetwork);
            system.stateVersion = lib.mkDefault systemStateVersion;
            # Only the container's own rules stand in its own network.
            networking.firewall.enable = lib.mkIf (!config.privateNetwork) (lib.mkForce false);
          }
        ]
        ++ map (d: d.value) definitions;
      }).config;
  };

  mountOptions =
    { name, ... }:
    {
      options = {
        mountPoint = mkOption {
          type = types.str;
          default = name;
          defaultText = "the attribute's name";
          example = "/home";
          description = "Where it stands inside.";
        };
        hostPath = nullable "/home/alice" "What stands there; `null` means the same path.";
        isReadOnly = flag true "Whether the container can only read it.";
      };
    };

  portOptions.options = {
    protocol = mkOption {
      type = types.enum [
        "tcp"
        "udp"
      ];
      default = "tcp";
      example = "udp";
      description = "The protocol.";
    };
    hostPort = mkOption {
      type = types.port;
      example = 8080;
      description = "The port of the machine.";
    };
    containerPort = mkOption {
      type = types.nullOr types.port;
      default = null;
      example = 80;
      description = "The port of the container; `null` means the same.";
    };
  };
in
{
  options = {
    config = mkOption {
      type = systemType;
      example = lib.literalExpression "{ services.openssh.enable = true; }";
      description = "The container's system, written as a machine's.";
    };
    path = mkOption {
      type = types.path;
      defaultText = "the toplevel of `config`";
      example = "/nix/var/nix/profiles/per-container/webserver";
      description = "A system that is there already, instead of `config`.";
    };
    privateNetwork = flag false "Whether the container has a network of its own instead of the machine's.";
    interfaces = strings [ "eth1" ] "Interfaces of the machine that are given to the container.";
    macvlans = strings [ "eth1" ] "Interfaces of the machine on which the container gets a second address.";
    hostBridge = nullable "br0" "A bridge of the machine to which the container's network is joined.";
    hostAddress = nullable "10.231.136.1" "The address of the machine's end of the network.";
    localAddress = nullable "10.231.136.2" "The address of the container's end, with a prefix length if there is a bridge.";
    hostAddress6 = nullable "fc00::1" "The IPv6 address of the machine's end.";
    localAddress6 = nullable "fc00::2" "The IPv6 address of the container's end.";
    autoStart = flag false "Whether the container starts with the machine.";
    ephemeral = flag false "Whether what the container writes is forgotten when it stops.";
    restartIfChanged = flag true "Whether the container restarts when what surrounds it changes.";
    timeoutStartSec = mkOption {
      type = types.str;
      default = "10min";
      example = "20min";
      description = "How long it may take until the container has booted.";
    };
    bindMounts = mkOption {
      type = types.attrsOf (types.submodule mountOptions);
      default = { };
      example = {
        "/home".hostPath = "/home/alice";
      };
      description = "Directories of the machine that the container sees.";
    };
    tmpfs = strings [ "/var" ] "Directories of the container that are in memory.";
    allowedDevices = mkOption {
      type = types.listOf (
        types.submodule {
          options = {
            node = mkOption {
              type = types.str;
              example = "/dev/net/tun";
              description = "The device.";
            };
            modifier = mkOption {
              type = types.str;
              example = "rw";
              description = "What the container may do: read, write, make the node.";
            };
          };
        }
      );
      default = [ ];
      example = [
        {
          node = "/dev/net/tun";
          modifier = "rw";
        }
      ];
      description = "Devices that the container may use.";
    };
    forwardPorts = mkOption {
      type = types.listOf (types.submodule portOptions);
      default = [ ];
      example = [
        {
          hostPort = 8080;
          containerPort = 80;
        }
      ];
      description = "Ports of the machine that lead into the container's network.";
    };
    additionalCapabilities = strings [ "CAP_NET_ADMIN" ] "Capabilities beyond those of containers.";
    extraFlags = strings [ "--drop-capability=CAP_SYS_CHROOT" ] "Further arguments of systemd-nspawn.";
  };

  config.path = lib.mkIf options.config.isDefined (lib.mkDefault config.config.system.build.toplevel);
}
