/**
  PostgreSQL, one cluster. `package` has no default: the data of one major version cannot be read by another, so the
  configuration says which one it means, and a new release of the distribution never changes it by itself.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.postgresql;

  available = builtins.filter (name: builtins.match "postgresql_[0-9]+" name != null) (builtins.attrNames pkgs);
  choices = lib.concatMapStringsSep ", " (name: "pkgs.${name}") available;

  # Debian keeps each version's programs apart; this puts them where programs are looked for.
  major = lib.versions.major cfg.package.version;
  server = "${cfg.package}/lib/postgresql/${major}";
  client = pkgs.debianPackage "postgresql-client-${major}";
  programs = pkgs.runCommand "postgresql-programs-${major}" { preferLocalBuild = true; } ''
    mkdir -p $out/bin
    for program in ${server}/bin/* ${client}/lib/postgresql/${major}/bin/*; do
      ln -sf $program $out/bin/
    done
  '';

  format =
    v:
    if v == true then
      "on"
    else if v == false then
      "off"
    else if builtins.isString v then
      "'${lib.replaceStrings [ "'" ] [ "''" ] v}'"
    else
      toString v;
  settingsFile = pkgs.writeText "postgresql.conf" (
    lib.concatStrings (
      lib.mapAttrsToList (name: v: lib.optionalString (v != null) "${name} = ${format v}\n") cfg.settings
    )
    + cfg.extraConfig
  );
  authentication = pkgs.writeText "pg_hba.conf" ''
    ${cfg.authentication}
    # The database superuser and each user of the machine under the own name; passwords over the network.
    local all postgres         peer ${lib.optionalString (cfg.identMap != "") "map=postgres"}
    local all all              peer
    host  all all 127.0.0.1/32 scram-sha-256
    host  all all ::1/128      scram-sha-256
  '';
  identMap = pkgs.writeText "pg_ident.conf" cfg.identMap;

  quote = name: ''"${lib.replaceStrings [ "\"" ] [ "\"\"" ] name}"'';
  literal = text: "'${lib.replaceStrings [ "'" ] [ "''" ] text}'";
  psql = "psql --port=${toString cfg.settings.port} --no-psqlrc --quiet --set ON_ERROR_STOP=1";

  userOptions.options = {
    name = mkOption {
      type = types.str;
      example = "alice";
      description = "The name of the role.";
    };
    ensureDBOwnership = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the role owns the database of its name, which `ensureDatabases` must list.";
    };
    ensureClauses = mkOption {
      type = types.attrsOf types.bool;
      default = { };
      example = {
        createdb = true;
      };
      description = "What the role may do: clauses of ALTER ROLE, given or taken (`login`, `createdb`, `superuser`, ...).";
    };
  };

  ensureDatabase = name: ''
    ${psql} -tAc ${lib.escapeShellArg "SELECT 1 FROM pg_database WHERE datname = ${literal name}"} | grep -q 1 \
      || ${psql} -c ${lib.escapeShellArg "CREATE DATABASE ${quote name}"}
  '';
  ensureUser = user: ''
    ${psql} -tAc ${lib.escapeShellArg "SELECT 1 FROM pg_roles WHERE rolname = ${literal user.name}"} | grep -q 1 \
      || ${psql} -c ${lib.escapeShellArg "CREATE ROLE ${quote user.name} LOGIN"}
    ${lib.concatStrings (
      lib.mapAttrsToList (clause: yes: ''
        ${psql} -c ${lib.escapeShellArg "ALTER ROLE ${quote user.name} ${lib.optionalString (!yes) "NO"}${lib.toUpper clause}"}
      '') user.ensureClauses
    )}
    ${lib.optionalString user.ensureDBOwnership ''
      ${psql} -c ${lib.escapeShellArg "ALTER DATABASE ${quote user.name} OWNER TO ${quote user.name}"}
    ''}
  '';
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "postgresql" "port" ] [ "services" "postgresql" "settings" "port" ])
    (lib.mkRemovedOptionModule [ "services" "postgresql" "extraPlugins" ] "Use services.postgresql.extensions.")
  ];

  options.services.postgresql = {
    enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether PostgreSQL runs.";
    };
    package = mkOption {
      type = types.package;
      default = throw "The option `services.postgresql.package' is used but not defined. It says which major version the data belong to; this channel has ${choices}.";
      defaultText = "none: choose one";
      example = lib.literalExpression "pkgs.postgresql_17";
      description = "The server. The data in `dataDir` can be read by its major version only.";
    };
    dataDir = mkOption {
      type = types.path;
      default = "/var/lib/postgresql/${major}";
      defaultText = lib.literalExpression ''"/var/lib/postgresql/''${major version of the package}"'';
      example = "/data/postgresql";
      description = "The directory of the cluster.";
    };
    enableTCPIP = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether other machines may connect; the firewall is not opened by this.";
    };
    authentication = mkOption {
      type = types.lines;
      default = "";
      example = "host all all 192.168.1.0/24 scram-sha-256";
      description = "Lines for pg_hba.conf, before those of the system.";
    };
    identMap = mkOption {
      type = types.lines;
      default = "";
      example = "postgres root postgres";
      description = "Lines for pg_ident.conf.";
    };
    initdbArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "--data-checksums" ];
      description = "Further arguments of initdb, when the cluster is made.";
    };
    initialScript = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = lib.literalExpression "./first.sql";
      description = "SQL that runs once, after the cluster was made.";
    };
    ensureDatabases = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "wiki" ];
      description = "Databases that are made when they are missing. None is ever deleted.";
    };
    ensureUsers = mkOption {
      type = types.listOf (types.submodule userOptions);
      default = [ ];
      example = [ { name = "wiki"; } ];
      description = "Roles that are made when they are missing. None is ever deleted.";
    };
    extensions = mkOption {
      type = types.listOf types.package;
      default = [ ];
      example = lib.literalExpression "[ pkgs.debian.postgresql-17-pgvector ]";
      description = "Packages with extensions.";
    };
    settings = mkOption {
      type = types.attrsOf (
        types.nullOr (
          types.oneOf [
            types.bool
            types.float
            types.int
            types.str
          ]
        )
      );
      default = { };
      example = {
        log_connections = true;
        shared_buffers = "512MB";
      };
      description = "Settings of postgresql.conf.";
    };
    extraConfig = mkOption {
      type = types.lines;
      default = "";
      example = "work_mem = '64MB'";
      description = "Lines for postgresql.conf.";
    };
    superUser = mkOption {
      type = types.str;
      default = "postgres";
      readOnly = true;
      internal = true;
      example = "postgres";
      description = "The role that may do everything.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = map (user: {
      assertion = !user.ensureDBOwnership || builtins.elem user.name cfg.ensureDatabases;
      message = "services.postgresql.ensureUsers: `${user.name}' is to own the database of its name, but services.postgresql.ensureDatabases does not list it.";
    }) cfg.ensureUsers;

    services.postgresql.settings = {
      hba_file = "${authentication}";
      ident_file = "${identMap}";
      log_destination = lib.mkDefault "stderr";
      log_line_prefix = lib.mkDefault "[%p] ";
      listen_addresses = lib.mkDefault (if cfg.enableTCPIP then "*" else "localhost");
      port = lib.mkDefault 5432;
      unix_socket_directories = "/run/postgresql";
    };

    users.users.postgres = {
      uid = config.ids.uids.postgres;
      group = "postgres";
      isSystemUser = true;
      home = cfg.dataDir;
      useDefaultShell = true;
      description = "PostgreSQL server user";
    };
    users.groups.postgres.gid = config.ids.gids.postgres;

    environment.systemPackages = [ programs ];
    environment.fhsPackages = [
      cfg.package
      client
    ]
    ++ cfg.extensions;

    systemd.tmpfiles.rules = lib.optional (cfg.dataDir != "/var/lib/postgresql/${major}") "d ${cfg.dataDir} 0700 postgres postgres -";

    systemd.services.postgresql = {
      description = "PostgreSQL Server";
      wantedBy = [ "multi-user.target" ];
      after = [
        "network.target"
        "systemd-tmpfiles-setup.service"
      ];
      path = [ programs ];
      environment.PGDATA = cfg.dataDir;
      preStart = ''
        if ! test -e ${cfg.dataDir}/PG_VERSION; then
          # What an interrupted first start left behind is not a cluster.
          rm -rf ${cfg.dataDir}/*
          initdb --username=postgres --auth=peer --encoding=UTF8 --locale=C.UTF-8 ${lib.escapeShellArgs cfg.initdbArgs} --no-sync -D ${cfg.dataDir}
          sync -f ${cfg.dataDir}
          touch ${cfg.dataDir}/.first_startup
        fi
        found=$(cat ${cfg.dataDir}/PG_VERSION)
        if [ "$found" != ${major} ]; then
          echo "error: the data in ${cfg.dataDir} belong to PostgreSQL $found, and services.postgresql.package is version ${major}; dump them with the old version (pg_dumpall) and restore them with the new one, in a new dataDir" >&2
          exit 1
        fi
        ln -sfn ${settingsFile} ${cfg.dataDir}/postgresql.conf
      '';
      postStart = ''
        while ! ${psql} -d postgres -c "" 2>/dev/null; do
          kill -0 "$MAINPID" || exit 1
          sleep 0.1
        done
        if test -e ${cfg.dataDir}/.first_startup; then
          ${lib.optionalString (cfg.initialScript != null) "${psql} -f ${cfg.initialScript} -d postgres"}
          rm -f ${cfg.dataDir}/.first_startup
        fi
        ${lib.concatMapStrings ensureDatabase cfg.ensureDatabases}
        ${lib.concatMapStrings ensureUser cfg.ensureUsers}
      '';
      serviceConfig = {
        ExecStart = "${server}/bin/postgres";
        ExecReload = "/run/current-system/sw/bin/kill -HUP $MAINPID";
        User = "postgres";
        Group = "postgres";
        RuntimeDirectory = "postgresql";
        Type = "notify";
        # A fast shutdown: sessions end, nothing is lost.
        KillSignal = "SIGINT";
        KillMode = "mixed";
        TimeoutSec = 120;
        Restart = "on-failure";
      }
      // lib.optionalAttrs (cfg.dataDir == "/var/lib/postgresql/${major}") {
        StateDirectory = "postgresql postgresql/${major}";
        StateDirectoryMode = "0700";
      };
      unitConfig.RequiresMountsFor = cfg.dataDir;
    };
  };
}
