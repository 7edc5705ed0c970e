# Types that hold modules: submodules, modules to be evaluated elsewhere, options and types as values.
{ lib }:

let
  inherit (builtins)
    attrNames
    head
    intersectAttrs
    isAttrs
    isString
    length
    map
    ;
  inherit (lib.lists) last toList;
  inherit (lib.modules) checkDefinitions setDefaultModuleLocation;
  inherit (lib.types)
    coherentCheck
    defaultFunctor
    isType
    mergeByRecord
    mkOptionType
    optionDescriptionPhrase
    ;

  looksLikeModule = value: isAttrs value || lib.trivial.isFunction value || lib.types.path.check value;

  # The one of two parameters that says something; `none` means nothing. Both may say the same.
  agree =
    what: none: a: b:
    if a == none || a == b then
      b
    else if b == none then
      a
    else
      throw "types.submoduleWith: declarations of one option disagree about ${what}${
        if isString a && isString b then ": \"${a}\" and \"${b}\"" else ""
      }";
in
rec {
  /** Module with no checks, for evaluations that only serve documentation. */
  noCheckForDocsModule = {
    _file = "<built-in module that disables checks for the purpose of documentation generation>";
    _module.check = lib.modules.mkForce false;
  };

  /** Set with options of its own, declared by a module or a list of modules. */
  submodule =
    modules:
    submoduleWith {
      modules = toList modules;
      shorthandOnlyDefinesConfig = true;
    };

  /**
    `submodule` with more parameters: `specialArgs` and `class` as for `evalModules`, `description`, and whether a
    definition that is a set has definitions only (`shorthandOnlyDefinesConfig`) or is a module like any other.
  */
  submoduleWith =
    {
      modules,
      specialArgs ? { },
      shorthandOnlyDefinesConfig ? false,
      description ? null,
      class ? null,
    }@given:
    let
      base = lib.modules.evalModules {
        inherit class specialArgs;
        modules = [ { _module.args.name = lib.modules.mkOptionDefault "‹name›"; } ] ++ modules;
      };
      forDocs = prefix: base.extendModules {
        inherit prefix;
        modules = [ noCheckForDocsModule ];
      };
      inherit (base._module) freeformType;

      asModule =
        def:
        if isAttrs def.value && shorthandOnlyDefinesConfig == true then
          {
            _file = def.file;
            config = def.value;
          }
        else
          setDefaultModuleLocation def.file def.value;
    in
    mkOptionType {
      name = "submodule";
      errorNoun = "submodule";
      description =
        let
          open = (forDocs [ ])._module.freeformType;
        in
        if description != null then
          description
        else if open ? description then
          "open submodule of ${optionDescriptionPhrase (class: class == "noun" || class == "composite") open}"
        else
          "submodule";
      check = coherentCheck looksLikeModule;
      merge = mergeByRecord (
        { loc, defs }:
        let
          configuration = base.extendModules {
            modules = [ { _module.args.name = last loc; } ] ++ map asModule defs;
            prefix = loc;
          };
        in
        {
          headError = checkDefinitions looksLikeModule loc defs;
          value = configuration.config;
          valueMeta = { inherit configuration; };
        }
      );
      emptyValue.value = base.config;
      getSubOptions =
        prefix:
        let
          docs = forDocs prefix;
          open = docs._module.freeformType;
        in
        docs.options // (if open == null then { } else { _freeformOptions = open.getSubOptions prefix; });
      getSubModules = modules;
      substSubModules = modules: submoduleWith (given // { inherit modules; });
      nestedTypes = if freeformType == null then { } else { inherit freeformType; };
      functor = defaultFunctor "submodule" // {
        type = submoduleWith;
        payload = {
          inherit
            modules
            specialArgs
            shorthandOnlyDefinesConfig
            description
            class
            ;
        };
        binOp =
          a: b:
          let
            common = intersectAttrs a.specialArgs b.specialArgs;
          in
          {
            modules = a.modules ++ b.modules;
            specialArgs =
              if common == { } then
                a.specialArgs // b.specialArgs
              else
                throw "types.submoduleWith: several declarations of one option give the specialArgs ${toString (attrNames common)}";
            class = agree "`class'" null (a.class or null) (b.class or null);
            shorthandOnlyDefinesConfig =
              agree "`shorthandOnlyDefinesConfig'" null a.shorthandOnlyDefinesConfig
                b.shorthandOnlyDefinesConfig;
            description = agree "`description'" null a.description b.description;
          };
      };
    };

  /** Module that is not evaluated here: the value is a module that imports all definitions. */
  deferredModule = deferredModuleWith { };

  /** `deferredModule` that always imports `staticModules`, too. */
  deferredModuleWith =
    {
      staticModules ? [ ],
    }:
    mkOptionType {
      name = "deferredModule";
      description = "module";
      descriptionClass = "noun";
      check = looksLikeModule;
      merge = loc: defs: {
        imports =
          staticModules
          ++ map (
            def: setDefaultModuleLocation "${toString def.file}, via option ${lib.options.showOption loc}" def.value
          ) defs;
      };
      inherit (submoduleWith { modules = staticModules; }) getSubOptions getSubModules;
      substSubModules = modules: deferredModuleWith { staticModules = modules; };
      functor = defaultFunctor "deferredModuleWith" // {
        type = deferredModuleWith;
        payload = { inherit staticModules; };
        binOp = a: b: { staticModules = a.staticModules ++ b.staticModules; };
      };
    };

  /** Option declaration, as `mkOption` makes it. */
  optionDeclaration = mkOptionType {
    name = "optionDeclaration";
    description = "option declaration";
    descriptionClass = "noun";
    check = value: isType "option" value && !(value ? value);
  };

  /** Option type; several definitions merge as the types of one option's declarations do. */
  optionType = mkOptionType {
    name = "optionType";
    description = "optionType";
    descriptionClass = "noun";
    check = isType "option-type";
    merge =
      loc: defs:
      let
        declaration = def: {
          _file = def.file;
          pos = def.pos or null;
          options = lib.options.mkOption { type = def.value; };
        };
      in
      if length defs == 1 then
        (head defs).value
      else
        (lib.modules.fixupOptionType loc (lib.modules.mergeOptionDecls loc (map declaration defs))).type;
  };

  # Values of file formats.

  /** Anything that a format such as JSON can say. */
  serializableValueWith =
    {
      typeName,
      nullable ? true,
    }:
    let
      inherit (lib) types;
      plain = types.oneOf [
        types.bool
        types.int
        types.float
        types.str
        types.path
        (types.attrsOf value)
        (types.listOf value)
      ];
      value =
        (if nullable then types.nullOr plain else plain)
        // { description = "${typeName} value"; };
    in
    value;

  /** JSON value. */
  json = serializableValueWith { typeName = "JSON"; };

  /** TOML value. */
  toml = serializableValueWith {
    typeName = "TOML";
    nullable = false;
  };
}
