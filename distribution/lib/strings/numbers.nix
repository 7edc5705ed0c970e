# Strings from and to numbers.
{ lib }:

let
  inherit (builtins)
    fromJSON
    head
    isInt
    match
    stringLength
    ;

  cannot = name: text: throw "${name}: cannot convert ${lib.strings.escapeNixString text} to a whole number";

  # Digits that JSON reads: numbers beyond 64 bits become floats there and are refused.
  readDigits =
    name: text: digits:
    let
      n = fromJSON digits;
    in
    if isInt n then n else cannot name text;
in
rec {
  /** Fills up at the front with a filler until the string has the given length. */
  fixedWidthString =
    width: filler: text:
    let
      missing = width - stringLength text;
    in
    if missing < 0 then
      throw "fixedWidthString: the string ${lib.strings.escapeNixString text} is longer than ${toString width}"
    else if missing == 0 then
      text
    else
      filler + fixedWidthString (width - stringLength filler) filler text;

  /** Number with zeros at the front. */
  fixedWidthNumber = width: n: fixedWidthString width "0" (toString n);

  /** Float as text; warns when the text stands for another number. */
  floatToString =
    x:
    let
      text = toString x;
    in
    lib.warnIf (fromJSON text != x) "floatToString: `${text}' is not exactly the number that was given" text;

  /** Whole number from decimal text; white space around it is allowed, zeros in front are not. */
  toInt =
    text:
    let
      found = match "[[:space:]]*((-?)([[:digit:]]+))[[:space:]]*" text;
      digits = builtins.elemAt found 2;
    in
    if found == null then
      cannot "toInt" text
    else if match "0[[:digit:]]+" digits != null then
      throw "toInt: ${lib.strings.escapeNixString text} could be octal or padded with zeros; toIntBase10 reads it as decimal"
    else
      readDigits "toInt" text (head found);

  /** Whole number from decimal text, zeros in front and white space around it allowed. */
  toIntBase10 =
    text:
    let
      found = match "[[:space:]]*0*(-?)(0|[1-9][[:digit:]]*)[[:space:]]*" text;
    in
    if found == null then
      cannot "toIntBase10" text
    else
      readDigits "toIntBase10" text (builtins.concatStringsSep "" found);
}
