# Quoting strings for shells, the language itself and file formats.
{ lib }:

let
  inherit (builtins)
    attrNames
    elem
    genList
    isAttrs
    isList
    listToAttrs
    map
    match
    replaceStrings
    stringLength
    substring
    toJSON
    ;

  # Code of each byte that a string literal can spell: printable ASCII, tab, line feed, carriage return.
  printable = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~";
  asciiCodes =
    listToAttrs (
      genList (i: {
        name = substring i 1 printable;
        value = 32 + i;
      }) (stringLength printable)
    )
    // {
      "\t" = 9;
      "\n" = 10;
      "\r" = 13;
    };

  # Two hexadecimal digits of a byte.
  hexByte = code: lib.strings.fixedWidthString 2 "0" (lib.trivial.toHexString code);

  keywords = [ "assert" "else" "if" "in" "inherit" "let" "or" "rec" "then" "with" ];
in
rec {
  /** Code of an ASCII character. */
  charToInt = c: asciiCodes.${c} or (throw "charToInt: ${toJSON c} is not one ASCII character");

  /** Puts a backslash before the given characters. */
  escape = chars: replaceStrings chars (map (c: "\\" + c) chars);

  /** Writes the given characters as `\xNN`, as C does. */
  escapeC = chars: replaceStrings chars (map (c: "\\x" + lib.strings.toLower (hexByte (charToInt c))) chars);

  /** Percent-encodes all but letters, digits and `-_.~`. */
  escapeURL =
    let
      reserved = builtins.filter (c: match "[A-Za-z0-9_.~-]" c == null) (attrNames asciiCodes);
    in
    replaceStrings reserved (map (c: "%" + hexByte asciiCodes.${c}) reserved);

  /** One word of a shell command. Quoted only where that is needed. */
  escapeShellArg =
    value:
    let
      text = toString value;
    in
    if match "[[:alnum:],._+:@%/-]+" text != null then
      text
    else
      "'" + replaceStrings [ "'" ] [ "'\\''" ] text + "'";

  /** Several words of a shell command. */
  escapeShellArgs = lib.strings.concatMapStringsSep " " escapeShellArg;

  /** Whether a string can name a shell variable. */
  isValidPosixName = name: match "[A-Za-z_][A-Za-z0-9_]*" name != null;

  /** Shell code that sets a variable: an associative array from a set, an array from a list, else a string. */
  toShellVar =
    name: value:
    lib.throwIfNot (isValidPosixName name) "toShellVar: `${name}' is not a valid name for a shell variable" (
      if isList value then
        "declare -a ${name}=(${escapeShellArgs value})"
      else if isAttrs value && !lib.strings.isStringLike value then
        "declare -A ${name}=(${
          lib.strings.concatMapAttrsStringSep " " (key: v: "[${escapeShellArg key}]=${escapeShellArg v}") value
        })"
      else
        "${name}=${escapeShellArg value}"
    );

  /** Shell code that sets a variable for each attribute. */
  toShellVars = lib.strings.concatMapAttrsStringSep "\n" toShellVar;

  /** String literal of the Nix language. */
  escapeNixString = text: replaceStrings [ "$" ] [ "\\$" ] (toJSON text);

  /** Attribute name of the Nix language: quoted unless it is a plain identifier. */
  escapeNixIdentifier =
    name:
    if match "[A-Za-z_][A-Za-z0-9_'-]*" name != null && !elem name keywords then name else escapeNixString name;

  /** Text that stands for itself in a regular expression. */
  escapeRegex = escape (lib.strings.stringToCharacters "\\[{()^$?*+|.");

  /** Text for an XML document. */
  escapeXML = replaceStrings [ "&" "<" ">" "\"" "'" ] [ "&amp;" "&lt;" "&gt;" "&quot;" "&apos;" ];
}
