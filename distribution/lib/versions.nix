# Version numbers.
{ lib }:

let
  inherit (builtins) elemAt genList length;

  component =
    what: n: version:
    let
      parts = builtins.splitVersion version;
    in
    if n < length parts then
      elemAt parts n
    else
      throw "lib.versions.${what}: the version `${version}' has only ${toString (length parts)} component(s)";
in
{
  inherit (builtins) compareVersions splitVersion;

  /** First component. */
  major = component "major" 0;

  /** Second component. */
  minor = component "minor" 1;

  /** Third component. */
  patch = component "patch" 2;

  /** First two components. */
  majorMinor = version: builtins.concatStringsSep "." (lib.lists.take 2 (builtins.splitVersion version));

  /** Exactly `n` components: missing ones are 0, further ones are cut off. What follows a dash stays. */
  pad =
    n: version:
    let
      numbers = builtins.head (lib.strings.splitString "-" version);
      parts = builtins.splitVersion numbers ++ genList (_: "0") n;
    in
    builtins.concatStringsSep "." (lib.lists.take n parts) + lib.strings.removePrefix numbers version;
}
