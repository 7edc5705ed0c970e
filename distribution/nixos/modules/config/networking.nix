/**
  Names: of this machine, of others in `/etc/hosts`, and the servers that know the rest.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.networking;
  fqdn = if cfg.domain == null || cfg.domain == "" then null else "${cfg.hostName}.${cfg.domain}";
  ownNames = lib.optional (fqdn != null) fqdn ++ lib.optional (cfg.hostName != "") cfg.hostName;
in
{
  options.networking = {
    extraHosts = mkOption {
      type = types.lines;
      default = "";
      example = "192.168.0.1 lanlocalhost";
      description = "Lines for `/etc/hosts`.";
    };
    hosts = mkOption {
      type = types.attrsOf (types.listOf types.str);
      default = { };
      example = {
        "192.168.0.2" = [ "fileserver.local" ];
      };
      description = "Addresses and their names, for `/etc/hosts`.";
    };
    timeServers = mkOption {
      type = types.listOf types.str;
      default = [
        "0.debian.pool.ntp.org"
        "1.debian.pool.ntp.org"
        "2.debian.pool.ntp.org"
        "3.debian.pool.ntp.org"
      ];
      example = [ "time.example.org" ];
      description = "Servers to set the clock by.";
    };
    proxy.default = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "http://127.0.0.1:3128";
      description = "The proxy for HTTP, HTTPS, FTP and rsync.";
    };
    proxy.noProxy = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "127.0.0.1,localhost,.localdomain";
      description = "Hosts that are reached without the proxy.";
    };
    proxy.envVars = mkOption {
      type = types.attrsOf types.str;
      internal = true;
      default = lib.optionalAttrs (cfg.proxy.default != null) (
        lib.genAttrs [ "http_proxy" "https_proxy" "rsync_proxy" "ftp_proxy" "all_proxy" ] (_: cfg.proxy.default)
        // lib.optionalAttrs (cfg.proxy.noProxy != null) { no_proxy = cfg.proxy.noProxy; }
      );
      defaultText = "made from the other options";
      example = { };
      description = "The proxy as environment variables.";
    };
  };

  config = {
    networking.hosts = {
      "127.0.0.1" = [ "localhost" ];
      "::1" = lib.mkIf cfg.enableIPv6 [ "localhost" ];
    }
    // lib.optionalAttrs (ownNames != [ ]) { "127.0.0.2" = ownNames; };

    environment.etc = {
      hosts.text =
        lib.concatStrings (
          lib.mapAttrsToList (address: names: lib.optionalString (names != [ ]) "${address} ${lib.concatStringsSep " " names}\n") cfg.hosts
        )
        + cfg.extraHosts;
      "host.conf".text = "multi on\n";
      protocols.source = "${pkgs.debianPackage "netbase"}/etc/protocols";
      services.source = "${pkgs.debianPackage "netbase"}/etc/services";
      rpc.source = "${pkgs.debianPackage "netbase"}/etc/rpc";
      ethertypes.source = "${pkgs.debianPackage "netbase"}/etc/ethertypes";
    };
    environment.sessionVariables = cfg.proxy.envVars;
  };
}
