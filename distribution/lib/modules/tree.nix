# The option tree: declarations of all modules put together, each option with its definitions.
#
# `mergeModules` walks declarations and definitions side by side, level by level. Where a level holds an option, all
# definitions of that name belong to it; where it holds further levels, definitions are pushed down (properties.nix)
# and the walk goes on; definitions without a declaration are handed back as `unmatchedDefns`.
{ lib }:

let
  inherit (builtins)
    addErrorContext
    all
    attrNames
    concatMap
    filter
    foldl'
    head
    isAttrs
    length
    map
    mapAttrs
    tail
    unsafeGetAttrPos
    zipAttrsWith
    ;
  inherit (lib.modules)
    hasProperty
    messages
    mergeSelected
    mkOptionDefault
    plainDefinitions
    pushDown
    selectDefinitions
    setDefaultModuleLocation
    ;
  inherit (lib.options) mkOption showFiles showOption;

  isOption = tree: tree._type or "" == "option";

  # Declarations of one level by name: [ { _file; pos; options; } ].
  declarationsByName =
    prefix: decls:
    zipAttrsWith (_: found: found) (
      map (
        decl:
        if isAttrs decl.options then
          mapAttrs (name: options: {
            inherit (decl) _file;
            inherit options;
            pos = unsafeGetAttrPos name decl.options;
          }) decl.options
        else
          throw (messages.declarationNotSet prefix decl)
      ) decls
    );

  # Definitions of one level by name: [ { file; value; pos; } ]. `parts` come from `pushDown`.
  definitionsByName =
    prefix: parts:
    zipAttrsWith (_: found: found) (
      map (
        part:
        if isAttrs part.value then
          mapAttrs (name: value: {
            inherit (part) file;
            inherit value;
            pos = unsafeGetAttrPos name part.origin;
          }) part.value
        else
          throw (messages.definitionNotSet prefix part)
      ) parts
    );

  # The sets that a definition of a whole level comes to, each with the place of the definition.
  partsOf = def: map (part: part // { inherit (def) file pos; }) (pushDown def.value);

  # Options below an option are possible where its type is a submodule: they become one more module of it.
  treeAsOption =
    decl:
    if isOption decl.options then
      decl
    else
      decl
      // {
        options = mkOption {
          type = lib.types.submoduleWith {
            modules = [ { inherit (decl) options; } ];
            # Whatever the option's own declaration says.
            shorthandOnlyDefinesConfig = null;
          };
        };
      };

  positionOf =
    decl:
    if decl.pos or null != null then
      decl.pos
    else
      {
        file = decl._file;
        line = null;
        column = null;
      };

  # Modules of a declaration's submodule, and those that 15.09 wrote beside the type (`mkOption { options = ...; }`).
  subModulesOf =
    decl:
    let
      ofType = decl.options.type.getSubModules or null;
      beside = map asModule (lib.lists.toList decl.options.options);
      asModule = m: if isAttrs m && !(m ? options || m ? config || m ? imports) then { options = m; } else m;
      modules = (if ofType == null then [ ] else ofType) ++ (if decl.options ? options then beside else [ ]);
    in
    if modules == [ ] then modules else map (setDefaultModuleLocation decl._file) modules;

  # Adds a further declaration to what the former ones came to.
  addDeclaration =
    loc: former: decl:
    let
      new = decl.options;
      both = name: new ? ${name} && former ? ${name};
      merged = former.type.typeMerge new.type.functor;
      refused = throw (messages.alreadyDeclared loc decl former.declarations);
    in
    if both "default" || both "example" || both "description" || both "apply" then
      refused
    else
      new
      // former
      // {
        declarations = former.declarations ++ [ decl._file ];
        declarationPositions = former.declarationPositions ++ [ (positionOf decl) ];
        options = subModulesOf decl ++ former.options;
      }
      // (if !both "type" then { } else if merged == null then refused else { type = merged; });
in
rec {
  /** One option of all its declarations; `decls` are `{ _file; pos; options; }`. */
  mergeOptionDecls =
    loc: decls:
    let
      first = head decls;
      start = first.options // {
        inherit loc;
        declarations = [ first._file ];
        declarationPositions = [ (positionOf first) ];
        options = subModulesOf first;
      };
    in
    foldl' (addDeclaration loc) start (tail decls);

  /** Option with a type of its own: submodules get the modules of all declarations; without a type, `unspecified`. */
  fixupOptionType =
    loc: option:
    if option.type.getSubModules or null == null then
      if option ? type then option else option // { type = lib.types.unspecified; }
    else
      option
      // {
        type = option.type.substSubModules option.options;
        options = [ ];
      };

  /** Option with what its definitions come to: `value`, `isDefined`, `files`, `highestPrio`, ... */
  evalOptionValue =
    loc: option: defs:
    let
      default = {
        file = head option.declarations;
        value = option.default;
        pos = head (option.declarationPositions or [ null ]);
      };
      wrappedDefault = default // {
        value = mkOptionDefault option.default;
      };
      all = if option ? default then [ wrappedDefault ] ++ defs else defs;

      merged =
        if option.readOnly or false && length all > 1 then
          throw (messages.readOnlySetTwice loc (plainDefinitions all))
        else
          mergeSelected loc option.type (
            if defs == [ ] && option ? default && !hasProperty option.default then
              {
                values = [ default ];
                highestPrio = 1500;
              }
            else
              selectDefinitions all
          );

      value = if option ? apply then option.apply merged.mergedValue else merged.mergedValue;

      warnOfType =
        if option.type.deprecationMessage or null == null then
          x: x
        else
          lib.warn "The type `types.${option.type.name}' of the option `${showOption loc}', declared in ${showFiles option.declarations}, is obsolete. ${option.type.deprecationMessage}";
    in
    option
    // {
      value = addErrorContext "while evaluating the option `${showOption loc}':" (warnOfType value);
      inherit (merged.defsFinal') highestPrio;
      inherit (merged) isDefined;
      inherit (merged.checkedAndMerged) valueMeta;
      definitions = map (def: def.value) merged.defsFinal;
      files = map (def: def.file) merged.defsFinal;
      definitionsWithLocations = map (def: { inherit (def) file value; }) merged.defsFinal;
      # Where each of `definitions` is written, or null: for tools that name lines.
      definitionPositions = map (def: def.pos or null) merged.defsFinal;
      __toString = _self: showOption loc;
    };

  /**
    Walks the declarations `decls` ({ _file; options; }) and the definitions `parts` ({ file; value; origin; }) of one
    level. Returns `matchedOptions`, the tree, and `unmatchedDefns`: [ { file; prefix; value; pos; } ].
  */
  mergeLevel =
    prefix: decls: parts:
    let
      declared = declarationsByName prefix decls;
      defined = definitionsByName prefix parts;

      visit =
        name: found:
        let
          loc = prefix ++ [ name ];
          defs = defined.${name} or [ ];
          options = filter (
            decl:
            decl.options ? _type && (isOption decl.options || throw (messages.declarationOfType loc decl))
          ) found;
          option = decls: {
            matchedOptions = evalOptionValue loc (fixupOptionType loc (mergeOptionDecls loc decls)) defs;
            unmatchedDefns = [ ];
          };
        in
        if options == [ ] then
          mergeLevel loc found (concatMap partsOf defs)
        else if length options == length found then
          option found
        else if all (decl: decl.options.type.name or "" == "submodule") options then
          option (map treeAsOption found)
        else
          throw (messages.prefixOfOptions loc (head options) (filter (decl: !isOption decl.options) found));

      results = mapAttrs visit declared;
    in
    {
      matchedOptions = mapAttrs (_: result: result.matchedOptions) results;
      unmatchedDefns = concatMap (
        name:
        if declared ? ${name} then
          map (def: def // { prefix = [ name ] ++ def.prefix; }) results.${name}.unmatchedDefns
        else
          map (def: def // { prefix = [ name ]; }) defined.${name}
      ) (attrNames defined);
    };

  /** Option tree of modules in their unified form. */
  mergeModules =
    prefix: modules:
    mergeLevel prefix modules (
      concatMap (
        module:
        partsOf {
          file = module._file;
          value = module.config;
          pos = null;
        }
      ) modules
    );

  /** Like `mergeModules`, of declarations and definitions (`{ file; config; }`) that are given apart. */
  mergeModules' =
    prefix: modules: configs:
    mergeLevel prefix modules (
      map (c: {
        inherit (c) file;
        value = c.config;
        origin = c.config;
        pos = null;
      }) configs
    );

  /**
    Priority and value of each attribute in an option of type `attrsOf` or `lazyAttrsOf`:
    `{ name = { highestPrio; value; }; }`.
  */
  mergeAttrDefinitionsWithPrio =
    option:
    let
      parts = concatMap (def: partsOf (def // { pos = null; })) option.definitionsWithLocations;
      merge = name: lib.modules.mergeDefinitions (option.loc ++ [ name ]) option.type.nestedTypes.elemType;
    in
    mapAttrs (
      name: defs:
      let
        merged = merge name defs;
      in
      {
        inherit (merged.defsFinal') highestPrio;
        value = merged.mergedValue;
      }
    ) (definitionsByName option.loc parts);
}
