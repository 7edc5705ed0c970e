# Small functions on functions, booleans, numbers and versions, and the warnings that the rest of lib uses.
{ lib }:

let
  inherit (builtins)
    elem
    fromJSON
    fromTOML
    genList
    getEnv
    isAttrs
    isString
    pathExists
    readFile
    stringLength
    substring
    trace
    ;

  # First line of a file.
  firstLine = file: builtins.head (builtins.split "\n" (readFile file));

  # First line of the first of several files that exists, or the default.
  recorded =
    files: default:
    let
      present = builtins.filter pathExists files;
    in
    if present == [ ] then default else firstLine (builtins.head present);

  # Doubles the digits' weight from the most significant one on: "ff" -> 255.
  hexValue =
    text:
    let
      digits = {
        "0" = 0; "1" = 1; "2" = 2; "3" = 3; "4" = 4; "5" = 5; "6" = 6; "7" = 7; "8" = 8; "9" = 9;
        a = 10; b = 11; c = 12; d = 13; e = 14; f = 15;
        A = 10; B = 11; C = 12; D = 13; E = 14; F = 15;
      };
      at = i: substring i 1 text;
    in
    builtins.foldl' (
      sum: i:
      sum * 16 + digits.${at i}
    ) 0 (genList (i: i) (stringLength text));

  # Boolean environment switch, as the variables NIX_ABORT_ON_WARN and friends are read.
  isSet = name: elem (getEnv name) [ "1" "true" "yes" ];
  abortOnWarn = isSet "NIX_ABORT_ON_WARN";
in
rec {
  inherit (builtins)
    pathExists
    readFile
    isBool
    isInt
    isFloat
    add
    sub
    lessThan
    seq
    deepSeq
    genericClosure
    bitAnd
    bitOr
    bitXor
    ceil
    floor
    ;

  /** Returns its argument. */
  id = x: x;

  /** Ignores its second argument and returns the first. */
  const = kept: _ignored: kept;

  /** Sends a value through functions, the first one first: `pipe 2 [ f g ]` is `g (f 2)`. */
  pipe = builtins.foldl' (value: f: f value);

  /** Joins two lists. */
  concat = front: back: front ++ back;

  /** The operator `||` as a function. */
  "or" = a: b: a || b;

  /** The operator `&&` as a function. */
  and = a: b: a && b;

  /** True when exactly one of two booleans is. */
  xor = a: b: a != b;

  /** Product of two numbers. */
  mul = a: b: a * b;

  /** Quotient of two numbers; whole numbers are cut towards zero. */
  div = a: b: a / b;

  /** Inverts every bit of a whole number. */
  bitNot = n: -1 - n;

  /** "true" or "false". */
  boolToString = value: if value then "true" else "false";

  /** "yes" or "no". */
  boolToYesNo = value: if value then "yes" else "no";

  /** The operator `//` as a function: attributes of the second set win. */
  mergeAttrs = under: over: under // over;

  /** Swaps the first two arguments of a function. */
  flip = f: second: first: f first second;

  /** Replaces null by a fallback. */
  defaultTo = fallback: value: if value == null then fallback else value;

  /** Applies a function to anything but null, which stays null. */
  mapNullable = f: value: if value == null then null else f value;

  /** Whether this evaluation runs for nix-shell. */
  inNixShell = getEnv "IN_NIX_SHELL" != "";

  /** Whether evaluation is pure, that is, without access to the time, environment or search path. */
  inPureEvalMode = !builtins ? currentSystem;

  /** The smaller of two numbers. */
  min = a: b: if b < a then b else a;

  /** The larger of two numbers. */
  max = a: b: if b > a then b else a;

  /** Remainder of a division of whole numbers; has the sign of the dividend. */
  mod = n: by: n - by * (n / by);

  /** Orders two values: -1, 0 or 1. */
  compare = a: b: if a < b then -1 else if b < a then 1 else 0;

  /**
    Orders two values in two groups: those for which `inFirst` holds come before the others; each group has
    its own comparison.
  */
  splitByAndCompare =
    inFirst: compareFirst: compareRest: a: b:
    let
      a' = inFirst a;
      b' = inFirst b;
    in
    if a' && b' then
      compareFirst a b
    else if a' then
      -1
    else if b' then
      1
    else
      compareRest a b;

  /** Reads a JSON file. */
  importJSON = file: fromJSON (readFile file);

  /** Reads a TOML file. */
  importTOML = file: fromTOML (readFile file);

  # Release of this distribution: a channel tree says it in files at its top, a checkout in nixos/release.

  /** Release number such as "26.11". */
  release = recorded [ ../.version ../nixos/release/version ] "26.11";

  /** Oldest release whose users may upgrade directly, as a number such as 2605. */
  oldestSupportedRelease = 2605;

  /** Whether the given release (a number such as 2511) is no newer than the oldest that is still supported. */
  oldestSupportedReleaseIsAtLeast = number: number <= oldestSupportedRelease;

  /** Former name of `oldestSupportedReleaseIsAtLeast`. */
  isInOldestRelease = warnIf true "lib.isInOldestRelease was renamed to lib.oldestSupportedReleaseIsAtLeast" oldestSupportedReleaseIsAtLeast;

  /** Name of the release. */
  codeName = recorded [ ../nixos/release/codename ] "Sastrugi";

  /** What follows the release number in the version: ".local" in a checkout, ".20261123.abcdef" in a channel. */
  versionSuffix = recorded [ ../.version-suffix ] ".local";

  /** Release number and suffix. */
  version = release + versionSuffix;

  /** Former name of `version`. */
  nixpkgsVersion = warnIf true "lib.nixpkgsVersion was renamed to lib.version" version;

  /** Revision of the tree, or the given default where none is recorded. */
  revisionWithDefault =
    default:
    if pathExists ../.git-revision then
      firstLine ../.git-revision
    else if pathExists ../.git then
      lib.commitIdFromGitRepo ../.git
    else
      default;

  # Messages on standard error during evaluation.

  /** Prints a warning and returns the second argument; stops instead under `NIX_ABORT_ON_WARN=1`. */
  warn =
    message: value:
    let
      line = "[1;35mevaluation warning:[0m " + message;
    in
    if !isString message then
      throw "lib.warn: the message must be a string, but it is a ${builtins.typeOf message}"
    else if abortOnWarn then
      trace line (abort "NIX_ABORT_ON_WARN is set, so this warning ends the evaluation: ${message}")
    else
      trace line value;

  /** Warns when the condition holds. */
  warnIf = condition: message: if condition then warn message else id;

  /** Warns unless the condition holds. */
  warnIfNot = condition: warnIf (!condition);

  /** Prints several warnings and returns the second argument. */
  showWarnings = warnings: value: lib.lists.foldr warn value warnings;

  /** Throws the message when the condition holds, else returns the last argument. */
  throwIf = condition: message: if condition then throw message else id;

  /** Throws the message unless the condition holds. */
  throwIfNot = condition: throwIf (!condition);

  /** Prints a note and returns the second argument. */
  info = message: trace "INFO: ${message}";

  /** Throws when a list has an element that is not among the valid ones; names the culprits. */
  checkListOfEnum =
    what: valid: given:
    let
      bad = lib.lists.subtractLists valid given;
    in
    throwIf (bad != [ ]) (
      "${what}: ${lib.concatMapStringsSep ", " toString bad} unexpected; valid ones: ${lib.concatMapStringsSep ", " toString valid}"
    );

  # Functions with a record of their arguments.

  /** Attaches argument information to a function, as `functionArgs` reads it. */
  setFunctionArgs = f: args: {
    __functor = _self: f;
    __functionArgs = args;
  };

  /** Names of a function's set-pattern arguments, with true where there is a default. */
  functionArgs =
    f:
    if isAttrs f && f ? __functor then
      f.__functionArgs or (functionArgs (f.__functor f))
    else
      builtins.functionArgs f;

  /** Whether something can be called: a function, or a set with a `__functor` that yields one. */
  isFunction = f: builtins.isFunction f || (isAttrs f && f ? __functor && isFunction (f.__functor f));

  /** Gives `g` the argument information of `f`. */
  mirrorFunctionArgs =
    f:
    let
      args = functionArgs f;
    in
    g: setFunctionArgs g args;

  /** A function stays; any other value becomes the constant function of it. */
  toFunction = value: if isFunction value then value else const value;

  # Numbers in other bases.

  /** Whole number from hexadecimal text; a leading `0x` is allowed. */
  fromHexString =
    text:
    let
      digits = builtins.match "(0x)?([0-9a-fA-F]+)" text;
    in
    if digits == null then
      throw "fromHexString: `${text}' is not a hexadecimal number"
    else
      hexValue (builtins.elemAt digits 1);

  /** Hexadecimal digits (capital letters) of a whole number that is not negative. */
  toHexString =
    let
      digits = [ "0" "1" "2" "3" "4" "5" "6" "7" "8" "9" "A" "B" "C" "D" "E" "F" ];
    in
    n: lib.concatMapStrings (builtins.elemAt digits) (toBaseDigits 16 n);

  /** Digits of a whole number in a base, the most significant one first. */
  toBaseDigits =
    base: n:
    let
      digits = rest: if rest < base then [ rest ] else digits (rest / base) ++ [ (mod rest base) ];
    in
    assert builtins.isInt base && base >= 2;
    assert builtins.isInt n && n >= 0;
    digits n;
}
