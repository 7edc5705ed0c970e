# Strings around packages: names, versions, search paths, flags of configure scripts.
{ lib }:

let
  inherit (builtins)
    compareVersions
    concatStringsSep
    elem
    filter
    head
    isBool
    isString
    map
    match
    parseDrvName
    stringLength
    substring
    ;

  # Flag functions are easily called with a package or a boolean swapped in; the message says which one.
  need =
    function: what: test: value:
    lib.throwIfNot (test value) "${function}: ${what}, but got a value of type ${builtins.typeOf value}";
  needBool = function: need function "expected true or false" isBool;
  needString = function: need function "expected a string" isString;
in
rec {
  # Search paths.

  /** `dir` below each path, joined by colons; null is left out. */
  makeSearchPath =
    dir: paths: concatStringsSep ":" (map (path: path + "/" + dir) (filter (path: path != null) paths));

  /** Like `makeSearchPath`, of a named output of each package. */
  makeSearchPathOutput =
    output: dir: pkgs:
    makeSearchPath dir (map (lib.attrsets.getOutput output) pkgs);

  /** Search path of libraries. */
  makeLibraryPath = makeSearchPathOutput "lib" "lib";

  /** Search path of header files. */
  makeIncludePath = makeSearchPathOutput "dev" "include";

  /** Search path of programs. */
  makeBinPath = makeSearchPathOutput "bin" "bin";

  # Names and versions.

  /** Whether the first version is older than the second. */
  versionOlder = version: than: compareVersions version than < 0;

  /** Whether the first version is the second or newer. */
  versionAtLeast = version: least: compareVersions version least >= 0;

  /** Name without the version, of a package or of "name-version". */
  getName = pkg: if isString pkg then (parseDrvName pkg).name else pkg.pname or (parseDrvName pkg.name).name;

  /** Version of a package or of "name-version". */
  getVersion =
    pkg: if isString pkg then (parseDrvName pkg).version else pkg.version or (parseDrvName pkg.name).version;

  /** Last component of a URL up to the first separator, which must occur in it. */
  nameFromURL =
    url: sep:
    let
      file = lib.lists.last (lib.strings.splitString "/" url);
      name = head (lib.strings.splitString sep file);
    in
    lib.throwIf (name == file) "nameFromURL: `${file}' of the URL `${url}' does not contain `${sep}'" name;

  /** Text that may be the name of a derivation: other characters become dashes, the end of long text is kept. */
  sanitizeDerivationName =
    text:
    let
      plain = builtins.unsafeDiscardStringContext text;
      undotted = head (match "\\.*(.*)" plain);
      cleaned = lib.strings.concatMapStrings (piece: if isString piece then piece else "-") (
        builtins.split "[^[:alnum:]+._?=-]+" undotted
      );
      excess = stringLength cleaned - 207;
      result = if excess > 0 then substring excess 207 cleaned else cleaned;
    in
    if result == "" then "unknown" else result;

  # Flags.

  /** `--enable-FEATURE` or `--disable-FEATURE`. */
  enableFeature =
    flag: feature:
    needBool "enableFeature" flag needString "enableFeature" feature "--${if flag then "enable" else "disable"}-${feature}";

  /** `--enable-FEATURE=VALUE` or `--disable-FEATURE`. */
  enableFeatureAs =
    flag: feature: value:
    enableFeature flag feature + (if flag then "=${value}" else "");

  /** `--with-FEATURE` or `--without-FEATURE`. */
  withFeature =
    flag: feature:
    needBool "withFeature" flag needString "withFeature" feature "--${if flag then "with" else "without"}-${feature}";

  /** `--with-FEATURE=VALUE` or `--without-FEATURE`. */
  withFeatureAs =
    flag: feature: value:
    withFeature flag feature + (if flag then "=${value}" else "");

  /** CMake cache entry `-DNAME:TYPE=VALUE`. */
  cmakeOptionType =
    type: name: value:
    let
      known = [ "BOOL" "FILEPATH" "PATH" "STRING" "INTERNAL" "LIST" ];
      upper = lib.strings.toUpper type;
    in
    lib.throwIfNot (elem upper known) "cmakeOptionType: unknown type `${type}'; known are ${concatStringsSep ", " known}" needString
      "cmakeOptionType"
      name
      needString
      "cmakeOptionType"
      value
      "-D${name}:${upper}=${value}";

  /** CMake cache entry of type BOOL. */
  cmakeBool = name: flag: needBool "cmakeBool" flag (cmakeOptionType "BOOL" name (if flag then "TRUE" else "FALSE"));

  /** CMake cache entry of type STRING. */
  cmakeFeature = cmakeOptionType "STRING";

  /** Meson option `-DNAME=VALUE`. */
  mesonOption =
    name: value:
    needString "mesonOption" name needString "mesonOption" value "-D${name}=${value}";

  /** Meson option that is true or false. */
  mesonBool = name: flag: needBool "mesonBool" flag (mesonOption name (lib.trivial.boolToString flag));

  /** Meson option that is enabled or disabled. */
  mesonEnable = name: flag: needBool "mesonEnable" flag (mesonOption name (if flag then "enabled" else "disabled"));
}
