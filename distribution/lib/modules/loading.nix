# From what `imports` names to a flat list of modules in one form.
#
# A module is a path, a function of module arguments, or a set; a set is short (definitions only) or full (`options`,
# `config`, `imports`). All become the record { _file; _class; key; disabledModules; imports; options; config; }.
{ lib }:

let
  inherit (builtins)
    addErrorContext
    attrNames
    concatMap
    elem
    filter
    genericClosure
    isAttrs
    isList
    isPath
    isString
    map
    mapAttrs
    pathExists
    removeAttrs
    substring
    ;
  inherit (lib.modules) mkMerge messages;

  # Names with a meaning of their own in a short module; `config` of a full module takes everything else.
  shortKeys = [ "_class" "_file" "key" "disabledModules" "require" "imports" "freeformType" ];
  fullKeys = [ "_class" "_file" "key" "disabledModules" "imports" "options" "config" "meta" "freeformType" ];

  withExtra = config: extra: if extra == { } then config else mkMerge [ config extra ];

  freeformOf = m: if m ? freeformType then { _module.freeformType = m.freeformType; } else { };

  # What a module says about itself, the given names standing in.
  identity =
    file: key: m:
    {
      _file = if m ? _file then toString m._file else file;
      _class = m._class or null;
      key = if m ? key then toString m.key else key;
      disabledModules = m.disabledModules or [ ];
    };

  fullModule =
    file: key: m:
    let
      unknown = removeAttrs m fullKeys;
    in
    if unknown != { } then
      throw (messages.unsupportedAttribute key (attrNames unknown))
    else
      identity file key m
      // {
        imports = m.imports or [ ];
        options = m.options or { };
        config = withExtra (m.config or { }) ((if m ? meta then { inherit (m) meta; } else { }) // freeformOf m);
      };

  shortModule =
    file: key: m:
    identity file key m
    // {
      imports = m.require or [ ] ++ m.imports or [ ];
      options = { };
      config = withExtra (removeAttrs m shortKeys) (freeformOf m);
    };
  # Where the file of a module says `imports`; null where that is not known. For error messages: evaluates the file again.
  importsPosition =
    args: file:
    let
      isFile = isString file && substring 0 1 file == "/" && pathExists file;
      m = if isFile then applyIfFunction args (import file) else null;
    in
    if isAttrs m then builtins.unsafeGetAttrPos "imports" m else null;
  applyIfFunction =
    args: m: if builtins.isFunction m then lib.modules.applyModuleArgs "" m args else m;
in
rec {
  /** One form for every module that is a set. `file` and `key` stand in for missing `_file` and `key`. */
  unifyModuleSyntax =
    file: key: m:
    if !isAttrs m then
      throw (messages.notAModule file [ ] m)
    else if m ? config || m ? options then
      fullModule file key m
    else
      shortModule file key m;

  /**
    Calls a module function. Arguments that the caller of `evalModules` has not given are looked up in
    `_module.args`, each only when it is used: the set given to the function names them all, its values are lazy.
  */
  applyModuleArgs =
    key: f: args:
    let
      argument =
        name: _:
        addErrorContext "while evaluating the module argument `${name}' in \"${key}\":" (
          args.${name} or (args.config._module.args.${name})
        );
    in
    f (args // mapAttrs argument (lib.trivial.functionArgs f));

  /** Calls a module if it is a function. */
  applyModuleArgsIfFunction =
    key: m: args:
    if lib.trivial.isFunction m then applyModuleArgs key m args else m;

  /** Loads one item of `imports`: `file` and `key` are used where it is no path. */
  loadModule =
    args: file: key: m:
    if builtins.isFunction m then
      unifyModuleSyntax file key (applyModuleArgs key m args)
    else if isAttrs m then
      if m ? _type then
        if m._type == "if" || m._type == "override" then
          unifyModuleSyntax file key { config = m; }
        else if m._type == "module" then
          unifyModuleSyntax file key m
        else
          throw (messages.notAModule file args._prefix m)
      else if m ? __functor then
        unifyModuleSyntax file key (applyModuleArgsIfFunction key m args)
      else
        unifyModuleSyntax file key m
    else if isPath m || isString m then
      let
        path = toString m;
      in
      if pathExists m then
        unifyModuleSyntax path path (applyModuleArgsIfFunction path (import m) args)
      else
        throw (messages.missingImport (importsPosition args file) file path)
    else if isList m then
      throw (messages.nestedImports file m)
    else
      throw (messages.notAModule file args._prefix m);

  /**
    All modules that a list imports, directly or not, each key once and breadth first.
    Returns `{ modules; graph; }`; `graph` is the tree of imports with `disabled` marks, for tools.
  */
  collectModules =
    class: modulesPath: roots: args:
    let
      checkClass =
        if class == null then
          module: module
        else
          module:
          if module._class == null || module._class == class then
            module
          else
            throw (messages.wrongClass module class);

      # A node carries `key` for genericClosure; its children are computed when asked for.
      nodes =
        file: key: items:
        lib.lists.imap1 (
          n: item:
          let
            module = checkClass (loadModule args file "${key}:anon-${toString n}" item);
          in
          {
            inherit (module) key;
            inherit module;
            children = nodes module._file module.key module.imports;
          }
        ) items;

      start = nodes lib.options.unknownModule "" roots;

      everything = genericClosure {
        startSet = start;
        operator = node: node.children;
      };

      disabledKeys = concatMap (
        node: map (disabledKey modulesPath node.module._file) node.module.disabledModules
      ) (filter (node: node.module.disabledModules != [ ]) everything);

      enabled = filter (node: !elem node.key disabledKeys);

      graphOf =
        trail: node:
        {
          inherit (node) key;
          file = node.module._file;
          disabled = elem node.key disabledKeys;
          # Modules may import each other in a circle; the tree ends where a key comes again.
          imports = if elem node.key trail then [ ] else map (graphOf (trail ++ [ node.key ])) node.children;
        };
    in
    {
      modules = map (node: node.module) (
        if disabledKeys == [ ] then
          everything
        else
          genericClosure {
            startSet = enabled start;
            operator = node: enabled node.children;
          }
      );
      graph = map (graphOf [ ]) (filter (node: node.key != "lib/modules") start);
    };

  # Key that an item of `disabledModules` means.
  disabledKey =
    modulesPath: file: item:
    let
      text = toString item;
    in
    if isString item then
      if substring 0 1 item == "/" then item else "${toString modulesPath}/${item}"
    else if lib.strings.isConvertibleWithToString item then
      if isAttrs item && item ? key && item.key != text then
        throw "Module `${file}' disables a set whose text `${text}' and whose key `${item.key}' differ, so that it is not clear which module is meant."
      else
        text
    else if isAttrs item && item ? key then
      item.key
    else if isAttrs item then
      throw "Module `${file}' has an attribute set without `key' in disabledModules, so that nothing says which module is meant.\n  expected: a path, a string relative to modulesPath, or a set with a `key'"
    else
      throw "Module `${file}' has a value of type ${builtins.typeOf item} in disabledModules.\n  expected: a path, a string relative to modulesPath, or a set with a `key'";

  /** Module that imports another one and gives it a file name for errors. */
  setDefaultModuleLocation = file: m: {
    _file = file;
    imports = [ m ];
  };

  /** Module from a file that holds a function of one further argument: `importApply ./module.nix arg`. */
  importApply = file: arg: setDefaultModuleLocation file (import file arg);

  /** Module whose definitions are a JSON file's content. */
  importJSON = file: {
    _file = file;
    config = lib.trivial.importJSON file;
  };

  /** Module whose definitions are a TOML file's content. */
  importTOML = file: {
    _file = file;
    config = lib.trivial.importTOML file;
  };
}
