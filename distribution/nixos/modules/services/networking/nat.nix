/**
  Network address translation: machines behind this one reach the world with its address, and chosen ports of this machine
  lead to them. The rules stand in the chain `nixos-nat-post` and `nixos-nat-pre` of the nat table, and are set by the
  firewall's service where there is one, else by `nat.service`.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types concatMapStrings optionalString;
  cfg = config.networking.nat;
  firewall = config.networking.firewall;

  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
      example = !default;
    };
  strings =
    example: description:
    mkOption {
      type = types.listOf types.str;
      default = [ ];
      inherit example description;
    };
  nullable =
    example: description:
    mkOption {
      type = types.nullOr types.str;
      default = null;
      inherit example description;
    };
  commands =
    description:
    mkOption {
      type = types.lines;
      default = "";
      example = "iptables -A INPUT -p icmp -j ACCEPT";
      inherit description;
    };

  forwardOptions.options = {
    sourcePort = mkOption {
      type = types.either types.port (types.strMatching "[0-9]+:[0-9]+");
      example = 8080;
      description = "The port of this machine, or a range `FROM:TO` of them.";
    };
    destination = mkOption {
      type = types.str;
      example = "10.0.0.1:80";
      description = "Where it leads: an address, with a port unless it is the same; an IPv6 address stands in brackets.";
    };
    proto = mkOption {
      type = types.enum [
        "tcp"
        "udp"
      ];
      default = "tcp";
      example = "udp";
      description = "The protocol.";
    };
    loopbackIPs = strings [ "55.1.2.3" ] "Addresses of this machine under which machines behind it reach the port as well.";
  };

  # What the translation does to a packet that leaves.
  translate =
    externalIP: if externalIP == null then "-j MASQUERADE" else "-j SNAT --to-source ${externalIP}";
  outwards = optionalString (cfg.externalInterface != null) "-o ${cfg.externalInterface}";
  inwards = optionalString (cfg.externalInterface != null) "-i ${cfg.externalInterface}";

  rulesFor = tool: externalIP: internalIPs: forwards: ''
    for chain in pre post out; do ${tool} -w -t nat -N nixos-nat-$chain; done
    # Connections from inside carry a mark from their first packet on.
    ${concatMapStrings (interface: ''
      ${tool} -w -t nat -A nixos-nat-pre -i '${interface}' -j MARK --set-mark 1
    '') cfg.internalInterfaces}
    ${optionalString (cfg.internalInterfaces != [ ]) ''
      ${tool} -w -t nat -A nixos-nat-post -m mark --mark 1 ${outwards} ${translate externalIP}
    ''}
    ${concatMapStrings (range: ''
      ${tool} -w -t nat -A nixos-nat-post -s '${range}' ${outwards} ${translate externalIP}
    '') internalIPs}
    ${concatMapStrings (forward: forwardRules tool externalIP forward) forwards}
    ${tool} -w -t nat -A PREROUTING -j nixos-nat-pre
    ${tool} -w -t nat -A POSTROUTING -j nixos-nat-post
    ${tool} -w -t nat -A OUTPUT -j nixos-nat-out
  '';

  # "10.0.0.1:80" and "[fd00::1]:80" as address and port.
  parseDestination =
    text:
    let
      v6 = builtins.match "\\[([0-9a-fA-F:]+)](:([0-9-]+))?" text;
      v4 = builtins.match "([0-9.]+)(:([0-9-]+))?" text;
      parts = if v6 != null then v6 else v4;
    in
    if parts == null then
      throw "networking.nat.forwardPorts: `${text}' is not an address with an optional port; write 10.0.0.1:80 or [fd00::1]:80"
    else
      {
        address = builtins.elemAt parts 0;
        port = builtins.elemAt parts 2;
        isIPv6 = v6 != null;
      };

  forwardRules =
    tool: externalIP: forward:
    let
      to = parseDestination forward.destination;
      port = toString forward.sourcePort;
      portAtTarget = if to.port == null then port else lib.replaceStrings [ "-" ] [ ":" ] to.port;
      match = "-p ${forward.proto} --dport ${port}";
    in
    ''
      ${tool} -w -t nat -A nixos-nat-pre ${inwards} ${match} -j DNAT --to-destination ${forward.destination}
    ''
    + concatMapStrings (ip: ''
      # Machines behind this one, and this one itself, go round through the same door.
      ${tool} -w -t nat -A nixos-nat-out -d ${ip} ${match} -j DNAT --to-destination ${forward.destination}
      ${tool} -w -t nat -A nixos-nat-pre -d ${ip} ${match} -j DNAT --to-destination ${forward.destination}
      ${tool} -w -t nat -A nixos-nat-post -d ${to.address} -p ${forward.proto} --dport ${portAtTarget} -j SNAT --to-source ${ip}
    '') forward.loopbackIPs;

  isIPv6 = forward: (parseDestination forward.destination).isIPv6;
  stop = ''
    for tool in iptables${optionalString cfg.enableIPv6 " ip6tables"}; do
      $tool -w -t nat -D PREROUTING -j nixos-nat-pre 2>/dev/null || true
      $tool -w -t nat -D POSTROUTING -j nixos-nat-post 2>/dev/null || true
      $tool -w -t nat -D OUTPUT -j nixos-nat-out 2>/dev/null || true
      for chain in nixos-nat-pre nixos-nat-post nixos-nat-out; do
        $tool -w -t nat -F $chain 2>/dev/null || true
        $tool -w -t nat -X $chain 2>/dev/null || true
      done
    done
    ${cfg.extraStopCommands}
  '';
  start = ''
    ${stop}
    ${rulesFor "iptables" cfg.externalIP cfg.internalIPs (builtins.filter (f: !isIPv6 f) cfg.forwardPorts)}
    ${optionalString cfg.enableIPv6 (
      rulesFor "ip6tables" cfg.externalIPv6 cfg.internalIPv6s (builtins.filter isIPv6 cfg.forwardPorts)
    )}
    ${optionalString (cfg.dmzHost != null) ''
      iptables -w -t nat -A nixos-nat-pre ${inwards} -j DNAT --to-destination ${cfg.dmzHost}
    ''}
    ${cfg.extraCommands}
  '';
in
{
  options.networking.nat = {
    enable = flag false "Whether this machine translates addresses for others.";
    enableIPv6 = flag false "Whether it does so for IPv6 as well.";
    internalInterfaces = strings [ "eth1" "ve-+" ] "The interfaces behind which the others are; `+` at the end stands for any rest.";
    internalIPs = strings [ "192.168.1.0/24" ] "The networks in which the others are.";
    internalIPv6s = strings [ "fc00::/64" ] "The IPv6 networks in which the others are.";
    externalInterface = nullable "eth0" "The interface to the world; `null` means any.";
    externalIP = nullable "203.0.113.123" "The address to show; `null` means that of the interface.";
    externalIPv6 = nullable "2001:db8::1" "The IPv6 address to show; `null` means that of the interface.";
    forwardPorts = mkOption {
      type = types.listOf (types.submodule forwardOptions);
      default = [ ];
      example = [
        {
          sourcePort = 8080;
          destination = "10.0.0.1:80";
          proto = "tcp";
        }
      ];
      description = "Ports of this machine that lead to machines behind it.";
    };
    dmzHost = nullable "10.0.0.1" "The machine behind that gets everything that nothing else takes.";
    extraCommands = commands "Shell commands after the rules were set.";
    extraStopCommands = commands "Shell commands after the rules were taken away.";
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.forwardPorts == [ ] || cfg.externalInterface != null || cfg.externalIP != null;
        message = "networking.nat.forwardPorts needs networking.nat.externalInterface: which interface the connections come from.";
      }
      {
        assertion = cfg.dmzHost == null || cfg.externalInterface != null;
        message = "networking.nat.dmzHost needs networking.nat.externalInterface.";
      }
    ];

    boot.kernelModules = [ "nf_nat" ];
    boot.kernel.sysctl = {
      "net.ipv4.conf.all.forwarding" = lib.mkOverride 99 true;
      "net.ipv4.conf.default.forwarding" = lib.mkOverride 99 true;
    }
    // lib.optionalAttrs cfg.enableIPv6 {
      # A router takes no router's advertisements unless it is told to.
      "net.ipv6.conf.all.forwarding" = lib.mkOverride 99 true;
      "net.ipv6.conf.default.forwarding" = lib.mkOverride 99 true;
    };

    networking.firewall = lib.mkIf firewall.enable {
      extraCommands = start;
      extraStopCommands = stop;
    };

    systemd.services.nat = lib.mkIf (!firewall.enable) {
      description = "Network Address Translation";
      wantedBy = [ "network.target" ];
      after = [
        "network-pre.target"
        "systemd-modules-load.service"
      ];
      path = [ firewall.package ];
      unitConfig.ConditionCapability = "CAP_NET_ADMIN";
      serviceConfig.Type = "oneshot";
      serviceConfig.RemainAfterExit = true;
      script = start;
      postStop = stop;
    };
  };
}
