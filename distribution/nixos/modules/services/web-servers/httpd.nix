/**
  The Apache HTTP server, with virtual hosts. They may be given as a set, by name, or as a list, as the manual's first chapters
  do: there two entries may serve the same host name, one of them encrypted.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types optionalString concatMapStrings;
  cfg = config.services.httpd;

  hosts = builtins.filter (host: host.enable) (
    if builtins.isList cfg.virtualHosts then
      cfg.virtualHosts
    else
      lib.mapAttrsToList (name: host: if host.hostName == null then host // { hostName = name; } else host) cfg.virtualHosts
  );

  hostOptions.options = import ./httpd-host-options.nix { inherit lib; forMainServer = false; };
  mainOptions = import ./httpd-host-options.nix { inherit lib; forMainServer = true; };

  encrypted = host: host.enableSSL || host.addSSL || host.onlySSL || host.forceSSL;
  plain = host: !host.enableSSL && !host.onlySSL;

  # What a host listens on, as {ip, port, ssl}.
  listenOf =
    host:
    let
      entry = ssl: port: {
        ip = "*";
        inherit ssl port;
      };
    in
    if host.listen != [ ] then
      map (l: l // { ssl = l.ssl || (host.enableSSL || host.onlySSL); }) host.listen
    else if host.port != null then
      [ (entry (encrypted host) host.port) ]
    else
      lib.optional (plain host) (entry false 80) ++ lib.optional (encrypted host) (entry true 443);

  main = cfg // {
    hostName = cfg.hostName;
  };
  hasMain = cfg.documentRoot != null || hosts == [ ];
  allHosts = lib.optional hasMain main ++ hosts;
  allListen = lib.unique (map (l: { inherit (l) ip port; }) (lib.concatMap listenOf allHosts));
  anySSL = lib.any encrypted allHosts;
  adminOf = host: if host.adminAddr != null then host.adminAddr else cfg.adminAddr;

  access = host: directory: ''
    <Directory "${directory}">
      Options Indexes FollowSymLinks
      AllowOverride None
      Require all granted
    </Directory>
  '';

  body = host: ''
    ${optionalString (host.hostName != null && host.hostName != "") "ServerName ${host.hostName}"}
    ${concatMapStrings (alias: "ServerAlias ${alias}\n") host.serverAliases}
    ${optionalString (adminOf host != null && adminOf host != "") "ServerAdmin ${adminOf host}"}
    ${optionalString (host.documentRoot != null) ''
      DocumentRoot "${host.documentRoot}"
      ${access host host.documentRoot}
    ''}
    ${concatMapStrings (dir: ''
      Alias ${dir.urlPath} "${dir.dir}/"
      ${access host dir.dir}
    '') host.servedDirs}
    ${concatMapStrings (f: "Alias ${f.urlPath} ${f.file}\n") host.servedFiles}
    ${optionalString host.enableUserDir ''
      UserDir public_html
      UserDir disabled root
      <Directory "/home/*/public_html">
        AllowOverride FileInfo AuthConfig Limit Indexes
        Options MultiViews Indexes SymLinksIfOwnerMatch IncludesNoExec
        Require method GET POST OPTIONS
      </Directory>
    ''}
    ${optionalString (host.globalRedirect != null && host.globalRedirect != "") "RedirectPermanent / ${host.globalRedirect}"}
    ${optionalString (host.robotsEntries != "") "Alias /robots.txt ${pkgs.writeText "robots.txt" host.robotsEntries}"}
    ${host.extraConfig}
  '';

  encryption = host: ''
    SSLEngine on
    SSLCertificateFile ${host.sslServerCert}
    SSLCertificateKeyFile ${host.sslServerKey}
    ${optionalString (host.sslServerChain != null) "SSLCertificateChainFile ${host.sslServerChain}"}
  '';

  virtualHost =
    host:
    concatMapStrings (l: ''
      <VirtualHost ${l.ip}:${toString l.port}>
        ${optionalString l.ssl (encryption host)}
        ${
          if host.forceSSL && !l.ssl then
            ''
              ServerName ${host.hostName}
              RewriteEngine on
              RewriteRule ^/(.*)$ https://%{HTTP_HOST}/$1 [R=301,L]
            ''
          else
            body host
        }
      </VirtualHost>
    '') (listenOf host);

  baseModules = [
    "authn_core"
    "authn_file"
    "authz_core"
    "authz_host"
    "authz_user"
    "auth_basic"
    "alias"
    "autoindex"
    "deflate"
    "dir"
    "env"
    "headers"
    "mime"
    "negotiation"
    "reqtimeout"
    "rewrite"
    "setenvif"
    "status"
    "mpm_${cfg.multiProcessingModule}"
    (if cfg.multiProcessingModule == "prefork" then "cgi" else "cgid")
  ]
  ++ lib.optionals anySSL [
    "socache_shmcb"
    "ssl"
  ]
  ++ lib.optional (lib.any (host: host.enableUserDir) allHosts) "userdir"
  ++ lib.optional cfg.enablePHP "php${phpMajor}";
  phpMajor = lib.concatStringsSep "." (lib.take 2 (lib.splitVersion pkgs.php.version));
  phpModule = pkgs.debianPackage "libapache2-mod-php${phpMajor}";

  loadModule =
    m:
    if builtins.isAttrs m then
      "LoadModule ${m.name}_module ${m.path}\n"
    else if lib.hasPrefix "php" m then
      "LoadModule php_module ${phpModule}/lib/apache2/modules/lib${m}.so\n"
    else
      "LoadModule ${m}_module ${cfg.package}/lib/apache2/modules/mod_${m}.so\n";

  file = pkgs.writeText "httpd.conf" ''
    ServerRoot ${cfg.package}
    PidFile /run/httpd/httpd.pid
    DefaultRuntimeDir /run/httpd/runtime
    Mutex posixsem
    ServerTokens Prod
    ${concatMapStrings loadModule (lib.unique (baseModules ++ cfg.extraModules))}
    User ${cfg.user}
    Group ${cfg.group}
    ${concatMapStrings (l: "Listen ${if l.ip == "*" then "" else "${l.ip}:"}${toString l.port}\n") allListen}
    MaxRequestWorkers ${toString cfg.maxClients}
    MaxConnectionsPerChild ${toString cfg.maxRequestsPerChild}
    TypesConfig ${pkgs.debianPackage "media-types"}/etc/mime.types
    AddHandler type-map var
    DirectoryIndex index.html${optionalString cfg.enablePHP " index.php"}
    ErrorLog "${if cfg.logPerVirtualHost then "${cfg.logDir}/error.log" else "syslog:daemon:httpd"}"
    LogLevel notice
    LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\"" combined
    LogFormat "%h %l %u %t \"%r\" %>s %b" common
    CustomLog "${cfg.logDir}/access.log" ${cfg.logFormat}
    Timeout 60
    KeepAlive on
    <Directory />
      Options FollowSymLinks
      AllowOverride None
      Require all denied
    </Directory>
    <Files ~ "^\.ht">
      Require all denied
    </Files>
    ${optionalString cfg.enablePHP ''
      <FilesMatch \.php$>
        SetHandler application/x-httpd-php
      </FilesMatch>
    ''}
    ${optionalString anySSL ''
      SSLSessionCache shmcb:/run/httpd/ssl_scache(512000)
      SSLProtocol all -SSLv3 -TLSv1 -TLSv1.1
    ''}
    ServerName ${if hasMain then cfg.hostName else config.networking.hostName}
    ${cfg.extraConfig}
    ${concatMapStrings virtualHost allHosts}
  '';

  # A mistake shows when the system is built; only files of the machine itself cannot be looked at here.
  checked = pkgs.runCommand "httpd.conf" { preferLocalBuild = true; } ''
    cp ${file} $out
    sed -e '/^ *SSLCertificate/d' -e 's/^ *SSLEngine on//' -e '/^ *\(User\|Group\|CustomLog\|ErrorLog\|DocumentRoot\|DefaultRuntimeDir\|PidFile\) /d' $out > test.conf
    echo "ErrorLog $PWD/error.log" >> test.conf
    ${cfg.package}/sbin/apache2 -t -f $PWD/test.conf 2> messages || { grep -v '^AH00558' messages >&2; exit 1; }
  '';
in
{
  options.services.httpd =
    {
      enable = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether the Apache HTTP server runs.";
      };
      package = mkOption {
        type = types.package;
        default = pkgs.debianPackage "apache2-bin";
        defaultText = lib.literalExpression "pkgs.debian.apache2-bin";
        example = lib.literalExpression "pkgs.debian.apache2-bin";
        description = "The server.";
      };
      configFile = mkOption {
        type = types.path;
        default = checked;
        defaultText = "made from the other options";
        example = lib.literalExpression "./httpd.conf";
        description = "The whole configuration.";
      };
      virtualHosts = mkOption {
        type = types.either (types.listOf (types.submodule hostOptions)) (types.attrsOf (types.submodule hostOptions));
        default = { };
        example = {
          "example.org".documentRoot = "/data/www";
        };
        description = "The hosts that are served: a set by name, or a list.";
      };
      extraModules = mkOption {
        type = types.listOf (types.either types.str types.attrs);
        default = [ ];
        example = [ "proxy_http" ];
        description = "Further modules: names, or sets of `name` and `path`.";
      };
      multiProcessingModule = mkOption {
        type = types.enum [
          "event"
          "prefork"
          "worker"
        ];
        default = if cfg.enablePHP then "prefork" else "event";
        defaultText = "`event`, or `prefork` with PHP";
        example = "worker";
        description = "How requests are spread over processes and threads.";
      };
      enablePHP = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether files ending in `.php` are run.";
      };
      user = mkOption {
        type = types.str;
        default = "wwwrun";
        example = "www";
        description = "The user of the server.";
      };
      group = mkOption {
        type = types.str;
        default = "wwwrun";
        example = "www";
        description = "The group of the server.";
      };
      logDir = mkOption {
        type = types.path;
        default = "/var/log/httpd";
        example = "/data/log";
        description = "The directory of the log of requests.";
      };
      logFormat = mkOption {
        type = types.str;
        default = "common";
        example = "combined";
        description = "The form of that log.";
      };
      logPerVirtualHost = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether errors are logged to files in `logDir` instead of the journal.";
      };
      maxClients = mkOption {
        type = types.ints.positive;
        default = 150;
        example = 400;
        description = "How many requests are answered at a time.";
      };
      maxRequestsPerChild = mkOption {
        type = types.ints.unsigned;
        default = 0;
        example = 500;
        description = "After how many requests a process is replaced; 0 means never.";
      };
    }
    // mainOptions;

  config = lib.mkIf cfg.enable {
    assertions = map (host: {
      assertion = !encrypted host || (host.sslServerCert != null && host.sslServerKey != null);
      message = "services.httpd: the host `${toString host.hostName}' is encrypted and needs sslServerCert and sslServerKey.";
    }) allHosts;

    users.users = lib.optionalAttrs (cfg.user == "wwwrun") {
      wwwrun = {
        uid = config.ids.uids.wwwrun;
        group = cfg.group;
        isSystemUser = true;
        description = "Apache httpd user";
      };
    };
    users.groups = lib.optionalAttrs (cfg.group == "wwwrun") { wwwrun.gid = config.ids.gids.wwwrun; };

    environment.systemPackages = [ (pkgs.debianPackage "apache2-utils") ];
    systemd.tmpfiles.rules = [ "d ${cfg.logDir} 0700 root root -" ];

    systemd.services.httpd = {
      description = "Apache HTTPD";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network.target" ];
      after = [
        "network.target"
        "fs.target"
      ];
      reloadIfChanged = true;
      stopIfChanged = false;
      restartTriggers = [ cfg.configFile ];
      environment.LANG = "C.UTF-8";
      serviceConfig = {
        ExecStart = "${cfg.package}/sbin/apache2 -D FOREGROUND -f /etc/httpd/httpd.conf";
        ExecStop = "${cfg.package}/sbin/apache2 -f /etc/httpd/httpd.conf -k graceful-stop";
        ExecReload = "${cfg.package}/sbin/apache2 -f /etc/httpd/httpd.conf -k graceful";
        RuntimeDirectory = "httpd httpd/runtime";
        Type = "simple";
        Restart = "always";
        RestartSec = 5;
      };
    };
    environment.etc."httpd/httpd.conf".source = cfg.configFile;
  };
}
