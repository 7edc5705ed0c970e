/**
  Small functions that several modules share; modules receive them as the argument `utils`.
*/
{ lib }:
let
  inherit (lib)
    concatStrings
    concatStringsSep
    elem
    hasPrefix
    removePrefix
    removeSuffix
    splitString
    stringToCharacters
    ;

  # The characters that a unit name may hold as they are; every other byte becomes \xNN.
  plainCharacters = stringToCharacters ":_.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

  # Bytes below 0x80 that occur in paths; others do not occur in device and mount paths in practice.
  escapes = {
    "-" = "\\x2d";
    " " = "\\x20";
    "!" = "\\x21";
    "\"" = "\\x22";
    "#" = "\\x23";
    "$" = "\\x24";
    "%" = "\\x25";
    "&" = "\\x26";
    "'" = "\\x27";
    "(" = "\\x28";
    ")" = "\\x29";
    "*" = "\\x2a";
    "+" = "\\x2b";
    "," = "\\x2c";
    ";" = "\\x3b";
    "<" = "\\x3c";
    "=" = "\\x3d";
    ">" = "\\x3e";
    "?" = "\\x3f";
    "@" = "\\x40";
    "[" = "\\x5b";
    "\\" = "\\x5c";
    "]" = "\\x5d";
    "^" = "\\x5e";
    "`" = "\\x60";
    "{" = "\\x7b";
    "|" = "\\x7c";
    "}" = "\\x7d";
    "~" = "\\x7e";
  };
  escapeCharacter = c: if elem c plainCharacters then c else escapes.${c} or "_";
in
rec {
  /**
    The unit name of a path, as `systemd-escape --path` gives it, without suffix: `/a/b-c` is `a-b\x2dc`, `/` is `-`.
  */
  escapeSystemdPath =
    path:
    let
      trimmed = removeSuffix "/" (removePrefix "/" (toString path));
      escaped = concatStringsSep "-" (
        map (part: concatStrings (map escapeCharacter (stringToCharacters part))) (
          builtins.filter (part: part != "") (splitString "/" trimmed)
        )
      );
    in
    if trimmed == "" then
      "-"
    else if hasPrefix "." escaped then
      "\\x2e" + removePrefix "." escaped
    else
      escaped;

  /**
    Mount points that the system cannot do without before systemd runs, so that stage 1 mounts them whatever the
    configuration says.
  */
  pathsNeededForBoot = [
    "/"
    "/nix"
    "/nix/store"
    "/var"
    "/var/log"
    "/var/lib"
    "/var/lib/nixos"
    "/etc"
    "/usr"
  ];

  /**
    Whether stage 1 mounts this file system.
  */
  fsNeededForBoot = fs: fs.neededForBoot || elem fs.mountPoint pathsNeededForBoot;

  /**
    The path of a login shell. A package stands for its shell in the running system, so that the path stays the same when
    the package is upgraded.
  */
  toShellPath =
    shell:
    if lib.isDerivation shell then
      "/run/current-system/sw${shell.shellPath or "/bin/${shell.pname or (builtins.parseDrvName shell.name).name}"}"
    else
      toString shell;

  /**
    The directory part of an absolute path, `/` for a top-level name.
  */
  dirOfPath =
    path:
    let
      parent = builtins.dirOf (removeSuffix "/" path);
    in
    if parent == "" then "/" else parent;
}
