# Strings. The library is in parts, joined here into one flat set:
#   text.nix      joining, cutting, searching, letter case
#   escaping.nix  quoting for shells, languages and file formats
#   numbers.nix   strings from and to numbers
#   packages.nix  names, versions, search paths and configure flags
#   distance.nix  how alike two strings are
{ lib }:

let
  part = file: import file { inherit lib; };
in
{
  inherit (builtins)
    appendContext
    compareVersions
    concatStringsSep
    elem
    elemAt
    filter
    fromJSON
    genList
    head
    isAttrs
    isInt
    isList
    isPath
    isString
    match
    parseDrvName
    readFile
    replaceStrings
    split
    storeDir
    stringLength
    substring
    tail
    toJSON
    typeOf
    unsafeDiscardStringContext
    ;
}
// part ./text.nix
// part ./escaping.nix
// part ./numbers.nix
// part ./packages.nix
// part ./distance.nix
