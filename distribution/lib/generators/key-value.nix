# Files of keys and values: one on a line, in sections (INI), as git and dconf want them.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatLists
    concatStringsSep
    isAttrs
    isBool
    isFloat
    isInt
    isString
    map
    replaceStrings
    typeOf
    ;
  inherit (lib.attrsets) isDerivation mapAttrsToList;
  inherit (lib.strings) concatStrings escape;

  escapeSection = escape [ "[" "]" ];

  # Sections of a git configuration from nested sets: { a.b.c = 1; } is the key `c` in the section `a.b`.
  # Yields [ { section; key; value; } ].
  gitEntries =
    path: attrs:
    builtins.concatMap (
      name:
      let
        value = attrs.${name};
      in
      if isAttrs value && !isDerivation value then
        gitEntries (path ++ [ name ]) value
      else
        [
          {
            section = concatStringsSep "." path;
            key = name;
            inherit value;
          }
        ]
    ) (attrNames attrs);
in
rec {
  /** Value as text: strings as they are, numbers, booleans, null and packages; lists, sets and functions are errors. */
  mkValueStringDefault =
    { }:
    value:
    if isString value then
      value
    else if isInt value || isDerivation value then
      toString value
    else if isBool value then
      lib.trivial.boolToString value
    else if value == null then
      "null"
    else if isFloat value then
      lib.strings.floatToString value
    else
      abort "generators.mkValueStringDefault: a value of type ${
        if lib.trivial.isFunction value then "function" else typeOf value
      } is not supported: ${lib.generators.toPretty { } value}";

  /** Key, separator and value; the separator is escaped within the key. */
  mkKeyValueDefault =
    {
      mkValueString ? mkValueStringDefault { },
    }:
    separator: key: value:
    escape [ separator ] key + separator + mkValueString value;

  /** A line for each attribute; with `listsAsDuplicateKeys` one for each element of a list. */
  toKeyValue =
    {
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
      indent ? "",
    }:
    let
      line = key: value: "${indent}${mkKeyValue key value}\n";
      lines = key: value: map (line key) (if listsAsDuplicateKeys then lib.lists.toList value else [ value ]);
    in
    attrs: concatStrings (concatLists (mapAttrsToList lines attrs));

  /** INI file: sections of keys and values. */
  toINI =
    {
      mkSectionName ? escapeSection,
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
    }:
    let
      body = toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; };
    in
    sections:
    concatStringsSep "\n" (mapAttrsToList (name: values: "[${mkSectionName name}]\n${body values}") sections);

  /** INI file with keys before the first section: `{ globalSection; sections; }`. */
  toINIWithGlobalSection =
    {
      mkSectionName ? escapeSection,
      mkKeyValue ? mkKeyValueDefault { } "=",
      listsAsDuplicateKeys ? false,
    }:
    {
      globalSection,
      sections ? { },
    }:
    let
      global = toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; } globalSection;
    in
    (if globalSection == { } then "" else global + "\n")
    + toINI { inherit mkSectionName mkKeyValue listsAsDuplicateKeys; } sections;

  /** Git configuration; nested sets are subsections, lists keys that occur several times. */
  toGitINI =
    let
      sectionName =
        name:
        let
          parts = lib.strings.splitString "." name;
          subsection = concatStringsSep "." (builtins.tail parts);
        in
        # A name with a quote in it has been put into its final form already.
        if builtins.length parts == 1 || lib.strings.hasInfix "\"" name then
          name
        else
          "${builtins.head parts} \"${subsection}\"";

      mkValueString =
        value:
        if isString value then
          "\"" + replaceStrings [ "\\" "\"" "\n" "\t" ] [ "\\\\" "\\\"" "\\n" "\\t" ] value + "\""
        else
          mkValueStringDefault { } value;

      keyValue = mkKeyValueDefault { inherit mkValueString; } " = ";

      mkKeyValue = key: value: lib.strings.concatMapStringsSep "\n" (v: "\t${keyValue key v}") (lib.lists.toList value);
    in
    attrs:
    toINI {
      inherit mkKeyValue;
      mkSectionName = sectionName;
    } (
      builtins.mapAttrs (_: entries: builtins.listToAttrs (map (e: { name = e.key; inherit (e) value; }) entries)) (
        builtins.groupBy (e: e.section) (gitEntries [ ] attrs)
      )
    );

  /** Key and value for dconf; see `lib.gvariant`. */
  mkDconfKeyValue = mkKeyValueDefault { mkValueString = value: toString (lib.gvariant.mkValue value); } "=";

  /** Key file for dconf. */
  toDconfINI = toINI { mkKeyValue = mkDconfKeyValue; };
}
