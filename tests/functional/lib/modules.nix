# lib.modules
{ lib }:

let
  inherit (lib) mkOption types mkIf mkMerge mkForce mkDefault mkOverride;
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;

  eval = modules: lib.evalModules { inherit modules; };
  config = modules: (eval modules).config;

  number = { options.n = mkOption { type = types.int; default = 0; }; };
  list = { options.l = mkOption { type = types.listOf types.str; default = [ ]; }; };
  warnings = {
    options.warnings = mkOption { type = types.listOf types.str; default = [ ]; };
    options.assertions = mkOption { type = types.listOf types.unspecified; default = [ ]; };
  };
in
{
  # Priorities.
  "a definition replaces the default" = { expr = (config [ number { n = 1; } ]).n; expected = 1; };
  "mkDefault gives way" = { expr = (config [ number { n = mkDefault 1; } { n = 2; } ]).n; expected = 2; };
  "mkForce wins" = { expr = (config [ number { n = mkForce 1; } { n = 2; } ]).n; expected = 1; };
  "the lowest number wins" = { expr = (config [ number { n = mkOverride 20 1; } { n = mkForce 2; } { n = lib.mkVMOverride 3; } ]).n; expected = 3; };
  "priority numbers" = {
    expr = map (p: p.priority) [ (lib.mkOptionDefault 1) (lib.mkDefault 1) (lib.mkImageMediaOverride 1) (lib.mkForce 1) (lib.mkVMOverride 1) ];
    expected = [ 1500 1000 60 50 10 ];
  };
  "definitions that lose are not evaluated" = { expr = (config [ number { n = mkDefault (throw "lost"); } { n = 2; } ]).n; expected = 2; };
  "mkForce reaches into sets" = { expr = (config [ number { config = mkForce { n = 1; }; } { n = 2; } ]).n; expected = 1; };
  "mkForce around mkIf" = { expr = [ (config [ number { n = mkForce (mkIf true 1); } { n = 2; } ]).n (config [ number { n = mkForce (mkIf false 1); } { n = 2; } ]).n ]; expected = [ 1 2 ]; };
  "highestPrio" = { expr = map (ms: (eval ([ number ] ++ ms)).options.n.highestPrio) [ [ ] [ { n = 1; } ] [ { n = mkForce 1; } { n = 2; } ] ]; expected = [ 1500 100 50 ]; };

  # Conditions.
  "mkIf may depend on the configuration" = { expr = (config [ number list ({ config, ... }: { l = mkIf (config.n > 1) [ "big" ]; }) { n = 2; } ]).l; expected = [ "big" ]; };
  "mkIf around everything" = { expr = (config [ number list ({ config, ... }: { config = mkIf (config.n == 0) { l = [ "zero" ]; }; }) ]).l; expected = [ "zero" ]; };
  "mkMerge" = { expr = (config [ list { config = mkMerge [ { l = [ "a" ]; } (mkIf true { l = [ "b" ]; }) (mkIf false { l = [ "c" ]; }) ]; } ]).l; expected = [ "a" "b" ]; };
  "mkMerge of values" = { expr = (config [ list { l = mkMerge [ [ "a" ] (lib.mkBefore [ "b" ]) ]; } ]).l; expected = [ "b" "a" ]; };
  "mkAssert" = { expr = [ (config [ number { config = lib.mkAssert true "message" { n = 1; }; } ]).n (fails (config [ number { config = lib.mkAssert false "message" { n = 1; }; } ]).n) ]; expected = [ 1 true ]; };

  # Order and imports.
  "the importing module comes last" = {
    expr = (config [ list { imports = [ { l = [ "imported 1" ]; } { l = [ "imported 2" ]; } ]; l = [ "importing" ]; } ]).l;
    expected = [ "imported 2" "imported 1" "importing" ];
  };
  "a file is imported once" = { expr = (config [ ./modules/list.nix ./modules/list.nix { imports = [ ./modules/list.nix ]; } ]).l; expected = [ "file" ]; };
  "imports by function" = { expr = (config [ { imports = [ ({ ... }: { imports = [ list ]; l = [ "x" ]; }) ]; } ]).l; expected = [ "x" ]; };
  "modules may import each other in a circle" = { expr = (config [ ./modules/circle-a.nix ]).l; expected = [ "b" "a" ]; };
  "disabledModules by path" = { expr = (config [ list ./modules/extra.nix { disabledModules = [ ./modules/extra.nix ]; } ]).l; expected = [ ]; };
  "disabledModules below modulesPath" = {
    expr = (lib.evalModules { specialArgs.modulesPath = toString ./modules; modules = [ list ./modules/extra.nix { disabledModules = [ "extra.nix" ]; } ]; }).config.l;
    expected = [ ];
  };
  "disabledModules by key" = {
    expr = (config [ list { key = "mine"; l = [ "x" ]; } { disabledModules = [ { key = "mine"; } ]; } ]).l;
    expected = [ ];
  };
  "keys tell modules apart" = { expr = (config [ list { key = "k"; l = [ "x" ]; } { key = "k"; l = [ "y" ]; } ]).l; expected = [ "x" ]; };
  "the graph shows imports" = {
    expr = map (m: [ m.key m.disabled (map (i: i.key) m.imports) ]) (lib.evalModules { modules = [ { key = "a"; imports = [ { key = "b"; } ]; disabledModules = [ { key = "b"; } ]; } ]; }).graph;
    expected = [ [ "a" false [ "b" ] ] ];
  };

  # Arguments.
  "specialArgs reach imports" = { expr = (lib.evalModules { specialArgs.which = [ number ]; modules = [ ({ which, ... }: { imports = which; n = 4; }) ]; }).config.n; expected = 4; };
  "_module.args reach functions" = { expr = (config [ number { _module.args.amount = 3; } ({ amount, ... }: { n = amount; }) ]).n; expected = 3; };
  "_module.args may depend on the configuration" = {
    expr = (config [ number list ({ config, ... }: { _module.args.size = if config.n > 1 then "big" else "small"; }) ({ size, ... }: { l = [ size ]; }) ]).l;
    expected = [ "small" ];
  };
  "arguments that are not used are not evaluated" = { expr = (config [ number { _module.args.amount = throw "not used"; } ({ amount, ... }: { n = 1; }) ]).n; expected = 1; };
  "extendModules" = { expr = ((eval [ number { n = 1; } ]).extendModules { modules = [ { n = mkForce 5; } ]; }).config.n; expected = 5; };
  "the evaluation's type" = {
    expr = (config [ { options.inner = mkOption { inherit (eval [ number ]) type; default = { }; }; } { inner.n = 2; } ]).inner.n;
    expected = 2;
  };
  "class" = {
    expr = [ (fails (lib.evalModules { class = "nixos"; modules = [ { _class = "home"; } ]; }).config) (lib.evalModules { class = "nixos"; modules = [ { _class = "nixos"; } { } ]; }).class ];
    expected = [ true "nixos" ];
  };

  # Checks.
  "definitions need a declaration" = { expr = [ (fails (config [ { x = 1; } ])) (config [ number { x = 1; _module.check = false; } ]).n ]; expected = [ true 0 ]; };
  "freeformType takes the rest" = { expr = config [ number { freeformType = types.attrsOf types.str; x = "y"; } ]; expected = { n = 0; x = "y"; }; };
  "freeformType below options" = { expr = config [ { freeformType = types.lazyAttrsOf types.anything; options.a.b = mkOption { default = 1; }; } { a.c = 2; } ]; expected = { a = { b = 1; c = 2; }; }; };
  "readOnly" = { expr = [ (config [ { options.x = mkOption { readOnly = true; }; } { x = 1; } ]).x (fails (config [ { options.x = mkOption { readOnly = true; }; } { x = 1; } { x = 1; } ]).x) ]; expected = [ 1 true ]; };
  "apply" = { expr = (config [ { options.x = mkOption { type = types.int; apply = toString; }; } { x = 1; } ]).x; expected = "1"; };
  "options of several declarations" = {
    expr = (config [ { options.x = mkOption { type = types.enum [ "a" ]; }; } { options.x = mkOption { type = types.enum [ "b" ]; default = "b"; }; } ]).x;
    expected = "b";
  };

  # What options know.
  "isDefined, files, definitions" = {
    expr =
      let
        inherit (eval [ { options.l = mkOption { type = types.listOf types.int; }; } { _file = "a.nix"; l = [ 1 ]; } { _file = "b.nix"; l = lib.mkBefore [ 2 ]; } ]) options;
      in
      {
        inherit (options.l) isDefined files definitions definitionsWithLocations;
        text = "${options.l}";
      };
    expected = {
      isDefined = true;
      files = [ "b.nix" "a.nix" ];
      definitions = [ [ 2 ] [ 1 ] ];
      definitionsWithLocations = [ { file = "b.nix"; value = [ 2 ]; } { file = "a.nix"; value = [ 1 ]; } ];
      text = "l";
    };
  };
  "declarations" = { expr = (eval [ { _file = "a.nix"; options.x = mkOption { }; } ]).options.x.declarations; expected = [ "a.nix" ]; };
  "declarationPositions" = { expr = map (p: baseNameOf p.file) (eval [ ./modules/list.nix ]).options.l.declarationPositions; expected = [ "list.nix" ]; };
  "definitionPositions" = { expr = map (p: p.line) (eval [ ./modules/list.nix ]).options.l.definitionPositions; expected = [ 8 ]; };
  "mkDefinition gives a file" = { expr = (eval [ number { n = lib.mkDefinition { file = "elsewhere.nix"; value = 1; }; } ]).options.n.files; expected = [ "elsewhere.nix" ]; };
  "meta of a module" = { expr = (config [ { options.meta.owner = mkOption { }; meta.owner = "me"; } ]).meta.owner; expected = "me"; };

  # Renames.
  "mkRenamedOptionModule forwards with priority" = {
    expr =
      let
        c = config [ number warnings (lib.mkRenamedOptionModule [ "old" ] [ "n" ]) { _file = "user.nix"; old = mkForce 3; } { n = 4; } ];
      in
      [ c.n c.warnings ];
    expected = [ 3 [ "Obsolete option `old' is used. It was renamed to `n'. It is defined in `user.nix'." ] ];
  };
  "mkRenamedOptionModule leaves the new option alone" = { expr = (config [ number warnings (lib.mkRenamedOptionModule [ "old" ] [ "n" ]) ]).n; expected = 0; };
  "mkAliasOptionModule" = { expr = (config [ number (lib.mkAliasOptionModule [ "alias" "n" ] [ "n" ]) { alias.n = 2; } ]); expected = { n = 2; alias.n = 2; }; };
  "mkRemovedOptionModule" = {
    expr = map (a: [ a.assertion a.message ]) (config [ warnings (lib.mkRemovedOptionModule [ "gone" ] "Use nothing.") { _file = "user.nix"; gone = 1; } ]).assertions;
    expected = [ [ false "The option definition `gone' in `user.nix' no longer has any effect; please remove it.\nUse nothing.\n" ] ];
  };
  "mkChangedOptionModule" = {
    expr =
      let
        change = lib.mkChangedOptionModule [ "level" ] [ "l" ] (config: [ (if config.level > 5 then "high" else "low") ]);
      in
      [ (config [ list warnings change { level = 9; } ]).l (config [ list warnings change ]).l ];
    expected = [ [ "high" ] [ ] ];
  };
  "mkMergedOptionModule" = {
    expr = (config [ list warnings (lib.mkMergedOptionModule [ [ "a" ] [ "b" ] ] [ "l" ] (config: lib.optional (config.a == true) "a")) { a = true; } ]).l;
    expected = [ "a" ];
  };
  "mkAliasDefinitions" = { expr = (config [ list { options.m = mkOption { type = types.listOf types.str; }; } ({ options, ... }: { m = [ "x" ]; l = lib.mkAliasDefinitions options.m; }) ]).l; expected = [ "x" ]; };
  "mkDerivedConfig" = { expr = (eval [ number list ({ options, ... }: { n = mkDefault 2; l = lib.mkDerivedConfig options.n (n: [ (toString n) ]); }) ]).options.l.highestPrio; expected = 1000; };

  # The manual's locate module.
  "the locate example" = {
    expr =
      let
        locate =
          { config, lib, ... }:
          with lib;
          {
            options.services.locate = {
              enable = mkOption { type = types.bool; default = false; };
              period = mkOption { type = types.str; default = "15 02 * * *"; };
            };
            config.services.cron.systemCronJobs = optional config.services.locate.enable "${config.services.locate.period} root update-locatedb";
          };
        cron = { options.services.cron.systemCronJobs = mkOption { type = types.listOf types.str; default = [ ]; }; };
      in
      map (enable: (config [ locate cron { services.locate.enable = enable; } ]).services.cron.systemCronJobs) [ false true ];
    expected = [ [ ] [ "15 02 * * * root update-locatedb" ] ];
  };
}
