# evalModules: modules in, option tree and configuration out.
{ lib }:

let
  inherit (builtins)
    addErrorContext
    head
    map
    mapAttrs
    removeAttrs
    seq
    tail
    ;
  inherit (lib.lists) optional reverseList;
  inherit (lib.modules)
    collectModules
    mergeModules
    messages
    mkDefault
    ;
  inherit (lib.options) mkOption;
  inherit (lib) types;

  # Values of an option tree.
  valuesOf = mapAttrs (_: node: if node._type or "" == "option" then node.value else valuesOf node);

  # Options that steer the module system itself. Each evaluation gets its own instance.
  builtinModule =
    {
      prefix,
      specialArgs,
      extendModules,
      moduleType,
    }:
    {
      _file = "lib/modules";
      key = "lib/modules";
      options._module = {
        args = mkOption (
          {
            # Lazy in its values: an argument is evaluated by the module that uses it.
            type = types.lazyAttrsOf types.raw;
            description = ''
              Arguments that module functions may take, besides `lib`, `config`, `options`, `specialArgs` and what the
              caller of `evalModules` passes in `specialArgs`. Modules set this like any option, so these
              arguments may depend on the configuration; for the same reason `imports` must not depend on them.

              Submodules take no arguments over from the modules around them; each gets `name`, the
              attribute name under which it stands.
            '';
          }
          # Shown once in manuals, not again for every submodule.
          // (if prefix == [ ] then { } else { internal = true; })
        );
        check = mkOption {
          type = types.bool;
          default = true;
          example = false;
          internal = true;
          description = "Whether a definition without a declared option is an error.";
        };
        freeformType = mkOption {
          type = types.nullOr types.optionType;
          default = null;
          internal = true;
          description = ''
            Type of all definitions that have no declared option. They are merged by it and become part of the
            configuration. With `null` such definitions are errors.
          '';
        };
        specialArgs = mkOption {
          readOnly = true;
          internal = true;
          description = "Arguments from the caller of `evalModules`; `imports` may depend on these.";
        };
      };
      config._module = {
        args = {
          inherit extendModules moduleType;
        };
        inherit specialArgs;
      };
    };
in
rec {
  /**
    Evaluates modules. Takes `modules`, and where wanted `specialArgs` (arguments that even `imports` may use;
    `modulesPath` among them is where relative `disabledModules` are looked up), `prefix` (where the
    options stand in a larger tree) and `class` (kind of configuration; modules of another `_class` are refused).
    Returns `config`, `options`, `_module`, `graph`, `type` (as a submodule), `class` and `extendModules`.
  */
  evalModules =
    {
      modules,
      prefix ? [ ],
      specialArgs ? { },
      class ? null,
      # Former arguments: `_module.args` and `_module.check` have taken their place.
      args ? { },
      check ? true,
    }@given:
    let
      legacy =
        optional (given ? args) { _module.args = args; }
        ++ optional (given ? check) { _module.check = mkDefault check; };
      warnLegacy =
        x:
        lib.warnIf (given ? args) "evalModules: the argument `args' is obsolete; set `_module.args' in a module" (
          lib.warnIf (given ? check) "evalModules: the argument `check' is obsolete; set `_module.check' in a module" x
        );

      roots = modules ++ legacy;

      collected =
        collectModules class (specialArgs.modulesPath or "")
          (
            roots
            ++ [
              (builtinModule {
                inherit prefix specialArgs extendModules;
                moduleType = type;
              })
            ]
          )
          (
            {
              inherit lib options specialArgs;
              config = addErrorContext "while computing the imports of modules (if you get an infinite recursion here, an `imports' list probably depends on `config': import the module always, and use `mkIf' within it)" config;
              _class = class;
              _prefix = prefix;
            }
            // specialArgs
          );

      # Importing modules come after those that they import, so that their list elements are the last.
      merged = mergeModules prefix (reverseList collected.modules);

      options = merged.matchedOptions;

      config =
        let
          declared = valuesOf options;
          freeformType = declared._module.freeformType;
          undeclared = freeformType.merge prefix (
            map (def: {
              inherit (def) file pos;
              value = lib.attrsets.setAttrByPath def.prefix def.value;
            }) merged.unmatchedDefns
          );
        in
        if freeformType == null then
          declared
        else if merged.unmatchedDefns == [ ] then
          declared
        else
          # The two never have a value at the same path, so none is lost.
          lib.attrsets.recursiveUpdate undeclared declared;

      allDeclared =
        if config._module.check && config._module.freeformType == null && merged.unmatchedDefns != [ ] then
          throw (
            messages.doesNotExist {
              inherit prefix options;
              def = head merged.unmatchedDefns;
              others = tail merged.unmatchedDefns;
            }
          )
        else
          null;

      extendModules =
        {
          modules ? [ ],
          specialArgs ? { },
          prefix ? given.prefix or [ ],
        }:
        evalModules (
          given
          // {
            modules = given.modules ++ modules;
            specialArgs = given.specialArgs or { } // specialArgs;
            inherit prefix;
          }
        );

      type = types.submoduleWith { inherit modules specialArgs class; };
    in
    warnLegacy {
      _type = "configuration";
      options = seq allDeclared options;
      config = seq allDeclared (removeAttrs config [ "_module" ]);
      _module = seq allDeclared config._module;
      inherit (collected) graph;
      inherit extendModules type class;
    };

  /** Former entry point: modules without check, with arguments. */
  fixMergeModules =
    modules: args:
    evalModules {
      modules = modules ++ [
        {
          _module.args = args;
          _module.check = false;
        }
      ];
    };
}
