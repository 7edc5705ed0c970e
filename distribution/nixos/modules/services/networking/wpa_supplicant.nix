/**
  Wireless networks with wpa_supplicant, one service for each interface. The networks are declared here, or, when none is, kept
  in `/etc/wpa_supplicant.conf`, which belongs to the machine.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.networking.wireless;
  package = pkgs.debianPackage "wpasupplicant";

  # What wpa_supplicant.conf(5) calls key_mgmt.
  authProtocols = [
    "WPA-PSK"
    "WPA-PSK-SHA256"
    "FT-PSK"
    "WPA-EAP"
    "WPA-EAP-SHA256"
    "FT-EAP"
    "FT-EAP-SHA384"
    "WPA-EAP-SUITE-B"
    "WPA-EAP-SUITE-B-192"
    "SAE"
    "FT-SAE"
    "FILS-SHA256"
    "FILS-SHA384"
    "FT-FILS-SHA256"
    "FT-FILS-SHA384"
    "IEEE8021X"
    "OWE"
    "DPP"
    "OSEN"
    "WPA-NONE"
    "NONE"
  ];

  networkOptions.options = {
    psk = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "a passphrase";
      description = "The passphrase, readable by everybody who can read the store.";
    };
    pskRaw = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "dca6d6ed41f4ab5a984c9f55f6f66d4efdc720ebf66959810f4329bb391c5435";
      description = "The key made of the passphrase, as `wpa_passphrase` prints it.";
    };
    authProtocols = mkOption {
      type = types.listOf (types.enum authProtocols);
      default = [
        "WPA-PSK"
        "SAE"
      ];
      example = [ "WPA-EAP" ];
      description = "How to show that one knows the key.";
    };
    auth = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "eap=PEAP\nidentity=\"alice\"";
      description = "Lines for networks that ask for more than a passphrase.";
    };
    hidden = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the network does not tell its name.";
    };
    priority = mkOption {
      type = types.nullOr types.int;
      default = null;
      example = 10;
      description = "Which network is preferred: higher numbers first.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "disabled=1";
      description = "Further lines of the network.";
    };
  };

  network =
    name: net:
    let
      hasKey = net.psk != null || net.pskRaw != null || net.auth != null;
      key =
        if net.pskRaw != null then
          "psk=${net.pskRaw}"
        else if net.psk != null then
          "psk=\"${net.psk}\""
        else
          "";
    in
    ''
      network={
        ssid="${name}"
        key_mgmt=${if hasKey then toString net.authProtocols else "NONE"}
        ${key}
        ${lib.optionalString net.hidden "scan_ssid=1"}
        ${lib.optionalString (net.priority != null) "priority=${toString net.priority}"}
        ${lib.optionalString (net.auth != null) net.auth}
        ${net.extraConfig}
      }
    '';

  declared = cfg.networks != { } || cfg.extraConfig != "";
  configFile =
    if declared then
      pkgs.writeText "wpa_supplicant.conf" ''
        ctrl_interface=${if cfg.userControlled.enable then "DIR=/run/wpa_supplicant GROUP=${cfg.userControlled.group}" else "DIR=/run/wpa_supplicant"}
        ${lib.optionalString cfg.userControlled.enable "update_config=1"}
        ${lib.concatStrings (lib.mapAttrsToList network cfg.networks)}
        ${cfg.extraConfig}
      ''
    else
      "/etc/wpa_supplicant.conf";

  service = interface: {
    description = "WPA Supplicant${lib.optionalString (interface != null) " on ${interface}"}";
    wantedBy = [ "multi-user.target" ];
    wants = [ "network.target" ];
    before = [ "network.target" ];
    after = lib.optional (interface != null) "sys-subsystem-net-devices-${interface}.device";
    requires = lib.optional (interface != null) "sys-subsystem-net-devices-${interface}.device";
    restartTriggers = [ configFile ];
    path = [ pkgs.iproute2 ];
    serviceConfig.Restart = "on-failure";
    script = ''
      ${lib.optionalString (!declared) ''
        if [ ! -e /etc/wpa_supplicant.conf ]; then
          # The networks of this machine, for wpa_passphrase's output.
          umask 077
          printf 'ctrl_interface=DIR=/run/wpa_supplicant\n' > /etc/wpa_supplicant.conf
        fi
      ''}
      ${
        if interface != null then
          "interfaces=${interface}"
        else
          ''
            # All radios of the machine.
            interfaces=
            while [ -z "$interfaces" ]; do
              for device in /sys/class/net/*; do
                if [ -e "$device/wireless" ] || [ -e "$device/phy80211" ]; then interfaces="$interfaces ''${device##*/}"; fi
              done
              [ -n "$interfaces" ] || sleep 2
            done
          ''
      }
      arguments=
      for interface in $interfaces; do
        arguments="$arguments ''${arguments:+-N} -i $interface -c ${configFile} -D ${cfg.driver}"
      done
      exec ${package}/sbin/wpa_supplicant -s $arguments
    '';
  };
in
{
  options.networking.wireless = {
    enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether wpa_supplicant connects to wireless networks.";
    };
    interfaces = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "wlan0" ];
      description = "The radios to use; none means all.";
    };
    driver = mkOption {
      type = types.str;
      default = "nl80211,wext";
      example = "nl80211";
      description = "How to speak to the radio.";
    };
    networks = mkOption {
      type = types.attrsOf (types.submodule networkOptions);
      default = { };
      example = {
        "home".psk = "a passphrase";
      };
      description = "The networks, by name. When there is none, they stand in `/etc/wpa_supplicant.conf`.";
    };
    userControlled.enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether users may choose networks with `wpa_cli`.";
    };
    userControlled.group = mkOption {
      type = types.str;
      default = "wheel";
      example = "network";
      description = "Which users.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "country=CH";
      description = "Further lines of the configuration.";
    };
  };

  config = lib.mkIf cfg.enable {
    environment.systemPackages = [
      package
      (pkgs.debianPackage "iw")
    ];
    services.dbus.packages = [ package ];
    systemd.services =
      if cfg.interfaces == [ ] then
        { wpa_supplicant = service null; }
      else
        lib.listToAttrs (map (i: lib.nameValuePair "wpa_supplicant-${i}" (service i)) cfg.interfaces);

  };
}
