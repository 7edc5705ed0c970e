# Joining, cutting and searching strings.
{ lib }:

let
  inherit (builtins)
    concatMap
    concatStringsSep
    elem
    elemAt
    genList
    head
    isAttrs
    isList
    isPath
    isString
    length
    map
    match
    replaceStrings
    stringLength
    substring
    typeOf
    ;

  # These functions look at text; a path would be copied to the store first, which is never meant.
  noPath =
    name: which: value:
    lib.warnIf (isPath value) "lib.strings.${name}: the ${which} argument is the path ${toString value}, but it must be a string; a path never matches and is copied to the store. lib.path has functions for paths.";

  blank = " \t\r\n";
in
rec {
  # Joining.

  /** Same as `concatStringsSep`. */
  join = concatStringsSep;

  /** Joins strings. */
  concatStrings = concatStringsSep "";

  /** Joins a function's results for list elements. */
  concatMapStrings = f: xs: concatStringsSep "" (map f xs);

  /** Like `concatMapStrings`; the function also gets the position, counted from 1. */
  concatImapStrings = f: xs: concatStringsSep "" (lib.lists.imap1 f xs);

  /** Joins a function's results with a separator. */
  concatMapStringsSep =
    sep: f: xs:
    concatStringsSep sep (map f xs);

  /** Like `concatMapStringsSep`; the function also gets the position, counted from 1. */
  concatImapStringsSep =
    sep: f: xs:
    concatStringsSep sep (lib.lists.imap1 f xs);

  /** Joins a function's results for the names and values of a set. */
  concatMapAttrsStringSep =
    sep: f: attrs:
    concatStringsSep sep (lib.attrsets.mapAttrsToList f attrs);

  /** Joins lines; each one ends in a line feed. */
  concatLines = concatMapStrings (line: line + "\n");

  /** Puts a separator between the elements of a list. */
  intersperse =
    sep: xs:
    let
      n = length xs;
    in
    if n < 2 then xs else genList (i: if lib.mod i 2 == 0 then elemAt xs (i / 2) else sep) (2 * n - 1);

  /** The string several times. */
  replicate = n: text: concatStringsSep "" (genList (_: text) n);

  /** The string when the condition holds, else the empty one. */
  optionalString = condition: text: if condition then text else "";

  # Cutting.

  /** Bytes of a string as strings of length one. */
  stringToCharacters = text: genList (at: substring at 1 text) (stringLength text);

  /** Maps each byte of a string. */
  stringAsChars = f: text: concatMapStrings f (stringToCharacters text);

  /** Pieces between occurrences of a separator. The pieces keep the string's context. */
  splitString =
    sep: text:
    map (addContextFrom (toString text)) (
      builtins.filter isString (builtins.split (lib.strings.escapeRegex (toString sep)) (toString text))
    );

  /**
    Cuts before each character for which `pred previous current` holds; with `keep` the character begins the
    next piece, else it is left out. The character before the first one is "".
  */
  splitStringBy =
    pred: keep: text:
    let
      n = stringLength text;
      cutsAt = i: pred (if i == 0 then "" else substring (i - 1) 1 text) (substring i 1 text);
      cuts = builtins.filter cutsAt (genList (i: i) n);
      # Piece number k lies between cut k-1 (or the start) and cut k (or the end).
      start = k: if k == 0 then 0 else elemAt cuts (k - 1) + (if keep then 0 else 1);
      end = k: if k == length cuts then n else elemAt cuts k;
    in
    genList (k: substring (start k) (end k - start k) text) (length cuts + 1);

  /** Without white space at both ends. */
  trim = trimWith {
    start = true;
    end = true;
  };

  /** Without white space at the chosen ends. */
  trimWith =
    {
      start ? false,
      end ? false,
    }:
    let
      front = if start then "[${blank}]*" else "";
      back = if end then "(.*[^${blank}]|)[${blank}]*" else "(.*)";
    in
    text: head (match (front + back) text);

  /** The string without a prefix, if it begins with it. */
  removePrefix =
    prefix: text:
    noPath "removePrefix" "first" prefix (
      if lib.strings.hasPrefix prefix text then substring (stringLength prefix) (-1) text else text
    );

  /** The string without a suffix, if it ends in it. */
  removeSuffix =
    suffix: text:
    noPath "removeSuffix" "first" suffix (
      if hasSuffix suffix text then substring 0 (stringLength text - stringLength suffix) text else text
    );

  /** Content of a file without its last line feed. */
  fileContents = file: removeSuffix "\n" (builtins.readFile file);

  # Searching and replacing.

  /** Whether the second string begins with the first. */
  hasPrefix =
    prefix: text:
    noPath "hasPrefix" "first" prefix (substring 0 (stringLength prefix) text == prefix);

  /** Whether the second string ends in the first. */
  hasSuffix =
    suffix: text:
    let
      start = stringLength text - stringLength suffix;
    in
    noPath "hasSuffix" "first" suffix (start >= 0 && substring start (-1) text == suffix);

  /** Whether the first string occurs in the second. */
  hasInfix =
    infix: text:
    noPath "hasInfix" "first" infix (match ".*${lib.strings.escapeRegex infix}.*" "${text}" != null);

  /** Replaces every occurrence of one string. */
  replaceString = from: to: replaceStrings [ from ] [ to ];

  /** Slashes in a row become one. */
  normalizePath =
    text:
    noPath "normalizePath" "only" text (
      concatMapStrings (piece: if isList piece then "/" else piece) (builtins.split "/+" text)
    );

  # Letter case (ASCII).

  /** Small letters. */
  lowerChars = stringToCharacters "abcdefghijklmnopqrstuvwxyz";

  /** Capital letters. */
  upperChars = stringToCharacters "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

  /** With small letters for capitals. */
  toLower = replaceStrings upperChars lowerChars;

  /** With capitals for small letters. */
  toUpper = replaceStrings lowerChars upperChars;

  /** First letter a capital, all others small. */
  toSentenceCase =
    text:
    lib.throwIfNot (isString text) "toSentenceCase: expected a string, but got a ${typeOf text}" (
      addContextFrom text (toUpper (substring 0 1 text) + toLower (substring 1 (-1) text))
    );

  /** "some-name", "some_name", "some name" and "SomeName" become "someName". */
  toCamelCase =
    text:
    let
      words = concatMap (splitStringBy (a: b: match "[a-z]" a != null && match "[A-Z]" b != null) true) (
        splitStringBy (_: c: elem c [ "-" "_" " " ]) false text
      );
    in
    lib.throwIfNot (isString text) "toCamelCase: expected a string, but got a ${typeOf text}" (
      addContextFrom text (concatImapStrings (i: word: if i == 1 then toLower word else toSentenceCase word) words)
    );

  # What counts as a string.

  /** Whether a value is text or stands for text: strings, paths, sets with `outPath` or `__toString`. */
  isStringLike = value: isString value || isPath value || (isAttrs value && (value ? outPath || value ? __toString));

  /** Whether `toString` accepts a value. */
  isConvertibleWithToString =
    value:
    isStringLike value
    || elem (typeOf value) [ "null" "int" "float" "bool" ]
    || (isList value && lib.lists.all isConvertibleWithToString value);

  /** Whether a value stands for a direct child of the store directory (also one of content-addressed form). */
  isStorePath =
    value:
    isStringLike value
    && (
      let
        text = toString value;
      in
      substring 0 1 text == "/" && (dirOf text == builtins.storeDir || match "/[0-9a-z]{52}" text != null)
    );

  /** Gives a string the dependencies (context) of another. */
  addContextFrom = source: text: substring 0 0 source + text;
}
