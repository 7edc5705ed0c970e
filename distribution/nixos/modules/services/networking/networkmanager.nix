/**
  NetworkManager: the network by what is plugged in and by what users choose. It takes the place of dhcpcd; interfaces that the
  configuration gives static addresses stay out of its hands.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.networking.networkmanager;
  wifi = pkgs.debianPackage "wpasupplicant";

  static = lib.attrNames (lib.filterAttrs (_name: i: i.ipv4.addresses != [ ] || i.ipv6.addresses != [ ]) config.networking.interfaces);
  unmanaged = cfg.unmanaged ++ map (name: "interface-name:${name}") (static ++ lib.attrNames config.networking.bridges);

  section = name: lines: lib.optionalString (lines != "") "[${name}]\n${lines}\n";
  value = v: if builtins.isBool v then lib.boolToString v else toString v;
  sections = lib.concatStrings (
    lib.mapAttrsToList (
      name: settings: section name (lib.concatStrings (lib.mapAttrsToList (k: v: "${k}=${value v}\n") settings))
    ) cfg.settings
  );

  nameServers =
    description:
    mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "192.0.2.1" ];
      inherit description;
    };

  dispatcherOptions.options = {
    source = mkOption {
      type = types.path;
      example = lib.literalExpression "./on-up.sh";
      description = "The program.";
    };
    type = mkOption {
      type = types.enum [
        "basic"
        "pre-up"
        "pre-down"
      ];
      default = "basic";
      example = "pre-up";
      description = "When it runs: at any event, or before an interface comes up or goes down.";
    };
  };
in
{
  options.networking.networkmanager = {
    enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether NetworkManager looks after the network. Users of the group `networkmanager` may change it.";
    };
    package = mkOption {
      type = types.package;
      default = pkgs.debianPackage "network-manager";
      defaultText = lib.literalExpression "pkgs.debian.network-manager";
      example = lib.literalExpression "pkgs.debian.network-manager";
      description = "The package with the daemon.";
    };
    settings = mkOption {
      type = types.attrsOf (
        types.attrsOf (
          types.oneOf [
            types.bool
            types.int
            types.str
          ]
        )
      );
      default = { };
      example = {
        connection."ipv6.ip6-privacy" = 2;
      };
      description = "Settings of NetworkManager.conf(5), by section.";
    };
    unmanaged = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "interface-name:eth1" ];
      description = "Devices to leave alone, in the form of `unmanaged-devices`.";
    };
    dns = mkOption {
      type = types.enum [
        "default"
        "dnsmasq"
        "none"
        "systemd-resolved"
      ];
      default = "default";
      example = "none";
      description = "What becomes of the name servers that it learns.";
    };
    insertNameservers = nameServers "Name servers that are asked before those it learns.";
    appendNameservers = nameServers "Name servers that are asked after those it learns.";
    logLevel = mkOption {
      type = types.enum [
        "OFF"
        "ERR"
        "WARN"
        "INFO"
        "DEBUG"
        "TRACE"
      ];
      default = "WARN";
      example = "INFO";
      description = "What is logged.";
    };
    wifi.powersave = mkOption {
      type = types.nullOr types.bool;
      default = null;
      example = false;
      description = "Whether radios sleep between packets; `null` leaves it to the driver.";
    };
    wifi.macAddress = mkOption {
      type = types.either (types.enum [
        "permanent"
        "preserve"
        "random"
        "stable"
        "stable-ssid"
      ]) (types.strMatching "([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}");
      default = "preserve";
      example = "random";
      description = "The hardware address of radios: an address, `permanent`, `preserve`, `random` or `stable`.";
    };
    dispatcherScripts = mkOption {
      type = types.listOf (types.submodule dispatcherOptions);
      default = [ ];
      example = lib.literalExpression "[ { source = ./on-up.sh; } ]";
      description = "Programs that run at events of the network.";
    };
    plugins = mkOption {
      type = types.listOf types.package;
      default = [ ];
      example = lib.literalExpression "[ pkgs.debian.network-manager-openvpn ]";
      description = "Packages with plug-ins for private networks.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !config.networking.wireless.enable || unmanaged != [ ];
        message = ''
          You can not use networking.networkmanager with networking.wireless.
          Except if you mark some interfaces as <literal>unmanaged</literal> by NetworkManager.
        '';
      }
    ];

    networking.dhcpcd.enable = lib.mkDefault false;
    # resolvconf puts these around the servers that NetworkManager learns.
    networking.nameservers = cfg.insertNameservers;
    networking.resolvconf.extraConfig = lib.optionalString (cfg.appendNameservers != [ ]) ''
      name_servers_append="${toString cfg.appendNameservers}"
    '';
    networking.networkmanager.settings = {
      main = {
        plugins = "keyfile";
        dhcp = "internal";
        dns = lib.mkDefault cfg.dns;
        rc-manager = if config.networking.resolvconf.enable then "resolvconf" else "unmanaged";
      };
      keyfile = lib.optionalAttrs (unmanaged != [ ]) { unmanaged-devices = lib.concatStringsSep ";" unmanaged; };
      logging.level = lib.mkDefault cfg.logLevel;
      connection = lib.optionalAttrs (cfg.wifi.powersave != null) { "wifi.powersave" = if cfg.wifi.powersave then 3 else 2; };
      device."wifi.cloned-mac-address" = lib.mkDefault cfg.wifi.macAddress;
    };

    environment.etc = {
      "NetworkManager/NetworkManager.conf".text = sections;
    }
    // lib.listToAttrs (
      lib.imap1 (
        i: script:
        lib.nameValuePair
          "NetworkManager/dispatcher.d/${if script.type == "basic" then "" else "${script.type}.d/"}03userscript${lib.fixedWidthNumber 4 i}"
          {
            source = script.source;
            mode = "0544";
          }
      ) cfg.dispatcherScripts
    );

    environment.systemPackages = [
      cfg.package
      wifi
    ];
    environment.fhsPackages = [
      cfg.package
      wifi
      (pkgs.debianPackage "openresolv")
    ]
    ++ cfg.plugins;
    services.dbus.packages = [
      cfg.package
      wifi
    ]
    ++ cfg.plugins;
    services.udev.packages = [ cfg.package ];
    security.polkit.enable = true;
    security.polkit.extraConfig = ''
      polkit.addRule(function(action, subject) {
        if (subject.isInGroup("networkmanager") && action.id.indexOf("org.freedesktop.NetworkManager.") == 0) {
          return polkit.Result.YES;
        }
      });
    '';

    users.groups.networkmanager = { };
    users.groups.netdev = { };
    systemd.tmpfiles.rules = [
      "d /etc/NetworkManager/system-connections 0700 root root -"
      "d /var/lib/NetworkManager-fortisslvpn 0700 root root -"
      "d /var/lib/NetworkManager 0755 root root -"
    ];

    systemd.services = {
      NetworkManager = {
        overrideStrategy = "asDropin";
        wantedBy = [ "multi-user.target" ];
        aliases = [ "dbus-org.freedesktop.NetworkManager.service" ];
        restartTriggers = [ config.environment.etc."NetworkManager/NetworkManager.conf".source ];
      };
      NetworkManager-wait-online = {
        overrideStrategy = "asDropin";
        wantedBy = [ "network-online.target" ];
      };
      NetworkManager-dispatcher = {
        overrideStrategy = "asDropin";
        aliases = [ "dbus-org.freedesktop.nm-dispatcher.service" ];
        path = [
          pkgs.iproute2
          pkgs.util-linux
        ];
      };
      wpa_supplicant.aliases = [ "dbus-fi.w1.wpa_supplicant1.service" ];
      wpa_supplicant.overrideStrategy = "asDropin";
    };
  };
}
