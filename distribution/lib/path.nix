# Paths: safe joining and comparing, component by component; and subpaths, relative paths as strings.
#
# A subpath is a string without a slash at the front and without `..`; its normal form begins with "./".
{ lib }:

let
  inherit (builtins)
    concatMap
    concatStringsSep
    filter
    head
    isPath
    isString
    length
    match
    substring
    typeOf
    ;

  need =
    function: which: value:
    lib.throwIfNot (isPath value) "lib.path.${function}: the ${which} argument is of type ${typeOf value}, but a path was expected";

  # Why a value is no subpath, or null.
  problem =
    value:
    if !isString value then
      "the given value is of type ${typeOf value}, but a string was expected"
    else if value == "" then
      "the given string is empty"
    else if substring 0 1 value == "/" then
      "the given string \"${value}\" begins with a slash, so it is an absolute path"
    else if match "(.*/)?\\.\\.(/.*)?" value != null then
      "the given string \"${value}\" has a component `..', which could leave the directory"
    else
      null;

  check =
    function: value:
    lib.throwIf (problem value != null) "lib.path.${function}: not a valid subpath: ${problem value}";

  split = text: filter (part: part != "" && part != ".") (lib.strings.splitString "/" text);
  join = parts: if parts == [ ] then "./." else "./" + concatStringsSep "/" parts;

  # Root and components of a path.
  parts =
    path:
    let
      up =
        below: path:
        if path == dirOf path then
          {
            root = path;
            components = below;
          }
        else
          up ([ (baseNameOf path) ] ++ below) (dirOf path);
    in
    up [ ] path;

  sameRoot =
    function: a: b:
    lib.throwIfNot (a.root == b.root)
      "lib.path.${function}: the paths have different file system roots, ${toString a.root} and ${toString b.root}";

  storeParts = split builtins.storeDir;
in
rec {
  /** Path below another, given as a subpath. */
  append =
    path: subpath:
    need "append" "first" path check "append" subpath (path + ("/" + subpath));

  /** Whether the first path is the second one or a directory around it. */
  hasPrefix =
    outer:
    let
      a = parts outer;
    in
    need "hasPrefix" "first" outer (
      inner:
      let
        b = parts inner;
      in
      need "hasPrefix" "second" inner sameRoot "hasPrefix" a b (lib.lists.hasPrefix a.components b.components)
    );

  /** Subpath that leads from the first path to the second, which must lie below it. */
  removePrefix =
    outer:
    let
      a = parts outer;
    in
    need "removePrefix" "first" outer (
      inner:
      let
        b = parts inner;
      in
      need "removePrefix" "second" inner sameRoot "removePrefix" a b (
        if lib.lists.hasPrefix a.components b.components then
          join (lib.lists.drop (length a.components) b.components)
        else
          throw "lib.path.removePrefix: ${toString inner} does not lie below ${toString outer}"
      )
    );

  /** File system root of a path, and the subpath from there. */
  splitRoot =
    path:
    let
      p = parts path;
    in
    need "splitRoot" "only" path {
      inherit (p) root;
      subpath = join p.components;
    };

  /** Whether a path is a store object or lies within one. */
  hasStorePathPrefix =
    path:
    let
      p = parts path;
      below = lib.lists.drop (length storeParts) p.components;
      inStore = lib.lists.hasPrefix storeParts p.components && below != [ ] && match ".{32}-.+" (head below) != null;
      # Store objects whose path says nothing about the store's place.
      isAddressed = p.components != [ ] && match "[0-9a-z]{52}" (head p.components) != null;
    in
    need "hasStorePathPrefix" "only" path (
      lib.throwIfNot (toString p.root == "/") "lib.path.hasStorePathPrefix: the file system root ${toString p.root} is not supported" (
        inStore || isAddressed
      )
    );

  subpath = {
    /** Whether a value is a subpath. */
    isValid = value: problem value == null;

    /** Joins subpaths. */
    join =
      subpaths:
      join (
        concatMap (x: x) (
          lib.lists.imap0 (
            i: subpath:
            lib.throwIf (problem subpath != null)
              "lib.path.subpath.join: element ${toString i} is not a valid subpath: ${problem subpath}"
              (split subpath)
          ) subpaths
        )
      );

    /** Components of a subpath. */
    components = value: check "subpath.components" value (split value);

    /** Normal form of a subpath. */
    normalise = value: check "subpath.normalise" value (join (split value));
  };
}
