# Options: declaring them, merging their definitions, showing and documenting them.
{ lib }:

let
  inherit (builtins)
    all
    concatLists
    concatMap
    concatStringsSep
    filter
    foldl'
    head
    isAttrs
    isBool
    isInt
    isList
    isString
    length
    map
    mapAttrs
    match
    removeAttrs
    tail
    ;
  inherit (lib.modules) messages;

  needText =
    function: text:
    if isString text then text else throw "${function}: expected a string, but got a value of type ${builtins.typeOf text}";

  # Merges definitions that must all be equal; `refuse` makes the message for when they are not.
  mergeEqual =
    refuse: loc: defs:
    if defs == [ ] then
      throw (messages.usedButNotDefined loc { name = "value"; })
    else
      let
        first = (head defs).value;
      in
      if length defs == 1 || all (def: def.value == first) (tail defs) then first else throw (refuse loc defs);
in
rec {
  # Declaring.

  /** Whether a value is an option declaration. */
  isOption = lib.types.isType "option";

  /**
    Declares an option. All attributes may be left out:
    `type` says which values are allowed and how several definitions merge; `default` is the value without any
    definition; `description`, `example` and `defaultText` (in place of `default`) are for manuals, as are
    `relatedPackages`, `internal` (not for users) and `visible` (false, "shallow": without its sub-options,
    "transparent": only its sub-options); `apply` is a function around the value; `readOnly` allows one definition only.
  */
  mkOption =
    {
      type ? null,
      default ? null,
      defaultText ? null,
      example ? null,
      description ? null,
      relatedPackages ? null,
      apply ? null,
      internal ? null,
      visible ? null,
      readOnly ? null,
      # The type's sub-options as 15.09 wrote them, with `types.optionSet`.
      options ? null,
    }@given:
    given // { _type = "option"; };

  /** Declares an option that switches something on: a boolean, false by default. */
  mkEnableOption =
    what:
    mkOption {
      type = lib.types.bool;
      default = false;
      example = true;
      description = if isAttrs what then what // { text = "Whether to enable ${what.text}."; } else "Whether to enable ${what}.";
    };

  /**
    Declares an option for the package that a module uses: `mkPackageOption pkgs "hello" { }`. The default is the
    attribute (or path of attributes) of that name in `pkgs`; `default = null` means that there is none, with
    `nullable` that it is null. `example` is text or a path; `pkgsText` is how manuals call `pkgs`.
  */
  mkPackageOption =
    pkgs: name:
    {
      nullable ? false,
      default ? name,
      example ? null,
      extraDescription ? "",
      pkgsText ? "pkgs",
    }:
    let
      path = lib.lists.toList default;
      inPkgs = path: "${pkgsText}.${lib.attrsets.showAttrPath path}";
      shortName = lib.lists.last (lib.lists.toList name);
    in
    mkOption (
      {
        type = if nullable then lib.types.nullOr lib.types.package else lib.types.package;
        description = "The ${shortName} package to use." + (if extraDescription == "" then "" else " ${extraDescription}");
      }
      // (
        if default != null then
          {
            default = lib.attrsets.attrByPath path (throw "${lib.attrsets.showAttrPath path} cannot be found in ${pkgsText}") pkgs;
            defaultText = literalExpression (inPkgs path);
          }
        else if nullable then
          { default = null; }
        else
          { }
      )
      // (
        if example == null then
          { }
        else
          { example = literalExpression (if isList example then inPkgs example else example); }
      )
    );

  /** Former name of `mkPackageOption`. */
  mkPackageOptionMD = mkPackageOption;

  /** Declares an option that takes any definitions and has no readable value: for modules whose options are used nowhere. */
  mkSinkUndeclaredOptions =
    changes:
    mkOption (
      {
        internal = true;
        visible = false;
        default = false;
        description = "Takes definitions of options that are not declared.";
        type = lib.types.mkOptionType {
          name = "sink";
          check = _value: true;
          merge = _loc: _defs: false;
        };
        apply = _value: throw "This option has no value: it only takes definitions of options that are not declared.";
      }
      // changes
    );

  # Merging definitions: functions of the option's path and of [ { file; value; } ].

  /** Merges by what the values are: sets, lists, strings and functions are joined, booleans are or'ed. */
  mergeDefaultOption =
    loc: defs:
    let
      values = getValues defs;
      allAre = test: all test values;
    in
    if length values == 1 then
      head values
    else if allAre lib.trivial.isFunction then
      arg: mergeDefaultOption loc (map (def: def // { value = def.value arg; }) defs)
    else if allAre isList then
      concatLists values
    else if allAre isAttrs then
      foldl' lib.trivial.mergeAttrs { } values
    else if allAre isBool then
      builtins.any (value: value) values
    else if allAre isString then
      concatStringsSep "" values
    else if allAre isInt && allAre (value: value == head values) then
      head values
    else
      throw (messages.cannotMerge loc defs);

  /** Allows one definition only. */
  mergeOneOption = mergeUniqueOption { message = ""; };

  /** Allows one definition only, and merges that with `merge`; `message` becomes part of the error. */
  mergeUniqueOption =
    {
      message,
      merge ? loc: defs: (head defs).value,
    }:
    loc: defs:
    if length defs == 1 then merge loc defs else throw (messages.uniqueDefinedTwice loc defs message);

  /** Allows several definitions when they are all equal. */
  mergeEqualOption = mergeEqual messages.conflicting;

  /** Like `mergeEqualOption`; the error is that of options that 15.09 allowed one definition of. */
  mergeEqualOrUniqueOption = mergeEqual (loc: defs: messages.uniqueDefinedTwice loc defs "");

  /** Values of definitions. */
  getValues = map (def: def.value);

  /** Files of definitions. */
  getFiles = map (def: def.file);

  # Showing.

  /** Path of an option as text; names are quoted where needed, but not placeholders (`*`, `<name>`, list elements). */
  showOption =
    let
      isPlaceholder = part: part == "*" || match "<.*>|\\[definition [0-9]+-entry [0-9]+]" part != null;
    in
    parts:
    concatStringsSep "." (map (part: if isPlaceholder part then part else lib.strings.escapeNixIdentifier part) parts);

  /** Names of files, quoted and joined by "and". */
  showFiles = files: concatStringsSep " and " (map (file: "`${toString file}'") files);

  /** Definitions, one on a line, with file and value. */
  showDefs = messages.definitionLines;

  /** Path of an option and the files that define it. */
  showOptionWithDefLocs =
    option: "${showOption option.loc}, with values defined in:\n${
      lib.strings.concatMapStringsSep "\n" (file: "  - ${file}") option.files
    }\n";

  /** File name of modules that have none. */
  unknownModule = "<unknown-file>";

  # Documenting.

  /** Text that manuals show as Nix code, in place of a value that cannot be shown (or takes long to compute). */
  literalExpression = text: {
    _type = "literalExpression";
    text = needText "literalExpression" text;
  };

  /** Former name of `literalExpression`. */
  literalExample = literalExpression;

  /** Markdown text in place of a value, for manuals. */
  literalMD = text: {
    _type = "literalMD";
    text = needText "literalMD" text;
  };

  /** Code in another language in place of a value, for manuals. */
  literalCode = language: text: literalMD "```${language}\n${text}\n```\n";

  /** Markdown description; a plain string means the same. */
  mdDoc = text: text;

  /** DocBook text in place of a value, for manuals. */
  literalDocBook = text: {
    _type = "literalDocBook";
    text = needText "literalDocBook" text;
  };

  /** Value for a manual: text as it is, everything else as Nix code. */
  renderOptionValue =
    value:
    if isAttrs value && value ? _type && value ? text then
      value
    else
      literalExpression (
        lib.generators.toPretty {
          multiline = true;
          allowPrettyValues = true;
        } value
      );

  /** Packages in a value become short sets with their name only. */
  scrubOptionValue =
    value:
    if lib.attrsets.isDerivation value then
      {
        type = "derivation";
        drvPath = value.name;
        outPath = value.name;
        inherit (value) name;
      }
    else if isList value then
      map scrubOptionValue value
    else if isAttrs value then
      mapAttrs (_: scrubOptionValue) (removeAttrs value [ "_args" ])
    else
      value;

  /** All options of a tree, sub-options of their types included, as plain records for manuals and search. */
  optionAttrSetToDocList = options: concatMap documentOption (lib.attrsets.collect isOption options);

  /** Former form, with a first argument that is not used. */
  optionAttrSetToDocList' = _prefix: optionAttrSetToDocList;

  # Record of one option, followed by those of its sub-options.
  documentOption =
    option:
    let
      name = showOption option.loc;
      visible = option.visible or true;
      hasEmptyValue = (option.type or { }).emptyValue or { } ? value && (option.type or { }).getSubModules or null == null;
      hasDefault = option ? defaultText || option ? default || hasEmptyValue;
      render =
        what: value:
        builtins.addErrorContext "while evaluating the ${what} of the option `${name}'" (renderOptionValue value);
      record = {
        inherit (option) loc;
        inherit name;
        description = option.description or null;
        declarations = filter (file: file != unknownModule) option.declarations;
        internal = option.internal or false;
        visible = if isBool visible then visible else visible == "shallow";
        readOnly = option.readOnly or false;
        type = option.type.description or "unspecified";
      }
      // (if option ? example then { example = render "example" option.example; } else { })
      // (
        if hasDefault then
          { default = render "default" (option.defaultText or option.default or option.type.emptyValue.value); }
        else
          { }
      )
      // (
        if option.relatedPackages or null == null then { } else { inherit (option) relatedPackages; }
      );
      nested = option.type.getSubOptions option.loc;
      showNested = if isBool visible then visible else visible == "transparent";
    in
    [ record ] ++ (if showNested && option ? type then optionAttrSetToDocList nested else [ ]);
}
