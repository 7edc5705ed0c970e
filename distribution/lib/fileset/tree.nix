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
      kept = filterAttrs (_: t: t != null) (
        mapAttrs (
          name: entry: if entry.type == "directory" then prune (dir + "/${name}") entry.tree else entry.tree
        ) (entries dir tree)
      );
    in
    if tree == null || kept == { } then
      null
    else if all (t: t == true) (attrValues kept) && length (attrNames kept) == length (attrNames (readDir dir)) then
      true
    else
      kept;

  /** Whether a pruned tree leaves out no file of a directory. */
  isComplete =
    dir: tree:
    tree == true
    || all (
      name:
      let
        path = dir + "/${name}";
        inner = if tree == null then null else tree.${name} or null;
      in
      if (readDir dir).${name} == "directory" then isComplete path inner else inner == true
    ) (attrNames (readDir dir));

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

  /** How two sets' directories lie to each other: what they share, and the components of each below that. */
  relate =
    function: a: b:
    let
      la = locate a.base;
      lb = locate b.base;
      shared = commonPrefix la.components lb.components;
    in
    if la.root != lb.root then
      throw "lib.fileset.${function}: ${toString a.base} and ${toString b.base} lie in different file systems"
    else
      {
        base = foldl' (dir: name: dir + "/${name}") la.root shared;
        left = drop (length shared) la.components;
        right = drop (length shared) lb.components;
      };

  /** One set of many: all trees are merged at once, so that the depth does not grow with their number. */
  uniteAll =
    function: sets:
    let
      placed = builtins.filter (set: set.base != null) sets;
      first = builtins.head placed;
      places = map (set: locate set.base) placed;
      root = (builtins.head places).root;
      shared = foldl' (prefix: place: commonPrefix prefix place.components) (builtins.head places).components (
        builtins.tail places
      );
      depth = length shared;
      elsewhere = lib.lists.findFirst (set: (locate set.base).root != root) null placed;
    in
    if placed == [ ] then
      empty
    else if elsewhere != null then
      throw "lib.fileset.${function}: ${toString first.base} and ${toString elsewhere.base} lie in different file systems"
    else
      make (foldl' (dir: name: dir + "/${name}") root shared) (
        uniteTrees (lib.lists.zipListsWith (set: place: lift (drop depth place.components) set.tree) placed places)
      );

  # What is all of one is all of the result: those after it are not looked at.
  uniteTrees =
    trees:
    if builtins.any (t: t == true) trees then
      true
    else
      let
        sets = builtins.filter (t: t != null) trees;
      in
      if sets == [ ] then null else builtins.zipAttrsWith (_: uniteTrees) sets;

  # The result lies in the deeper one of the two directories.
  intersect =
    function: a: b:
    let
      r = relate function a b;
    in
    if a.base == null || b.base == null then
      empty
    else if r.left == [ ] then
      make b.base (intersectTrees (descend r.right a.tree) b.tree)
    else if r.right == [ ] then
      make a.base (intersectTrees a.tree (descend r.left b.tree))
    else
      empty;

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

  # The result lies in the first one's directory.
  subtract =
    function: a: b:
    let
      r = relate function a b;
    in
    if a.base == null then
      empty
    else if b.base == null then
      a
    else if r.left == [ ] then
      make a.base (subtractTrees a.base a.tree (lift r.right b.tree))
    else if r.right == [ ] then
      make a.base (subtractTrees a.base a.tree (descend r.left b.tree))
    else
      a;

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
