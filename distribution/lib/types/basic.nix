# Types of single values: booleans, numbers, strings, paths, packages.
{ lib }:

let
  inherit (builtins)
    concatStringsSep
    foldl'
    isAttrs
    isBool
    isFloat
    isInt
    isPath
    isString
    match
    substring
    ;
  inherit (lib.options) getValues mergeEqualOption mergeEqualOrUniqueOption mergeOneOption;
  inherit (lib.types)
    addCheck
    defaultFunctor
    mkOptionType
    optionDescriptionPhrase
    ;

  # Functor of a type whose two declarations must have the same parameters.
  sameParameters =
    name: make: payload:
    defaultFunctor name
    // {
      type = make;
      inherit payload;
      binOp = a: b: if a == b then a else null;
    };

  noun = name: description: rest: mkOptionType ({ inherit name description; descriptionClass = "noun"; } // rest);

  restrict =
    type: check: name: description:
    addCheck type check
    // {
      inherit name description;
    };
  clause = type: check: name: description: restrict type check name description // { descriptionClass = "nonRestrictiveClause"; };

  inBounds = low: high: value: value >= low && value <= high;
  bounds = low: high: "${builtins.toJSON low} and ${builtins.toJSON high} (both inclusive)";
  needOrder =
    name: low: high:
    lib.throwIf (high < low) "types.${name}: the lower bound ${toString low} is above the upper bound ${toString high}";
in
rec {
  # Anything.

  /** Any value, one definition, not looked into. */
  raw = noun "raw" "raw value" { merge = mergeOneOption; };

  /** Any value; several definitions merge by what they are (`mergeDefaultOption`). */
  unspecified = noun "unspecified" "unspecified value" { errorNoun = "unspecified"; };

  /**
    Any value; sets merge attribute by attribute with priorities, functions by their results; all others must
    be equal.
  */
  anything = noun "anything" "anything" {
    merge =
      loc: defs:
      let
        kind =
          value:
          if isAttrs value && lib.strings.isStringLike value then "text" else builtins.typeOf value;
        first = kind (builtins.head defs).value;
      in
      if !builtins.all (def: kind def.value == first) defs then
        throw (
          "The option `${lib.options.showOption loc}' is defined with values of different kinds, in ${
            lib.options.showFiles (lib.options.getFiles defs)
          }."
          + lib.modules.messages.definitionLines defs
        )
      else if first == "set" then
        (lib.types.attrsOf anything).merge loc defs
      else if first == "text" then
        mergeOneOption loc defs
      else if first == "lambda" then
        arg:
        anything.merge (loc ++ [ "<function body>" ]) (
          map (def: {
            inherit (def) file;
            value = def.value arg;
          }) defs
        )
      else
        mergeEqualOption loc defs;
  };

  # Booleans.

  /** true or false; several definitions must be equal. */
  bool = noun "bool" "boolean" {
    check = isBool;
    merge = mergeEqualOption;
  };

  /** true or false; true when one definition is. */
  boolByOr = noun "boolByOr" "boolean (merged using or)" {
    check = isBool;
    merge = _loc: defs: foldl' (result: def: result || def.value) false defs;
  };

  # Numbers.

  /** Whole number. */
  int = noun "int" "signed integer" {
    errorNoun = "integer";
    check = isInt;
    merge = mergeEqualOrUniqueOption;
  };

  /** Whole numbers within bounds. */
  ints =
    let
      # Two to the power of `bits` numbers.
      sized =
        bits: count:
        let
          range = signed: low: high: {
            name = "${if signed then "signed" else "unsigned"}Int${toString bits}";
            description = "${toString bits} bit ${if signed then "signed" else "unsigned"} integer; between ${bounds low high}";
          };
        in
        {
          unsigned = ints.between 0 (count - 1) // range false 0 (count - 1);
          signed = ints.between (-(count / 2)) (count / 2 - 1) // range true (-(count / 2)) (count / 2 - 1);
        };
      of8 = sized 8 256;
      of16 = sized 16 65536;
      of32 = sized 32 4294967296;
    in
    {
      /** Between two numbers, both included. */
      between =
        low: high:
        needOrder "ints.between" low high (
          restrict int (inBounds low high) "intBetween" "integer between ${bounds low high}"
        );
      /** 0 or more. */
      unsigned = clause int (n: n >= 0) "unsignedInt" "unsigned integer, meaning >=0";
      /** 1 or more. */
      positive = clause int (n: n > 0) "positiveInt" "positive integer, meaning >0";
      u8 = of8.unsigned;
      s8 = of8.signed;
      u16 = of16.unsigned;
      s16 = of16.signed;
      u32 = of32.unsigned;
      s32 = of32.signed;
    };

  /** Number of a network port. */
  port = ints.u16;

  /** Floating point number. */
  float = noun "float" "floating point number" {
    check = isFloat;
    merge = mergeEqualOption;
  };

  /** Whole or floating point number. */
  number = lib.types.either int float;

  /** Whole or floating point numbers within bounds. */
  numbers = {
    /** Between two numbers, both included. */
    between =
      low: high:
      needOrder "numbers.between" low high (
        restrict number (inBounds low high) "numberBetween" "integer or floating point number between ${bounds low high}"
      );
    /** 0 or more. */
    nonnegative = clause number (
      n: n >= 0
    ) "numberNonnegative" "nonnegative integer or floating point number, meaning >=0";
    /** More than 0. */
    positive = clause number (
      n: n > 0
    ) "numberPositive" "positive integer or floating point number, meaning >0";
  };

  # Strings.

  /** String; several definitions must be equal. */
  str = noun "str" "string" {
    check = isString;
    merge = mergeEqualOrUniqueOption;
  };

  /** String that is more than white space. */
  nonEmptyStr = noun "nonEmptyStr" "non-empty string" {
    check = value: isString value && match "[ \t\n]*" value == null;
    inherit (str) merge;
  };

  /** String of one line; a line feed at its end is taken off. */
  singleLineStr = noun "singleLineStr" "(optionally newline-terminated) single-line string" {
    check = value: isString value && match "[^\n\r]*\n?" value != null;
    merge = loc: defs: lib.strings.removeSuffix "\n" (str.merge loc defs);
  };

  /** String that a regular expression matches as a whole. */
  strMatching =
    pattern:
    noun "strMatching ${lib.strings.escapeNixString pattern}" "string matching the pattern ${pattern}" {
      check = value: isString value && match pattern value != null;
      inherit (str) merge;
      functor = sameParameters "strMatching" (payload: strMatching payload.pattern) { inherit pattern; };
    };

  /** String; several definitions are joined with a separator. */
  separatedString =
    sep:
    noun "separatedString" "strings concatenated with ${builtins.toJSON sep}" {
      errorNoun = "string";
      check = isString;
      merge = _loc: defs: concatStringsSep sep (getValues defs);
      functor = sameParameters "separatedString" (payload: separatedString payload.sep) { inherit sep; };
    };

  /** String; several definitions become lines. */
  lines = separatedString "\n";
  /** String; several definitions are joined with commas. */
  commas = separatedString ",";
  /** String; several definitions are joined with colons, as in PATH. */
  envVar = separatedString ":";

  /** String for a field of /etc/passwd: the given type without colons and line feeds. */
  passwdEntry =
    type:
    clause type (
      value: match ".*[:\n].*" value == null
    ) "passwdEntry ${type.name}" "${optionDescriptionPhrase (class: class == "noun") type}, not containing newlines or colons";

  # Paths.

  /** Absolute path: a path, or anything whose text begins with a slash. */
  path = pathWith { absolute = true; };

  /** Path below the Nix store. */
  pathInStore = pathWith { inStore = true; };

  /** Absolute path outside of the Nix store, as text. */
  externalPath = pathWith {
    absolute = true;
    inStore = false;
  };

  /** Path with conditions: `absolute` and `inStore` may be true, false, or null for either. */
  pathWith =
    {
      inStore ? null,
      absolute ? null,
    }:
    let
      adjective = if absolute == null then "" else if absolute then "absolute " else "relative ";
      where = if inStore == null then "" else if inStore then " in the Nix store" else " not in the Nix store";
      liesInStore = value: lib.strings.hasPrefix "${builtins.storeDir}/" (builtins.unsafeDiscardStringContext (toString value))
        && match "\\.links|\\.*" (baseNameInStore value) == null;
      # Name of the store object: the first component below the store directory.
      baseNameInStore =
        value:
        let
          below = lib.strings.removePrefix "${builtins.storeDir}/" (builtins.unsafeDiscardStringContext (toString value));
        in
        builtins.head (lib.strings.splitString "/" below);
      # A path value outside of the store could be copied into it later on.
      hasForm = if inStore == false then isString else lib.strings.isStringLike;
    in
    lib.throwIf (inStore == true && absolute == false) "types.pathWith: a path in the store is absolute" (
      noun "path" (adjective + "path" + where) (
        {
          check =
            value:
            hasForm value
            && (absolute == null || absolute == (substring 0 1 (toString value) == "/"))
            && (inStore == null || inStore == liesInStore value);
          merge = mergeEqualOrUniqueOption;
          functor = sameParameters "path" pathWith { inherit inStore absolute; };
        }
        // (if inStore == null && absolute == true then { errorNoun = "path"; } else { })
      )
    );

  # Packages.

  /** Package, or a store path, which becomes something like a package. */
  package = noun "package" "package" {
    errorNoun = "derivation";
    check = value: lib.attrsets.isDerivation value || lib.strings.isStorePath value;
    merge =
      loc: defs:
      let
        value = mergeOneOption loc defs;
      in
      if isPath value || (isString value && !builtins.hasContext value) then lib.attrsets.toDerivation value else value;
  };

  /** Package that can be a login shell. */
  shellPackage = package // {
    check = value: lib.attrsets.isDerivation value && value ? shellPath;
  };

  /** Set of all packages. */
  pkgs = addCheck (
    lib.types.unique { message = "Two sets of packages cannot be merged."; } lib.types.attrs
    // {
      name = "pkgs";
      description = "Nixpkgs package set";
      descriptionClass = "noun";
    }
  ) (value: value._type or null == "pkgs");

  /** Set of files, as `lib.fileset` makes it; several definitions are united. */
  fileset = noun "fileset" "fileset" {
    check = lib.fileset.isFileset;
    merge = _loc: defs: lib.fileset.unions (getValues defs);
    emptyValue.value = lib.fileset.empty;
  };

  /** Lua code for `generators.toLua`. */
  luaInline = noun "luaInline" "inline lua" {
    check = value: value._type or null == "lua-inline";
    merge = mergeEqualOption;
  };
}
