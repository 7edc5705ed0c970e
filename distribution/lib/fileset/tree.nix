# The representation of file sets, and operations on it.
#
# { _type = "fileset"; base; tree; }: `base` is a directory (null in a set without any place, which is empty), `tree`
# says which files below it belong: null for none, true for all, or a set of trees by name. A set's trees may
# be of files (true) and directories; names that are missing stand for null.
{ lib }:

let
  inherit (builtins)
    all
    attrNames
    attrValues
    concatMap
    foldl'
    isAttrs
    isPath
    isString
    length
    mapAttrs
    pathExists
    readDir
    typeOf
    ;
  inherit (lib.attrsets) filterAttrs;
  inherit (lib.filesystem) pathType;
  inherit (lib.lists) commonPrefix drop foldr;

  # Root and components of a directory, as lib.path splits it.
  locate =
    dir:
    let
      split = lib.path.splitRoot dir;
    in
    {
      inherit (split) root;
      components = lib.path.subpath.components split.subpath;
    };

  # Tree seen from `components` further up.
  lift = components: tree: if tree == null then null else foldr (name: below: { ${name} = below; }) tree components;

  # Tree of a directory further down.
  descend =
    components: tree:
    foldl' (t: name: if t == true then true else if t == null then null else t.${name} or null) tree components;
in
rec {
  /** The set without files. */
  empty = make null null;

  make = base: tree: {
    _type = "fileset";
    inherit base tree;
    # A set of files is easily used where a path or string is expected; interpolation then explains itself.
    __toString = _self: throw explainUse;
    outPath = throw explainUse;
  };

  explainUse = "lib.fileset: a file set is no path; `lib.fileset.toSource { root = ./.; fileset = ...; }' makes a source of it";

  isFileset = value: value._type or "" == "fileset";

  /** File set of a file set or path; `function` and `what` say in errors whose argument it is. */
  coerce =
    function: what: value:
    let
      refuse = why: throw "lib.fileset.${function}: ${what} (${toString value}) ${why}";
    in
    if isFileset value then
      value
    else if isPath value then
      if !pathExists value then
        refuse "is a path that does not exist; `lib.fileset.maybeMissing' allows for that"
      else if pathType value == "directory" then
        make value true
      else
        make (dirOf value) { ${baseNameOf value} = true; }
    else if isAttrs value && value ? _isLibCleanSourceWith then
      throw "lib.fileset.${function}: ${what} is a filtered source (of ${toString value.origSrc}); `lib.fileset.fromSource' makes a file set of it"
    else if isString value then
      refuse "is a string, but must be a file set or a path; write the path without quotes"
    else
      throw "lib.fileset.${function}: ${what} is of type ${typeOf value}, but must be a file set or a path";

  /** Names in a directory that a tree speaks of, each with its type and tree. */
  entries =
    dir: tree:
    let
      present = readDir dir;
    in
    if tree == true then
      mapAttrs (_: type: {
        inherit type;
        tree = true;
      }) present
    else if tree == null then
      { }
    else
      mapAttrs (name: type: {
        inherit type;
        tree = tree.${name};
      }) (builtins.intersectAttrs tree present);

  /** Tree with null for every directory without files, and true only where nothing is left out. */
  prune =
    dir: tree:
    let
      below = mapAttrs (
        name: entry: if entry.type == "directory" then prune (dir + "/${name}") entry.tree else entry.tree
      ) (entries dir tree);
      kept = filterAttrs (_: t: t != null) below;
    in
    if tree == null || kept == { } then
      null
    else if all (t: t == true) (attrValues below) && length (attrNames below) == length (attrNames (readDir dir)) then
      true
    else
      kept;

  /** All files of a tree, as paths. */
  files =
    dir: tree:
    let
      found = entries dir tree;
    in
    concatMap (
      name:
      let
        entry = found.${name};
      in
      if entry.tree == null then
        [ ]
      else if entry.type == "directory" then
        files (dir + "/${name}") entry.tree
      else
        [ (dir + "/${name}") ]
    ) (attrNames found);

  /** Two sets seen from one directory: `{ base; left; right; }`. */
  align =
    function: a: b:
    let
      la = locate a.base;
      lb = locate b.base;
      shared = commonPrefix la.components lb.components;
      depth = length shared;
    in
    if la.root != lb.root then
      throw "lib.fileset.${function}: ${toString a.base} and ${toString b.base} lie in different file systems"
    else
      {
        base = foldl' (dir: name: dir + "/${name}") la.root shared;
        left = lift (drop depth la.components) a.tree;
        right = lift (drop depth lb.components) b.tree;
      };

  combine =
    function: f: a: b:
    let
      aligned = align function a b;
    in
    make aligned.base (f aligned.base aligned.left aligned.right);

  unite =
    function: a: b:
    if a.base == null then b else if b.base == null then a else combine function (_: uniteTrees) a b;

  uniteTrees =
    a: b:
    if a == null then
      b
    else if b == null then
      a
    else if a == true || b == true then
      true
    else
      a // mapAttrs (name: t: uniteTrees (a.${name} or null) t) b;

  intersect = function: a: b: if a.base == null || b.base == null then empty else combine function (_: intersectTrees) a b;

  intersectTrees =
    a: b:
    if a == true then
      b
    else if b == true then
      a
    else if a == null || b == null then
      null
    else
      mapAttrs (name: intersectTrees a.${name}) (builtins.intersectAttrs a b);

  subtract =
    function: a: b:
    if a.base == null then empty else if b.base == null then a else combine function subtractTrees a b;

  subtractTrees =
    dir: a: b:
    if b == null then
      a
    else if a == null || b == true then
      null
    else
      mapAttrs (
        name: entry: subtractTrees (dir + "/${name}") entry.tree (b.${name} or null)
      ) (entries dir a);

  /** Tree of the files below a directory for which `keep path type` holds. */
  select =
    keep: dir: tree:
    let
      chosen = mapAttrs (
        name: entry:
        let
          path = dir + "/${name}";
        in
        if entry.tree == null then
          null
        else if entry.type == "directory" then
          select keep path entry.tree
        else if keep path entry.type then
          true
        else
          null
      ) (entries dir tree);
    in
    chosen;

  inherit descend locate;
}
