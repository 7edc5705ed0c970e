# Sets of local files: build them from paths, unite, intersect, subtract and filter them, and turn the result into
# a source. Nothing is copied before `toSource`. Directories without files are not part of a set.
{ lib }:

let
  inherit (builtins)
    attrNames
    foldl'
    isFunction
    isList
    isPath
    length
    pathExists
    readDir
    typeOf
    ;
  inherit (lib.filesystem) pathType;
  inherit (lib.lists) imap0;

  tree = import ./tree.nix { inherit lib; };
  inherit (tree) coerce make;

  needPath =
    function: what: value:
    lib.throwIfNot (isPath value) "lib.fileset.${function}: ${what} is of type ${typeOf value}, but must be a path";

  # Lines that show what of a directory belongs to a set. Directories without files are not worth mentioning.
  show =
    dir: t:
    let
      found = tree.entries dir t;
      line =
        name:
        let
          entry = found.${name};
          path = dir + "/${name}";
          inner = tree.prune path entry.tree;
        in
        if entry.type != "directory" then
          if entry.tree == null then [ ] else [ "- ${name} (${entry.type})" ]
        else if inner == null then
          [ ]
        else if tree.isComplete path inner then
          [ "- ${name} (all files in directory)" ]
        else
          [ "- ${name}" ] ++ map (text: "  ${text}") (show path inner);
    in
    builtins.concatMap line (attrNames found);

  describe =
    set:
    let
      pruned = if set.base == null then null else tree.prune set.base set.tree;
    in
    if pruned == null then
      [ "(empty)" ]
    else if tree.isComplete set.base pruned then
      [ "${toString set.base} (all files in directory)" ]
    else
      [ (toString set.base) ] ++ show set.base pruned;

  # Each line as a trace of its own, before the result is computed.
  print =
    function: fileset: result:
    builtins.seq (
      foldl' (_: line: builtins.trace line null) null (describe (coerce function "the argument" fileset))
    ) result;

  # Set of the files that git tracks: those that its fetcher copies from the work tree.
  tracked =
    path: options:
    let
      copy = builtins.fetchGit ({ url = path; } // options);
      same =
        dir:
        builtins.mapAttrs (name: type: if type == "directory" then same (dir + "/${name}") else true) (readDir dir);
    in
    if !pathExists (path + "/.git") then
      # Sources that git has fetched are in the store without their repository: all that is there was tracked.
      if lib.path.hasStorePathPrefix path then
        make path true
      else
        throw "lib.fileset.gitTracked: ${toString path} is not the top of a git work tree"
    else
      make path (same copy.outPath);
in
rec {
  /** The set without files. */
  inherit (tree) empty;

  /** Whether a value is a file set, or a path that can be used as one. */
  isFileset = value: tree.isFileset value || (isPath value && pathExists value);

  /** Path, or the empty set where it does not exist. */
  maybeMissing =
    path: needPath "maybeMissing" "the argument" path (if pathExists path then coerce "maybeMissing" "the argument" path else empty);

  /** Files in either of two sets. */
  union =
    a: b:
    tree.uniteAll "union" [
      (coerce "union" "the first argument" a)
      (coerce "union" "the second argument" b)
    ];

  /** Files in any set of a list. */
  unions =
    sets:
    if !isList sets then
      throw "lib.fileset.unions: the argument is of type ${typeOf sets}, but must be a list"
    else
      tree.uniteAll "unions" (imap0 (i: coerce "unions" "element ${toString i}") sets);

  /** Files in both of two sets. */
  intersection =
    a: b:
    tree.intersect "intersection" (coerce "intersection" "the first argument" a) (
      coerce "intersection" "the second argument" b
    );

  /** Files in the first set, but not in the second. */
  difference =
    a: b:
    tree.subtract "difference" (coerce "difference" "the first argument" a) (
      coerce "difference" "the second argument" b
    );

  /**
    Files below a path that satisfy a predicate of `{ name; type; hasExt; }`: their name, type ("regular", "symlink",
    "unknown"), and whether the name has an ending (`hasExt "nix"`).
  */
  fileFilter =
    pred: path:
    let
      set = coerce "fileFilter" "the second argument" path;
      keep =
        file: type:
        pred {
          name = baseNameOf file;
          inherit type;
          hasExt = ending: lib.strings.hasSuffix ".${ending}" (baseNameOf file);
        };
    in
    if !isFunction pred then
      throw "lib.fileset.fileFilter: the first argument is of type ${typeOf pred}, but must be a function"
    else if tree.isFileset path then
      throw "lib.fileset.fileFilter: the second argument is a file set, but must be a path; `intersection' of both does what is meant"
    else
      needPath "fileFilter" "the second argument" path (make set.base (tree.select keep set.base set.tree));

  /** Files that a filtered source (`cleanSource` and the like) or a path lets through. */
  fromSource =
    source:
    let
      path = source.origSrc or source;
      filter = source.filter or (_path: _type: true);
      walk =
        dir:
        builtins.mapAttrs (
          name: type:
          let
            entry = dir + "/${name}";
          in
          if !filter (toString entry) type then
            null
          else if type == "directory" then
            walk entry
          else
            true
        ) (readDir dir);
    in
    if !isPath path then
      throw "lib.fileset.fromSource: the source is of type ${typeOf path}, but must be a path or a filtered path"
    else if !pathExists path then
      throw "lib.fileset.fromSource: the source ${toString path} does not exist"
    else if pathType path == "directory" then
      if source ? filter then make path (walk path) else make path true
    else
      make (dirOf path) { ${baseNameOf path} = true; };

  /** Files that git tracks in a work tree. */
  gitTracked = path: gitTrackedWith { } path;

  /** Like `gitTracked`; `recurseSubmodules` takes those of submodules, too. */
  gitTrackedWith =
    {
      recurseSubmodules ? false,
    }:
    path:
    needPath "gitTrackedWith" "the second argument" path (
      tracked path (if recurseSubmodules then { submodules = true; } else { })
    );

  /** Source in the store: the files of a set, at the places that they have below `root`. */
  toSource =
    { root, fileset }:
    let
      set = coerce "toSource" "`fileset'" fileset;
      rootPlace = tree.locate root;
      basePlace = tree.locate set.base;
      depth = length rootPlace.components;
      inside = rootPlace.root == basePlace.root && lib.lists.hasPrefix rootPlace.components basePlace.components;
      below = lib.lists.drop depth basePlace.components;
      pruned = if set.base == null then null else tree.prune set.base set.tree;
      start = "${toString root}/";

      # Whether a path below the root is wanted: on the way to the base, or in its tree.
      wanted =
        path:
        let
          components = lib.strings.splitString "/" (lib.strings.removePrefix start (toString path));
          isOnTheWay = lib.lists.hasPrefix components below;
          isBelow = lib.lists.hasPrefix below components;
        in
        pruned != null
        && (isOnTheWay || (isBelow && tree.descend (lib.lists.drop (length below) components) pruned != null));
    in
    if !isPath root then
      throw "lib.fileset.toSource: `root' is of type ${typeOf root}, but must be a path; toSource is for local files"
    else if !pathExists root then
      throw "lib.fileset.toSource: `root' (${toString root}) does not exist"
    else if pathType root != "directory" then
      throw "lib.fileset.toSource: `root' (${toString root}) is a file, but must be a directory"
    else if set.base != null && !inside then
      throw "lib.fileset.toSource: `fileset' could hold files of ${toString set.base}, which is not below `root' (${toString root}); set `root' to a directory that holds both"
    else
      lib.sources.cleanSourceWith {
        name = "source";
        src = root;
        filter = path: _type: wanted path;
      };

  /** Files of a set, as a list of paths. */
  toList =
    fileset:
    let
      set = coerce "toList" "the argument" fileset;
    in
    if set.base == null then [ ] else tree.files set.base set.tree;

  /** Prints a set, and returns the second argument. The set is printed as soon as it is given. */
  trace = fileset: print "trace" fileset (value: value);

  /** Prints a set, and returns it. */
  traceVal = fileset: print "traceVal" fileset fileset;
}
