/**
  The firewall: what may come in. Everything that is not part of a connection of the machine itself, nor opened here or by a
  module, is refused. The rules stand in the chain `nixos-fw` of the filter table, for both families, and are set in one
  step by iptables-restore.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types concatMapStrings optionalString;
  cfg = config.networking.firewall;
  d = pkgs.debianPackage;

  # Debian chooses between two implementations when the package is installed; these are the links to one of them.
  tools = pkgs.runCommand "iptables-tools" { preferLocalBuild = true; } ''
    mkdir -p $out/bin
    for program in iptables ip6tables iptables-restore ip6tables-restore iptables-save ip6tables-save; do
      ln -s ${d "iptables"}/sbin/xtables-nft-multi $out/bin/$program
    done
  '';

  portRange = types.submodule {
    options = {
      from = mkOption {
        type = types.port;
        example = 8000;
        description = "The first port.";
      };
      to = mkOption {
        type = types.port;
        example = 8010;
        description = "The last port.";
      };
    };
  };
  ports =
    what: example:
    mkOption {
      type = types.listOf types.port;
      default = [ ];
      inherit example;
      apply = list: lib.unique (lib.sort (a: b: a < b) list);
      description = "The ${what} ports that are open.";
    };
  ranges =
    what:
    mkOption {
      type = types.listOf portRange;
      default = [ ];
      example = [
        {
          from = 8999;
          to = 9003;
        }
      ];
      description = "Ranges of ${what} ports that are open.";
    };
  portOptions = {
    allowedTCPPorts = ports "TCP" [
      22
      80
    ];
    allowedTCPPortRanges = ranges "TCP";
    allowedUDPPorts = ports "UDP" [ 53 ];
    allowedUDPPortRanges = ranges "UDP";
  };

  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
      example = !default;
    };
  commands =
    description:
    mkOption {
      type = types.lines;
      default = "";
      example = "iptables -A INPUT -p icmp -j ACCEPT";
      inherit description;
    };

  rules =
    interface: set:
    let
      from = optionalString (interface != null) "-i ${interface} ";
      one = protocol: port: "-A nixos-fw ${from}-p ${protocol} --dport ${toString port} -j nixos-fw-accept\n";
      range = protocol: r: "-A nixos-fw ${from}-p ${protocol} --dport ${toString r.from}:${toString r.to} -j nixos-fw-accept\n";
    in
    concatMapStrings (one "tcp") set.allowedTCPPorts
    + concatMapStrings (range "tcp") set.allowedTCPPortRanges
    + concatMapStrings (one "udp") set.allowedUDPPorts
    + concatMapStrings (range "udp") set.allowedUDPPortRanges;

  log = prefix: condition: "-A nixos-fw-log-refuse ${condition}-j LOG --log-level info --log-prefix \"${prefix}: \"\n";

  table = family: ''
    *filter
    :nixos-fw - [0:0]
    :nixos-fw-accept - [0:0]
    :nixos-fw-refuse - [0:0]
    :nixos-fw-log-refuse - [0:0]
    -A nixos-fw-accept -j ACCEPT
    ${
      if cfg.rejectPackets then
        ''
          -A nixos-fw-refuse -p tcp ! --syn -j DROP
          -A nixos-fw-refuse -p tcp -j REJECT --reject-with tcp-reset
          -A nixos-fw-refuse -j REJECT''
      else
        "-A nixos-fw-refuse -j DROP"
    }
    ${optionalString cfg.logRefusedConnections (log "refused connection" "-p tcp --syn ")}
    ${optionalString cfg.logRefusedPackets (
      optionalString (family == 4) (
        log "refused broadcast" "-m pkttype --pkt-type broadcast "
        + log "refused multicast" "-m pkttype --pkt-type multicast "
      )
      + "-A nixos-fw-log-refuse -m pkttype ! --pkt-type unicast -j nixos-fw-refuse\n"
      + log "refused packet" ""
    )}
    -A nixos-fw-log-refuse -j nixos-fw-refuse
    ${concatMapStrings (interface: "-A nixos-fw -i ${interface} -j nixos-fw-accept\n") cfg.trustedInterfaces}
    -A nixos-fw -m conntrack --ctstate ESTABLISHED,RELATED -j nixos-fw-accept
    ${rules null cfg}
    ${lib.concatStrings (lib.mapAttrsToList rules cfg.interfaces)}
    ${optionalString (family == 4 && cfg.allowPing) "-A nixos-fw -p icmp --icmp-type echo-request ${
      optionalString (cfg.pingLimit != null) "-m limit ${cfg.pingLimit} "
    }-j nixos-fw-accept"}
    ${optionalString (family == 6) ''
      -A nixos-fw -p icmpv6 --icmpv6-type redirect -j DROP
      -A nixos-fw -p icmpv6 --icmpv6-type 139 -j DROP
      -A nixos-fw -p icmpv6 -j nixos-fw-accept
      -A nixos-fw -d fe80::/64 -p udp --dport 546 -j nixos-fw-accept''}
    COMMIT
  '';

  clean = text: lib.concatStringsSep "\n" (builtins.filter (line: line != "") (map (lib.removePrefix "    ") (lib.splitString "\n" text))) + "\n";
  table4 = pkgs.writeText "firewall-ipv4" (clean (table 4));
  table6 = pkgs.writeText "firewall-ipv6" (clean (table 6));
  ipv6 = config.networking.enableIPv6;

  helpers = ''
    ip46tables() {
      iptables -w "$@"
      ${optionalString ipv6 "ip6tables -w \"$@\""}
    }
    detach() { # takes the chain out of INPUT and empties our chains
      for tool in iptables${optionalString ipv6 " ip6tables"}; do
        $tool -w -D INPUT -j nixos-fw 2>/dev/null || true
        for chain in nixos-fw nixos-fw-log-refuse nixos-fw-refuse nixos-fw-accept; do
          $tool -w -F $chain 2>/dev/null || true
          $tool -w -X $chain 2>/dev/null || true
        done
      done
    }
  '';

  start = ''
    ${helpers}
    if iptables -w -C INPUT -j nixos-fw 2>/dev/null; then
      ${cfg.extraStopCommands}
      detach
    fi
    iptables-restore -w --noflush < ${table4}
    ${optionalString ipv6 "ip6tables-restore -w --noflush < ${table6}"}
    ${cfg.extraCommands}
    ip46tables -A nixos-fw -j nixos-fw-log-refuse
    ip46tables -A INPUT -j nixos-fw
  '';
in
{
  options.networking.firewall = {
    enable = flag true "Whether the firewall stands.";
    package = mkOption {
      type = types.package;
      default = tools;
      defaultText = "iptables in its nftables form";
      example = lib.literalExpression "pkgs.iptables";
      description = "The package whose `iptables` sets the rules.";
    };
    logRefusedConnections = flag false "Whether refused connections are logged.";
    logRefusedPackets = flag false "Whether all refused packets are logged.";
    logRefusedUnicastsOnly = flag true "Whether only packets for this very machine are logged.";
    rejectPackets = flag false "Whether the sender of a refused packet is told, instead of hearing nothing.";
    trustedInterfaces = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "enp0s2" ];
      description = "Interfaces from which everything may come in.";
    };
    allowPing = flag true "Whether the machine answers pings. ICMPv6 is always let in.";
    pingLimit = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "--limit 1/minute --limit-burst 5";
      description = "A limit on pings, in the terms of iptables.";
    };
    checkReversePath = mkOption {
      type = types.either types.bool (
        types.enum [
          "strict"
          "loose"
        ]
      );
      default = false;
      example = "loose";
      description = "Whether packets whose answer would leave through another interface are dropped.";
    };
    connectionTrackingModules = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "ftp" ];
      description = "Helpers of connection tracking to load.";
    };
    autoLoadConntrackHelpers = flag false "Whether helpers apply by themselves.";
    extraCommands = commands "Shell commands that add rules; `ip46tables` stands for both families.";
    extraStopCommands = commands "Shell commands that take those rules away.";
    extraPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      example = lib.literalExpression "[ pkgs.debian.ipset ]";
      description = "Packages whose programs those commands use.";
    };
    interfaces = mkOption {
      type = types.attrsOf (types.submodule { options = portOptions; });
      default = { };
      example = {
        eth1.allowedTCPPorts = [ 80 ];
      };
      description = "Ports that are open on one interface only.";
    };
  }
  // portOptions;

  config = lib.mkIf cfg.enable {
    networking.firewall.trustedInterfaces = [ "lo" ];

    environment.systemPackages = [ cfg.package ] ++ cfg.extraPackages;

    # The extensions of iptables are found in /usr only.
    environment.fhsPackages = [ (d "iptables") ];

    boot.kernelModules = [
      "nf_tables"
      "nft_compat"
    ]
    ++ map (m: "nf_conntrack_${m}") cfg.connectionTrackingModules;
    boot.kernel.sysctl = lib.mkIf (cfg.checkReversePath != false) {
      "net.ipv4.conf.all.rp_filter" = if cfg.checkReversePath == "loose" then 2 else 1;
    };

    systemd.services.firewall = {
      description = "Firewall";
      wantedBy = [ "sysinit.target" ];
      wants = [ "network-pre.target" ];
      before = [
        "network-pre.target"
        "shutdown.target"
      ];
      after = [
        "systemd-modules-load.service"
        "local-fs.target"
      ];
      conflicts = [ "shutdown.target" ];
      path = [ cfg.package ] ++ cfg.extraPackages;
      reloadIfChanged = true;
      unitConfig.ConditionCapability = "CAP_NET_ADMIN";
      unitConfig.DefaultDependencies = false;
      script = start;
      reload = start;
      preStop = ''
        ${helpers}
        ${cfg.extraStopCommands}
        detach
      '';
      serviceConfig.Type = "oneshot";
      serviceConfig.RemainAfterExit = true;
    };
  };
}
