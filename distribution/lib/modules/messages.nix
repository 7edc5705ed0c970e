# Texts of the module system's errors. The first line is the sentence that NixOS 15.09 used, so that instructions
# and tools that quote it stay right; the lines after it say where, what, what was expected, and what to do.
# Everything here runs on error paths only and may be slow.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatStringsSep
    filter
    isAttrs
    isFunction
    length
    map
    tryEval
    typeOf
    ;
  inherit (lib.lists) optional take unique;
  inherit (lib.options) showFiles showOption;

  article =
    noun: (if builtins.match "[aeiou].*" noun != null then "an " else "a ") + noun;

  kindOf =
    value:
    if value.type or null == "derivation" then
      "a package"
    else
      {
        set = "an attribute set";
        bool = "a boolean";
        int = "an integer";
        lambda = "a function";
        "null" = "null";
      }
      .${typeOf value} or (article (typeOf value));

  indent = text: builtins.replaceStrings [ "\n" ] [ "\n      " ] text;

  # Value as Nix text: on one line where it is short, else its first lines; null where evaluating it fails.
  excerpt =
    value:
    let
      limited = lib.generators.withRecursion {
        depthLimit = 6;
        throwOnDepthLimit = false;
      } value;
      # All of the text is computed within, so that what fails, fails here.
      attempt = multiline: tryEval (
        let
          text = lib.generators.toPretty { inherit multiline; } limited;
        in
        builtins.seq (builtins.stringLength text) text
      );
      short = attempt false;
      lines = lib.strings.splitString "\n" (attempt true).value;
      kept = take 6 lines;
    in
    if !short.success then
      null
    else if builtins.stringLength short.value <= 60 then
      short.value
    else
      indent (concatStringsSep "\n" (kept ++ optional (length lines > length kept) "..."));

  # What `mkIf`, `mkForce` and the like wrap. Their conditions are not evaluated: they may depend on the error.
  unwrapped =
    value:
    if builtins.elem (value._type or "") [ "if" "override" "order" ] then unwrapped value.content else value;

  describe =
    given:
    let
      value = unwrapped given;
      head = tryEval (kindOf value);
      text = excerpt value;
    in
    if !head.success then
      "(evaluating it fails)"
    else if text == null then
      "${head.value} (evaluating it fails)"
    else if head.value == "null" || isFunction value then
      text
    else
      "${text} (${head.value})";
in
rec {
  # File of a definition; modules that are written in place have none, but their attributes know where they stand.
  fileOf =
    entry:
    let
      file = toString entry.file;
    in
    if file == lib.options.unknownModule && entry.pos or null != null then entry.pos.file else file;

  filesOf = defs: showFiles (map fileOf defs);

  /** `file:line:column` of a definition or declaration with a position, else only its file. */
  place =
    entry:
    let
      pos = entry.pos or null;
    in
    if pos == null || pos.line == null then
      "in `${toString entry.file}'"
    else if pos.file == fileOf entry then
      "at ${pos.file}:${toString pos.line}:${toString pos.column}"
    else
      "in `${toString entry.file}', at ${pos.file}:${toString pos.line}:${toString pos.column}";

  /** One line for each definition: where it is and what it says. */
  definitionLines =
    defs:
    concatStringsSep "" (
      map (
        def:
        builtins.addErrorContext "while evaluating the definition in `${toString def.file}', to show it in an error" "\n  - ${place def}: ${describe def.value}"
      ) (take 10 defs)
    )
      + (if length defs > 10 then "\n  - and ${toString (length defs - 10)} more" else "");

  priorityHint = "\n  hint: `lib.mkForce VALUE' makes one definition win; `lib.mkDefault VALUE' makes one give way";

  /** Names nearest to a wrong one, the nearest first, at most three. */
  nearNames =
    wrong: names:
    let
      limit = if builtins.stringLength wrong < 5 then 1 else if builtins.stringLength wrong < 9 then 2 else 3;
      isPart = name: builtins.stringLength wrong > 3 && (lib.strings.hasPrefix wrong name || lib.strings.hasPrefix name wrong);
      near = filter (name: lib.strings.levenshteinAtMost limit wrong name || isPart name) names;
      distance = lib.strings.levenshtein wrong;
    in
    take 3 (lib.lists.sortOn distance near);

  valueOfWrongType = loc: type: defs:
    let
      def = builtins.head defs;
    in
    "The option value `${showOption loc}' in `${fileOf def}' is not a ${lib.types.errorNounOf type}."
    + "\n  expected: ${type.description or type.name}"
    + definitionLines defs;

  # `error` may come from a type of somebody else, with nothing but a message.
  headError = loc: type: defs: error:
    valueOfWrongType loc type (error.defs or defs) + (if error ? defs then "" else "\n  ${indent error.message}");

  usedButNotDefined = loc: type:
    "The option `${showOption loc}' is used but not defined."
    + "\n  expected: ${type.description or type.name}"
    + "\n  hint: set `${showOption loc}' in the configuration; it has no default";

  readOnlySetTwice = loc: defs:
    "The option `${showOption loc}' is read-only, but it's set multiple times." + definitionLines defs;

  uniqueDefinedTwice = loc: defs: extra:
    "The unique option `${showOption loc}' is defined multiple times, in ${filesOf defs}."
    + (if extra == "" then "" else "\n  " + indent extra)
    + definitionLines defs
    + priorityHint;

  conflicting = loc: defs:
    "The option `${showOption loc}' has conflicting definitions, in ${filesOf defs}."
    + definitionLines defs
    + priorityHint;

  cannotMerge = loc: defs:
    "Cannot merge definitions of `${showOption loc}' given in ${filesOf defs}."
    + definitionLines defs
    + "\n  hint: several definitions merge when they are all sets, lists, strings, booleans or functions";

  nullAndNotNull = loc: defs:
    "The option `${showOption loc}' is defined both null and not null, in ${filesOf defs}."
    + definitionLines defs
    + priorityHint;

  alreadyDeclared = loc: decl: former:
    "The option `${showOption loc}' in `${toString decl._file}' is already declared in ${showFiles former}."
    + "\n  - this declaration is ${place { file = decl._file; pos = decl.pos or null; }}"
    + "\n  hint: declarations of one option merge only when their types do and no two give a default, example or description";

  prefixOfOptions = loc: option: nested:
    "The option `${showOption loc}' in `${toString option._file}' is a prefix of options in `${toString (builtins.head nested)._file}'."
    + "\n  the option's type is ${option.options.type.description or "not given"}, which cannot hold options"
    + concatStringsSep "" (
      map (
        decl: "\n  - ${place { file = decl._file; inherit (decl) pos; }}: ${concatStringsSep ", " (map (name: showOption (loc ++ [ name ])) (take 5 (attrNames decl.options)))}"
      ) nested
    );

  unsupportedAttribute = key: names:
    "Module `${key}' has an unsupported attribute `${builtins.head names}'. This is caused by assignments to the top-level attributes `config' or `options'."
    + "\n  hint: a module with `config' or `options' at its top has all definitions within `config': move ${
      concatStringsSep ", " (map (name: "`${name}'") names)
    } there";

  doesNotExist =
    {
      prefix, # where the options begin
      def, # { file; prefix; value; pos; }: its own `prefix` is the path below the first one
      others, # further definitions without option
      options, # the option tree
    }:
    let
      full = prefix ++ def.prefix;
      # Deepest level of the tree that the definition reaches, and the first name that is missing there.
      known = lib.attrsets.longestValidPathPrefix def.prefix options;
      level = lib.attrsets.attrByPath known { } options;
      wrong = builtins.elemAt def.prefix (length known);
      # A declaration where a definition should stand, at the place itself or one level below.
      isOption = value: (tryEval (value._type or "" == "option")).value;
      holdsOption = isOption def.value || (tryEval (isAttrs def.value && builtins.any isOption (builtins.attrValues def.value))).value;
      siblings = filter (name: name != "_module") (if isAttrs level && level._type or "" != "option" then attrNames level else [ ]);
      near = map (name: "`${showOption (prefix ++ known ++ [ name ])}'") (nearNames wrong siblings);
      elsewhere = map (path: "`${showOption (prefix ++ path)}'") (
        if near == [ ] then sameLastName (lib.lists.last (def.prefix ++ firstLeaf 5 def.value)) options else [ ]
      );
      more = filter (other: other.prefix != def.prefix) others;
    in
    "The option `${showOption full}' defined in `${fileOf def}' does not exist."
    + definitionLines [ def ]
    + (
      if holdsOption then
        "\n  hint: this is a declaration: it belongs into `options', not into `config'"
      else if near != [ ] then
        "\n  did you mean ${alternatives near}?"
      else if elsewhere != [ ] then
        "\n  there is ${alternatives elsewhere}"
      else if siblings != [ ] && length siblings <= 12 then
        "\n  options ${if prefix ++ known == [ ] then "at the top" else "in `${showOption (prefix ++ known)}'"}: ${concatStringsSep ", " siblings}"
      else if siblings == [ ] && known == [ ] then
        "\n  no options are declared ${if prefix == [ ] then "at all" else "in `${showOption prefix}'"}"
      else
        ""
    )
    + (
      if more == [ ] then
        ""
      else
        "\n  these do not exist either: ${
          concatStringsSep ", " (unique (map (other: "`${showOption (prefix ++ other.prefix)}'") (take 5 more)))
        }"
    );

  /** "`a', `b' or `c'". */
  alternatives =
    words:
    if length words < 2 then
      concatStringsSep "" words
    else
      concatStringsSep ", " (lib.lists.init words) + " or " + lib.lists.last words;

  # Path within a definition to its first value that is no set.
  firstLeaf =
    depth: given:
    let
      value = unwrapped given;
      isPlain = tryEval (isAttrs value && !(value ? _type) && value.type or null != "derivation" && value != { });
      name = builtins.head (attrNames value);
    in
    if depth == 0 || !isPlain.success || !isPlain.value then [ ] else [ name ] ++ firstLeaf (depth - 1) value.${name};

  # Paths of options with the given last name anywhere in a tree, at most three; submodules are not entered.
  sameLastName =
    name: tree:
    let
      search =
        path: level:
        if !isAttrs level || level._type or "" == "option" then
          [ ]
        else
          (if level ? ${name} && level.${name}._type or "" == "option" then [ (path ++ [ name ]) ] else [ ])
          ++ builtins.concatMap (key: search (path ++ [ key ]) level.${key}) (filter (key: key != "_module") (attrNames level));
    in
    if builtins.elem name [ "enable" "package" "type" "name" ] then [ ] else take 3 (search [ ] tree);

  missingImport = position: file: path:
    "The file `${path}' does not exist."
    + (
      if position != null then
        "\n  - in `imports' at ${position.file}:${toString position.line}:${toString position.column}"
      else if toString file == lib.options.unknownModule then
        ""
      else
        "\n  - in `imports' of `${toString file}'"
    )
    + "\n  expected: a file or directory that is there";

  nestedImports = file: value:
    "A list in `imports' holds another list."
    + "\n  - in `${toString file}': ${describe value}"
    + "\n  hint: remove one pair of brackets, or join lists with `++'";

  notAModule = file: prefix: value:
    "A module was expected, but there is ${
      if value ? _type then "a value of type \"${value._type}\"" else describe value
    }${if toString file == lib.options.unknownModule then "" else ", imported by `${toString file}'"}${
      if prefix == [ ] then "" else ", in the modules of `${showOption prefix}'"
    }."
    + "\n  expected: a path, a function that yields a set, or a set of options and definitions"
    + (
      if value._type or "" == "flake" then
        "\n  hint: import one of the flake's modules, for instance `FLAKE.nixosModules.default'"
      else if value._type or "" == "configuration" then
        "\n  hint: import the modules that this configuration was made of, not the evaluated configuration"
      else if value._type or "" == "option" then
        "\n  hint: an option is declared within `options', under its name"
      else
        ""
    );

  wrongClass = module: expected:
    "The module `${toString module._file}' is made for configurations of class \"${module._class}\", but this one is of class \"${expected}\"."
    + "\n  hint: a module's `_class' says for which kind of configuration it is made";

  declarationOfType = loc: decl:
    let
      given = decl.options._type;
    in
    "The option `${showOption loc}' in `${toString decl._file}' is not declared by `mkOption': what stands there is a set with _type \"${given}\"."
    + "\n  - ${place { file = decl._file; inherit (decl) pos; }}"
    + (
      if given == "option-type" then
        "\n  hint: wrap the type: ${lib.strings.escapeNixIdentifier (lib.lists.last loc)} = mkOption { type = ...; }"
      else
        ""
    );

  declarationNotSet = prefix: decl:
    "The declarations of `${showOption prefix}' in `${toString decl._file}' are no attribute set, but of type `${typeOf decl.options}'."
    + "\n  - ${place { file = decl._file; pos = decl.pos or null; }}"
    + "\n  hint: definitions belong into `config', only declarations into `options'";

  definitionNotSet = prefix: def:
    "In module `${toString def.file}', a value of type `${typeOf def.value}' is defined for ${
      if prefix == [ ] then "the whole configuration" else "`${showOption prefix}'"
    }, which is not an option but a set of options."
    + definitionLines [ def ]
    + "\n  hint: define the options within it by their names";

  wrongCondition = def: condition:
    "`mkIf' called with a non-Boolean condition."
    + "\n  - ${place def}: the condition is ${describe condition}";
}
