/**
  From unit options to unit files: texts, scripts, and the directory of all units.
*/
{ lib, pkgs }:
let
  inherit (lib)
    concatMapStrings
    concatStrings
    concatStringsSep
    escapeShellArg
    mapAttrsToList
    optional
    optionalAttrs
    optionalString
    ;
  unitOptions = import ./systemd-unit-options.nix { inherit lib; };

  formatValue = value: if builtins.isBool value then (if value then "true" else "false") else toString value;

  /**
    The lines `NAME=VALUE` of one section. A list gives one line for each element; `null` gives none.
  */
  formatSection =
    settings:
    concatStrings (
      mapAttrsToList (
        name: value:
        concatMapStrings (v: optionalString (v != null) "${name}=${formatValue v}\n") (
          if builtins.isList value then value else [ value ]
        )
      ) settings
    );

  # Two settings of the first control group hierarchy, in the terms of the second: shares around 1024 became weights
  # around 100, and the memory limit changed its name.
  modernLimits =
    config:
    let
      shares = lib.toInt (toString config.CPUShares);
      weight = shares * 100 / 1024;
      renamed =
        optionalAttrs (config ? CPUShares && !(config ? CPUWeight)) {
          CPUWeight = if weight < 1 then 1 else if weight > 10000 then 10000 else weight;
        }
        // optionalAttrs (config ? MemoryLimit && !(config ? MemoryMax)) {
          MemoryMax = config.MemoryLimit;
        };
    in
    removeAttrs config [
      "CPUShares"
      "MemoryLimit"
    ]
    // renamed;

  # A short stand-in for values whose change matters but not their content.
  digest =
    values:
    builtins.hashString "sha256" (
      builtins.unsafeDiscardStringContext (concatStringsSep "\n" (map (v: if builtins.isAttrs v && !(v ? outPath) then builtins.toJSON v else toString v) values))
    );

  binPath = packages: lib.makeBinPath packages + ":" + lib.makeSearchPath "sbin" packages;

  /**
    An executable file of shell commands for a unit; the shell stops at the first failing command.
  */
  makeScript =
    name: text:
    pkgs.writeTextFile {
      name = "unit-script-${builtins.replaceStrings [ "@" "\\" ":" ] [ "-" "-" "-" ] name}";
      executable = true;
      text = "#!${pkgs.runtimeShell} -e\n${text}\n";
    };

  unitSection =
    unit:
    let
      names = {
        Requires = unit.requires;
        Wants = unit.wants;
        Upholds = unit.upholds;
        After = unit.after;
        Before = unit.before;
        BindsTo = unit.bindsTo;
        PartOf = unit.partOf;
        Conflicts = unit.conflicts;
        Requisite = unit.requisite;
        OnFailure = unit.onFailure;
        OnSuccess = unit.onSuccess;
        Documentation = unit.documentation;
      };
    in
    optionalAttrs (unit.description != "") { Description = unit.description; }
    // lib.mapAttrs (_: toString) (lib.filterAttrs (_: value: value != [ ]) names)
    // optionalAttrs (unit.startLimitBurst != null) { StartLimitBurst = unit.startLimitBurst; }
    // optionalAttrs (unit.startLimitIntervalSec != null) {
      StartLimitIntervalSec = unit.startLimitIntervalSec;
    }
    // optionalAttrs (unit.restartTriggers != [ ]) { X-Restart-Triggers = digest unit.restartTriggers; }
    // optionalAttrs (unit.reloadTriggers != [ ]) { X-Reload-Triggers = digest unit.reloadTriggers; }
    // unit.unitConfig;

  optionalSection = name: settings: optionalString (settings != { }) "\n[${name}]\n${formatSection settings}";

  serviceScripts =
    name: unit:
    let
      script = phase: text: makeScript "${name}-${phase}" text;
      entry = option: phase: text: optionalAttrs (text != "") { ${option} = [ "${script phase text}" ]; };
    in
    optionalAttrs (unit.script != "") {
      ExecStart = [ "${script "start" unit.script}${optionalString (unit.scriptArgs != "") " ${unit.scriptArgs}"}" ];
    }
    // entry "ExecStartPre" "pre-start" unit.preStart
    // entry "ExecStartPost" "post-start" unit.postStart
    // entry "ExecReload" "reload" unit.reload
    // entry "ExecStop" "pre-stop" unit.preStop
    // entry "ExecStopPost" "post-stop" unit.postStop;

  # Commands of `serviceConfig` stand before those of the script options.
  joinCommands =
    scripts: config:
    scripts
    // config
    // lib.mapAttrs (
      name: value: lib.toList config.${name} ++ value
    ) (builtins.intersectAttrs config scripts);

  servicePath =
    unit:
    unit.path
    ++ lib.optionals unit.enableDefaultPath [
      pkgs.coreutils
      pkgs.findutils
      pkgs.gnugrep
      pkgs.gnused
      pkgs.systemd
    ];

  environmentLines =
    unit:
    let
      path = servicePath unit;
      variables = optionalAttrs (path != [ ] && !(unit.environment ? PATH)) { PATH = binPath path; } // unit.environment;
    in
    concatStrings (
      mapAttrsToList (
        name: value:
        optionalString (value != null) "Environment=${builtins.toJSON "${name}=${toString value}"}\n"
      ) variables
    );

  switchKeys =
    unit:
    optionalString (!unit.restartIfChanged) "X-RestartIfChanged=false\n"
    + optionalString unit.reloadIfChanged "X-ReloadIfChanged=true\n"
    + optionalString (!unit.stopIfChanged) "X-StopIfChanged=false\n"
    + optionalString unit.notSocketActivated "X-NotSocketActivated=true\n";

  shared = unit: { inherit (unit) enable requiredBy wantedBy upheldBy aliases overrideStrategy; };

  plain =
    sections: name: unit:
    shared unit
    // {
      text =
        "[Unit]\n"
        + formatSection (unitSection unit)
        + concatStrings (mapAttrsToList optionalSection (sections name unit));
    };
in
rec {
  inherit formatSection makeScript unitOptions;

  targetToUnit = plain (_: _: { });
  socketToUnit = plain (
    _: unit: {
      Socket =
        unit.socketConfig
        // optionalAttrs (unit.listenStreams != [ ]) {
          ListenStream = unit.listenStreams ++ lib.toList (unit.socketConfig.ListenStream or [ ]);
        }
        // optionalAttrs (unit.listenDatagrams != [ ]) {
          ListenDatagram = unit.listenDatagrams ++ lib.toList (unit.socketConfig.ListenDatagram or [ ]);
        };
    }
  );
  timerToUnit = plain (_: unit: { Timer = unit.timerConfig; });
  pathToUnit = plain (_: unit: { Path = unit.pathConfig; });
  sliceToUnit = plain (_: unit: { Slice = unit.sliceConfig; });
  mountToUnit = plain (
    _: unit: {
      Mount =
        {
          What = unit.what;
          Where = unit.where;
        }
        // optionalAttrs (unit.type != "") { Type = unit.type; }
        // optionalAttrs (unit.options != "") { Options = unit.options; }
        // unit.mountConfig;
    }
  );
  automountToUnit = plain (_: unit: { Automount = { Where = unit.where; } // unit.automountConfig; });

  serviceToUnit =
    name: unit:
    shared unit
    // {
      text =
        "[Unit]\n"
        + formatSection (unitSection unit)
        + "\n[Service]\n"
        + environmentLines unit
        + switchKeys unit
        + formatSection (joinCommands (serviceScripts name unit) (modernLimits unit.serviceConfig));
    };

  /**
    A derivation that holds one unit file, or a link to `/dev/null` for one that is switched off.
  */
  makeUnit =
    name: unit:
    pkgs.runCommand "unit-${builtins.replaceStrings [ "@" "\\" ":" ] [ "-" "-" "-" ] name}"
      {
        preferLocalBuild = true;
        allowSubstitutes = false;
        text = if unit.text == null then "" else unit.text;
        passAsFile = [ "text" ];
      }
      (
        if unit.enable then
          ''
            mkdir -p $out
            cp "$textPath" $out/${escapeShellArg name}
          ''
        else
          ''
            mkdir -p $out
            ln -s /dev/null $out/${escapeShellArg name}
          ''
      );

  /**
    The directory of all units. All files are written by one derivation: a derivation for each unit would cost more than
    the rest of a system's build.

    - `units`: names to `{ enable, text, wantedBy, ... }`.
    - `upstream`: packages whose units are completed by drop-ins; a unit that any other package brings is replaced.
    - `kind`: `system` or `user`.
    - `extra`: commands that run in the finished directory.
  */
  generateUnits =
    {
      name,
      units,
      upstream ? [ ],
      kind ? "system",
      extra ? "",
    }:
    let
      link = suffix: parent: unit: "link_from ${escapeShellArg "${parent}.${suffix}"} ${escapeShellArg unit}\n";
      emit =
        unitName: unit:
        (
          if !unit.enable then
            "mask ${escapeShellArg unitName}\n"
          else if unit.text == null then
            ""
          else
            "unit ${escapeShellArg unitName} ${unit.overrideStrategy} <<'=end of unit='\n${unit.text}=end of unit=\n"
        )
        + concatMapStrings (parent: link "wants" parent unitName) unit.wantedBy
        + concatMapStrings (parent: link "requires" parent unitName) unit.requiredBy
        + concatMapStrings (parent: link "upholds" parent unitName) unit.upheldBy
        + concatMapStrings (alias: "ln -sfn ${escapeShellArg unitName} ${escapeShellArg alias}\n") unit.aliases;
    in
    pkgs.runCommand name
      {
        preferLocalBuild = true;
        allowSubstitutes = false;
        commands = concatStrings (mapAttrsToList emit units) + extra;
        passAsFile = [ "commands" ];
        upstream = map (package: "${package}/lib/systemd/${kind} ${package}/etc/systemd/${kind}") upstream;
      }
      ''
        mkdir -p $out
        cd $out

        # unit NAME STRATEGY: the text on standard input becomes a unit, or a drop-in where a package has that unit.
        unit() {
          local file=$1 directory strategy=$2
          for directory in $upstream; do
            if [ -e "$directory/$1" ]; then
              strategy=asDropin
              break
            fi
          done
          if [ "$strategy" = asDropin ]; then
            mkdir -p "$1.d"
            file=$1.d/overrides.conf
          fi
          cat > "$file"
        }

        mask() { ln -sfn /dev/null "$1"; }

        link_from() {
          mkdir -p "$1"
          ln -sfn "../$2" "$1/$2"
        }

        . "$commandsPath"
      '';
}
