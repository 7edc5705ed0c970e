/**
  nginx: a web server and reverse proxy, with virtual hosts.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types optionalString concatMapStrings;
  cfg = config.services.nginx;

  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
      example = !default;
    };
  nullable =
    type: example: description:
    mkOption {
      type = types.nullOr type;
      default = null;
      inherit example description;
    };
  lines =
    description:
    mkOption {
      type = types.lines;
      default = "";
      example = "gzip on;";
      inherit description;
    };

  locationOptions.options = {
    root = nullable types.path "/data/www" "The directory of the files.";
    alias = nullable types.path "/data/images" "The directory that stands for the location itself.";
    index = nullable types.str "index.php index.html" "Which files stand for a directory.";
    tryFiles = nullable types.str "$uri =404" "Which files to look for.";
    return = nullable (types.either types.int types.str) "301 https://example.org$request_uri" "An answer without files.";
    proxyPass = nullable types.str "http://127.0.0.1:3000" "The server that answers instead.";
    proxyWebsockets = flag false "Whether websockets are passed to it.";
    basicAuthFile = nullable types.path "/var/lib/nginx/passwords" "A file of names and passwords that are asked for.";
    priority = mkOption {
      type = types.int;
      default = 1000;
      example = 500;
      description = "Where the location stands among the others: lower numbers come first.";
    };
    extraConfig = lines "Further directives of the location.";
  };

  listenOptions.options = {
    addr = mkOption {
      type = types.str;
      example = "127.0.0.1";
      description = "The address; an IPv6 one stands in brackets.";
    };
    port = nullable types.port 8080 "The port; `null` means 80, or 443 with `ssl`.";
    ssl = flag false "Whether connections are encrypted.";
    extraParameters = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "reuseport" ];
      description = "Further parameters of the directive.";
    };
  };

  hostOptions =
    { name, ... }:
    {
      options = {
        serverName = mkOption {
          type = types.nullOr types.str;
          default = name;
          defaultText = "the attribute's name";
          example = "example.org";
          description = "The name that clients ask for.";
        };
        serverAliases = mkOption {
          type = types.listOf types.str;
          default = [ ];
          example = [ "www.example.org" ];
          description = "Other names.";
        };
        listen = mkOption {
          type = types.listOf (types.submodule listenOptions);
          default = [ ];
          example = [
            {
              addr = "127.0.0.1";
              port = 8080;
            }
          ];
          description = "Where the host listens; none means port 80 of all addresses (and 443 with encryption).";
        };
        root = nullable types.path "/data/www" "The directory of the files.";
        default = flag false "Whether this host answers for names that no host has.";
        addSSL = flag false "Whether the host answers on port 443 as well.";
        onlySSL = flag false "Whether the host answers on port 443 only.";
        forceSSL = flag false "Whether the host answers on port 443, and sends there who comes to port 80.";
        sslCertificate = nullable types.path "/var/host.cert" "The certificate, with those between it and the authority.";
        sslCertificateKey = nullable types.path "/var/host.key" "The key of the certificate.";
        globalRedirect = nullable types.str "new.example.org" "The host to which everything is sent.";
        basicAuthFile = nullable types.path "/var/lib/nginx/passwords" "A file of names and passwords that are asked for.";
        locations = mkOption {
          type = types.attrsOf (types.submodule locationOptions);
          default = { };
          example = {
            "/".proxyPass = "http://127.0.0.1:3000";
          };
          description = "What holds for parts of the host.";
        };
        extraConfig = lines "Further directives of the host.";
      };
    };

  directive = name: v: optionalString (v != null) "      ${name} ${toString v};\n";
  authentication = file: optionalString (file != null) "      auth_basic secured;\n      auth_basic_user_file ${file};\n";

  location = item: ''
        location ${item.path} {
    ${directive "root" item.root}${directive "alias" item.alias}${directive "index" item.index}${
      directive "try_files" item.tryFiles
    }${directive "return" item.return}${directive "proxy_pass" item.proxyPass}${
      optionalString (item.proxyPass != null && cfg.recommendedProxySettings) ''
              proxy_set_header Host $host;
              proxy_set_header X-Real-IP $remote_addr;
              proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
              proxy_set_header X-Forwarded-Proto $scheme;
      ''
    }${optionalString item.proxyWebsockets ''
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
    ''}${authentication item.basicAuthFile}${item.extraConfig}
        }
  '';
  locationsOf =
    host:
    concatMapStrings location (
      lib.sort (a: b: a.priority < b.priority) (lib.mapAttrsToList (path: l: l // { inherit path; }) host.locations)
    );

  encrypted = host: host.addSSL || host.onlySSL || host.forceSSL;
  defaultListen =
    host: ssl:
    map (addr: {
      inherit addr ssl;
      port = null;
      extraParameters = [ ];
    }) ([ "0.0.0.0" ] ++ lib.optional config.networking.enableIPv6 "[::]");
  listenLine =
    host: l:
    "    listen ${l.addr}:${toString (if l.port != null then l.port else if l.ssl then 443 else 80)}${optionalString l.ssl " ssl"}${
      optionalString host.default " default_server"
    }${optionalString (l.extraParameters != [ ]) " ${toString l.extraParameters}"};\n";

  names = host: "    server_name ${if host.serverName == null then "_" else host.serverName} ${toString host.serverAliases};\n";

  server =
    host:
    let
      listen =
        if host.listen != [ ] then
          host.listen
        else
          lib.optionals (!host.onlySSL && !host.forceSSL) (defaultListen host false)
          ++ lib.optionals (encrypted host) (defaultListen host true);
    in
    optionalString host.forceSSL ''
      server {
      ${concatMapStrings (listenLine host) (defaultListen host false)}${names host}
        location / { return 301 https://$host$request_uri; }
      }
    ''
    + ''
      server {
      ${concatMapStrings (listenLine host) listen}${names host}${directive "root" host.root}${
        directive "ssl_certificate" (if encrypted host then host.sslCertificate else null)
      }${directive "ssl_certificate_key" (if encrypted host then host.sslCertificateKey else null)}${
        optionalString (host.globalRedirect != null) "    return 301 $scheme://${host.globalRedirect}$request_uri;\n"
      }${authentication host.basicAuthFile}${locationsOf host}${host.extraConfig}
      }
    '';

  file = pkgs.writeText "nginx.conf" (
    if cfg.config != "" then
      "pid /run/nginx/nginx.pid;\n${cfg.config}"
    else
      ''
        pid /run/nginx/nginx.pid;
        error_log stderr;
        daemon off;
        ${cfg.appendConfig}
        events {
          ${cfg.eventsConfig}
        }
        http {
          include ${pkgs.debianPackage "nginx-common"}/etc/nginx/mime.types;
          default_type application/octet-stream;
          access_log /var/log/nginx/access.log;
          server_tokens ${if cfg.serverTokens then "on" else "off"};
          client_max_body_size ${cfg.clientMaxBodySize};
          map $http_upgrade $connection_upgrade { default upgrade; "" close; }
          ${optionalString cfg.recommendedOptimisation ''
            sendfile on;
            tcp_nopush on;
            keepalive_timeout 65;
            types_hash_max_size 4096;
          ''}
          ${optionalString cfg.recommendedGzipSettings ''
            gzip on;
            gzip_vary on;
            gzip_proxied any;
            gzip_types application/javascript application/json application/xml image/svg+xml text/css text/javascript text/plain text/xml;
          ''}
          ${optionalString cfg.recommendedTlsSettings ''
            ssl_session_cache shared:SSL:10m;
            ssl_session_timeout 1d;
            ssl_session_tickets off;
            ssl_protocols TLSv1.2 TLSv1.3;
            ssl_prefer_server_ciphers off;
          ''}
          ${cfg.commonHttpConfig}
          ${cfg.httpConfig}
          ${concatMapStrings server (lib.attrValues cfg.virtualHosts)}
          ${cfg.appendHttpConfig}
        }
      ''
  );

  # A mistake in the configuration shows when the system is built, not when the server starts.
  checked = pkgs.runCommand "nginx.conf" {
    preferLocalBuild = true;
    nativeBuildInputs = [ cfg.package ];
  } ''
    cp ${file} $out
    mkdir -p logs
    # Files that exist on the machine only (certificates, passwords) cannot be read here; the syntax can.
    if ! nginx -t -p $PWD -c $out -g 'error_log stderr;' 2> messages; then
      if grep -qE 'unknown directive|unexpected|invalid|not terminated|is not allowed|duplicate|conflicting' messages; then
        cat messages >&2
        exit 1
      fi
    fi
  '';
in
{
  options.services.nginx = {
    enable = flag false "Whether nginx runs.";
    package = mkOption {
      type = types.package;
      default = pkgs.nginx;
      defaultText = lib.literalExpression "pkgs.nginx";
      example = lib.literalExpression "pkgs.nginx";
      description = "The server.";
    };
    virtualHosts = mkOption {
      type = types.attrsOf (types.submodule hostOptions);
      default = { };
      example = {
        "example.org".root = "/data/www";
      };
      description = "The hosts that are served, by name.";
    };
    validateConfigFile = flag true "Whether the configuration is checked when the system is built.";
    recommendedOptimisation = flag false "Whether settings for speed that suit most servers are set.";
    recommendedGzipSettings = flag false "Whether answers are compressed.";
    recommendedProxySettings = flag false "Whether servers behind are told of the client.";
    recommendedTlsSettings = flag false "Whether only current forms of encryption are used.";
    serverTokens = flag false "Whether the version is shown to clients.";
    clientMaxBodySize = mkOption {
      type = types.str;
      default = "10m";
      example = "1g";
      description = "The largest request.";
    };
    user = mkOption {
      type = types.str;
      default = "nginx";
      example = "www";
      description = "The user of the server.";
    };
    group = mkOption {
      type = types.str;
      default = "nginx";
      example = "www";
      description = "The group of the server.";
    };
    config = lines "A whole configuration that replaces the rest.";
    appendConfig = lines "Directives outside all blocks.";
    eventsConfig = lines "Directives of the `events` block.";
    commonHttpConfig = lines "Directives at the start of the `http` block.";
    httpConfig = lines "Directives of the `http` block, before the hosts.";
    appendHttpConfig = lines "Directives at the end of the `http` block.";
  };

  config = lib.mkIf cfg.enable {
    assertions = lib.concatLists (
      lib.mapAttrsToList (name: host: [
        {
          assertion = builtins.length (builtins.filter (x: x) [ host.addSSL host.onlySSL host.forceSSL ]) <= 1;
          message = "services.nginx.virtualHosts.\"${name}\": only one of addSSL, onlySSL and forceSSL may be set.";
        }
        {
          assertion = !encrypted host || (host.sslCertificate != null && host.sslCertificateKey != null);
          message = "services.nginx.virtualHosts.\"${name}\": encryption needs sslCertificate and sslCertificateKey.";
        }
      ]) cfg.virtualHosts
    );

    environment.etc."nginx/nginx.conf".source = if cfg.validateConfigFile then checked else file;

    users.users = lib.optionalAttrs (cfg.user == "nginx") {
      nginx = {
        uid = config.ids.uids.nginx;
        group = cfg.group;
        isSystemUser = true;
        description = "nginx";
      };
    };
    users.groups = lib.optionalAttrs (cfg.group == "nginx") { nginx.gid = config.ids.gids.nginx; };

    systemd.services.nginx = {
      description = "Nginx Web Server";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" ];
      stopIfChanged = false;
      reloadIfChanged = true;
      reloadTriggers = [ config.environment.etc."nginx/nginx.conf".source ];
      serviceConfig = {
        ExecStartPre = "${cfg.package}/sbin/nginx -q -t -c /etc/nginx/nginx.conf";
        ExecStart = "${cfg.package}/sbin/nginx -c /etc/nginx/nginx.conf";
        ExecReload = [
          "${cfg.package}/sbin/nginx -q -t -c /etc/nginx/nginx.conf"
          "/run/current-system/sw/bin/kill -HUP $MAINPID"
        ];
        User = cfg.user;
        Group = cfg.group;
        RuntimeDirectory = "nginx";
        CacheDirectory = "nginx";
        StateDirectory = "nginx";
        LogsDirectory = "nginx";
        AmbientCapabilities = [ "CAP_NET_BIND_SERVICE" ];
        CapabilityBoundingSet = [ "CAP_NET_BIND_SERVICE" ];
        NoNewPrivileges = true;
        PrivateTmp = true;
        ProtectHome = true;
        ProtectSystem = "strict";
        Restart = "always";
        RestartSec = 10;
      };
    };
  };
}
