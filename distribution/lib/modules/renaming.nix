# Modules that keep old option names working: renamed, removed, merged, changed options.
{ lib }:

let
  inherit (builtins) any filter map;
  inherit (lib.attrsets) attrByPath getAttrFromPath optionalAttrs setAttrByPath;
  inherit (lib.lists) optional zipListsWith;
  inherit (lib.modules)
    mkAliasAndWrapDefinitions
    mkAliasAndWrapDefsWithPriority
    mkDefinition
    mkIf
    mkMerge
    ;
  inherit (lib.options) mkOption showFiles showOption;

  # Tells "not defined" from any value that a user could give.
  unset = "_mkMergedOptionModule";

  obsolete = from: to: "Obsolete option `${showOption from}' is used. It was renamed to `${showOption to}'.";
in
rec {
  /**
    Module that forwards definitions of an old option to a new one. `visible`: show the old one in manuals; `warn`:
    add to `warnings` when it is defined; `use`: function around its value when it is read; `withPriority`: keep the
    definitions' priority; `condition`: whether to forward at all.
  */
  doRename =
    {
      from,
      to,
      visible,
      warn,
      use,
      withPriority ? true,
      condition ? true,
    }:
    { config, options, ... }:
    let
      old = getAttrFromPath from options;
      new = attrByPath to { } options;
      readNew = attrByPath to (abort "The option `${showOption from}' was renamed to `${showOption to}', which does not exist.");
      forward = if withPriority then mkAliasAndWrapDefsWithPriority else mkAliasAndWrapDefinitions;
      # Errors of the new option name the file and line of whoever has set the old one.
      placed = old // {
        definitions = zipListsWith (def: pos: mkDefinition (def // { inherit pos; })) old.definitionsWithLocations old.definitionPositions;
      };
    in
    {
      options = setAttrByPath from (mkOption {
        inherit visible;
        # A whole set of options can be renamed, too: then there is no one type.
        type = new.type or (lib.types.submodule { });
        description = "Alias of {option}`${showOption to}`.";
        apply = _value: use (readNew config);
      });
      config = mkIf condition (mkMerge [
        (optionalAttrs (options ? warnings) {
          warnings = optional (
            warn && old.isDefined
          ) "${obsolete from to} It is defined in ${showFiles old.files}.";
        })
        (forward (setAttrByPath to) placed)
      ]);
    };

  /** Module for an option with a new name: the old one works and warns. */
  mkRenamedOptionModule =
    from: to:
    doRename {
      inherit from to;
      visible = false;
      warn = true;
      use = builtins.trace (obsolete from to);
    };

  /** Like `mkRenamedOptionModule`; warns only once every supported release knows the new name. */
  mkRenamedOptionModuleWith =
    {
      from,
      to,
      sinceRelease,
    }:
    let
      due = lib.trivial.oldestSupportedReleaseIsAtLeast sinceRelease;
    in
    doRename {
      inherit from to;
      visible = false;
      warn = due;
      use = lib.warnIf due (obsolete from to);
    };

  /** Module for a second name of an option, without warnings. */
  mkAliasOptionModule =
    from: to:
    doRename {
      inherit from to;
      visible = true;
      warn = false;
      use = value: value;
    };

  /** Same as `mkAliasOptionModule`. */
  mkAliasOptionModuleMD = mkAliasOptionModule;

  /** Module for an option that is gone: defining it fails an assertion, which says what to do instead. */
  mkRemovedOptionModule =
    path: instructions:
    { options, ... }:
    let
      option = getAttrFromPath path options;
    in
    {
      options = setAttrByPath path (mkOption {
        visible = false;
        apply = _value: throw "The option `${showOption path}' was removed and has no value any more. ${instructions}";
      });
      config.assertions = [
        {
          assertion = !option.isDefined;
          message = ''
            The option definition `${showOption path}' in ${showFiles option.files} no longer has any effect; please remove it.
            ${instructions}
          '';
        }
      ];
    };

  /** Module that makes one option of several old ones; `mergeFn config` computes its value. */
  mkMergedOptionModule =
    from: to: mergeFn:
    { config, options, ... }:
    let
      isSet = path: getAttrFromPath path config != unset;
      used = filter isSet from;
    in
    {
      options = lib.lists.foldl' lib.attrsets.recursiveUpdate { } (
        map (
          path:
          setAttrByPath path (mkOption {
            visible = false;
            default = unset;
          })
        ) from
      );
      config = {
        warnings = map (
          path:
          "Obsolete option `${showOption path}' is used, in ${showFiles (getAttrFromPath path options).files}. `${showOption to}' takes its place, with values of another type."
        ) used;
      }
      // setAttrByPath to (mkMerge (optional (used != [ ]) (mergeFn config)));
    };

  /** Module for an option that got a new name and a new type; `changeFn config` computes its value. */
  mkChangedOptionModule = from: mkMergedOptionModule [ from ];
}
