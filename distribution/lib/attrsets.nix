# Attribute sets.
{ lib }:

let
  inherit (builtins)
    attrNames
    attrValues
    concatMap
    elemAt
    filter
    foldl'
    hasAttr
    head
    isAttrs
    length
    listToAttrs
    map
    mapAttrs
    removeAttrs
    tail
    ;

  # Walks down a path as long as there are sets with the names on it.
  # Yields { found; value; depth; }: how many names could be followed and what stands there.
  descend =
    path: attrs:
    let
      goal = length path;
      from =
        depth: value:
        if depth == goal then
          {
            found = true;
            inherit value depth;
          }
        else if isAttrs value && hasAttr (elemAt path depth) value then
          from (depth + 1) value.${elemAt path depth}
        else
          {
            found = false;
            inherit value depth;
          };
    in
    from 0 attrs;
in
rec {
  inherit (builtins)
    attrNames
    attrValues
    catAttrs
    getAttr
    hasAttr
    intersectAttrs
    isAttrs
    listToAttrs
    mapAttrs
    removeAttrs
    zipAttrsWith
    ;

  # Paths through nested sets.

  /** Value at a path, or the default when a name on the way is missing. */
  attrByPath =
    path: default: attrs:
    let
      end = descend path attrs;
    in
    if end.found then end.value else default;

  /** Whether there is a value at a path. */
  hasAttrByPath = path: attrs: (descend path attrs).found;

  /** Longest front part of a path that exists in a set. */
  longestValidPathPrefix = path: attrs: lib.lists.take (descend path attrs).depth path;

  /** Nested set with one value, at the given path. */
  setAttrByPath =
    path: value:
    let
      depth = length path;
      from = i: if i == depth then value else { ${elemAt path i} = from (i + 1); };
    in
    from 0;

  /** Value at a path; throws when it is missing. */
  getAttrFromPath =
    path: attrByPath path (throw "cannot find attribute `${lib.concatStringsSep "." path}'");

  /** Path as text, each name quoted where the language needs it. */
  showAttrPath =
    path: if path == [ ] then "<root attribute path>" else lib.concatMapStringsSep "." lib.strings.escapeNixIdentifier path;

  /**
    Changes values at several paths at once: a list of `{ path; update; }`. Updates at longer paths happen first,
    so that an update of a set sees the changes within it; a missing value is handed over as an error thunk.
  */
  updateManyAttrsByPath =
    let
      # Updates are carried as { path; update; } relative to the current set.
      apply =
        updates: present: value:
        let
          here = builtins.partition (u: u.path == [ ]) updates;
          below = builtins.groupBy (u: head u.path) here.wrong;
          withBelow =
            if here.wrong == [ ] then
              value
            else if present && !isAttrs value then
              throw "updateManyAttrsByPath: cannot change attributes of a value of type ${builtins.typeOf value}"
            else
              (if present then value else { })
              // mapAttrs (
                name: us:
                apply (map (u: u // { path = tail u.path; }) us) (present && value ? ${name}) (
                  value.${name} or (throw "updateManyAttrsByPath: the attribute `${name}' does not exist, but an update uses its value")
                )
              ) below;
        in
        # Lazily: an update may ignore what the ones before it have made.
        lib.lists.foldl (v: u: u.update v) withBelow here.right;
    in
    updates: attrs:
    apply updates true attrs;

  # Parts of sets.

  /** Values of the named attributes, in the order of the names. */
  attrVals = names: attrs: map (name: attrs.${name}) names;

  /** Set of the named attributes; an error when one is missing. */
  getAttrs = names: attrs: genAttrs names (name: attrs.${name});

  /** Attributes for which `pred name value` holds. */
  filterAttrs =
    pred: attrs: removeAttrs attrs (filter (name: !pred name attrs.${name}) (attrNames attrs));

  /** Like `filterAttrs`, in nested sets too. */
  filterAttrsRecursive =
    pred: attrs:
    mapAttrs (_: value: if isAttrs value then filterAttrsRecursive pred value else value) (
      filterAttrs pred attrs
    );

  /** The set when the condition holds, else the empty one. */
  optionalAttrs = condition: attrs: if condition then attrs else { };

  # Folding.

  /** Left fold over names and values, in the order of the names. */
  foldlAttrs =
    f: start: attrs:
    foldl' (state: name: f state name attrs.${name}) start (attrNames attrs);

  /** Right fold of the values that a list of sets has under each name. */
  foldAttrs =
    f: end: sets:
    builtins.zipAttrsWith (_: values: lib.lists.foldr f end values) sets;

  /** Values in nested sets for which the predicate holds; sets are searched where it does not. */
  collect =
    pred: value:
    if pred value then
      [ value ]
    else if isAttrs value then
      concatMap (collect pred) (attrValues value)
    else
      [ ];

  /** Every combination of the lists' elements, as sets: `{ a = [ 1 2 ]; }` gives `[ { a = 1; } { a = 2; } ]`. */
  cartesianProduct =
    lists:
    foldl' (
      sets: name: concatMap (set: map (x: set // { ${name} = x; }) lists.${name}) sets
    ) [ { } ] (attrNames lists);

  /** Function of every combination of the lists' elements. */
  mapCartesianProduct = f: lists: map f (cartesianProduct lists);

  # Mapping.

  /** Pair for `listToAttrs`. */
  nameValuePair = name: value: { inherit name value; };

  /** Maps names and values; the function yields a `nameValuePair`. */
  mapAttrs' = f: attrs: listToAttrs (mapAttrsToList f attrs);

  /** List of a function's results for each name and value. */
  mapAttrsToList = f: attrs: map (name: f name attrs.${name}) (attrNames attrs);

  /** List of the pairs of a set. */
  attrsToList = mapAttrsToList nameValuePair;

  /** Merges the sets that a function yields for each name and value. */
  concatMapAttrs = f: attrs: mergeAttrsList (mapAttrsToList f attrs);

  /** Maps the leaves of nested sets; the function gets the path and the value. */
  mapAttrsRecursive = mapAttrsRecursiveCond (_: true);

  /** Like `mapAttrsRecursive`, but a set for which the predicate does not hold is a leaf. */
  mapAttrsRecursiveCond =
    descendInto: f:
    let
      at =
        path:
        mapAttrs (
          name: value:
          if isAttrs value && descendInto value then at (path ++ [ name ]) value else f (path ++ [ name ]) value
        );
    in
    at [ ];

  /** List of a function's results for the leaves of nested sets, with their paths. */
  mapAttrsToListRecursive = mapAttrsToListRecursiveCond (_path: _value: true);

  /** Like `mapAttrsToListRecursive`; `pred path set` says which sets are entered. */
  mapAttrsToListRecursiveCond =
    pred: f: attrs:
    let
      at =
        path: value:
        if isAttrs value && (path == [ ] || pred path value) then
          concatMap (name: at (path ++ [ name ]) value.${name}) (attrNames value)
        else
          [ (f path value) ];
    in
    at [ ] attrs;

  /** Set of a function's results for names. */
  genAttrs = names: f: listToAttrs (map (name: { inherit name; value = f name; }) names);

  /** Set of the pairs that a function yields for list elements. */
  genAttrs' = xs: f: listToAttrs (map f xs);

  # Combining sets.

  /** Combines the values that sets have under the given names. */
  zipAttrsWithNames =
    names: f: sets:
    genAttrs names (name: f name (builtins.catAttrs name sets));

  /** Lists of the values that sets have under each name. */
  zipAttrs = builtins.zipAttrsWith (_: values: values);

  /** Merges a list of sets, the last one wins; halves the list, so that long lists cost little. */
  mergeAttrsList =
    sets:
    let
      # Of the elements from `start` up to, but without, `end`.
      between =
        start: end:
        let
          middle = start + (end - start) / 2;
        in
        if end - start >= 2 then
          between start middle // between middle end
        else if end - start == 1 then
          elemAt sets start
        else
          { };
    in
    between 0 (length sets);

  /** Merges nested sets until `pred path left right` holds: there the right value replaces the left. */
  recursiveUpdateUntil =
    pred:
    let
      at =
        path: left: right:
        left
        // mapAttrs (
          name: new:
          let
            here = path ++ [ name ];
          in
          if left ? ${name} && !pred here left.${name} new then at here left.${name} new else new
        ) right;
    in
    at [ ];

  /** Merges nested sets; where one side is no set, the right value wins. */
  recursiveUpdate =
    left: right:
    left
    // mapAttrs (
      name: new:
      if isAttrs new && left ? ${name} && isAttrs left.${name} then recursiveUpdate left.${name} new else new
    ) right;

  /** Whether the second set has all the values of the first, nested sets likewise. */
  matchAttrs =
    pattern: attrs:
    assert isAttrs pattern;
    lib.lists.all (
      name:
      hasAttr name attrs
      && (
        if isAttrs pattern.${name} && isAttrs attrs.${name} then
          matchAttrs pattern.${name} attrs.${name}
        else
          pattern.${name} == attrs.${name}
      )
    ) (attrNames pattern);

  /** Replaces values of the first set by those of the second; names that only the second has are left out. */
  overrideExisting = old: new: old // builtins.intersectAttrs old new;

  /** Merges two sets that must have no names in common; using a value of a common name is an error. */
  unionOfDisjoint =
    a: b:
    let
      common = builtins.intersectAttrs a b;
      refuse = name: throw "unionOfDisjoint: both sets have the attribute `${name}' (all in common: ${toString (attrNames common)})";
    in
    a // b // mapAttrs (name: _: refuse name) common;

  # Derivations and their outputs.

  /** Whether a value is a derivation. */
  isDerivation = value: value.type or null == "derivation";

  /** Makes something like a derivation from a store path. */
  toDerivation =
    path:
    let
      outPath = builtins.storePath path;
      result = {
        type = "derivation";
        name = builtins.unsafeDiscardStringContext (builtins.substring 33 (-1) (baseNameOf outPath));
        inherit outPath;
        outputs = [ "out" ];
        out = result;
        outputName = "out";
      };
    in
    result;

  /** The named output of a package if it has one, else its default output. Paths are returned as they are. */
  getOutput =
    output: pkg:
    if !(pkg ? outputSpecified) || !pkg.outputSpecified then pkg.${output} or pkg.out or pkg else pkg;

  /** First of the named outputs that a package has, else its default output. */
  getFirstOutput =
    candidates: pkg:
    let
      present = filter (output: hasAttr output pkg) candidates;
    in
    if pkg.outputSpecified or false || present == [ ] then pkg else pkg.${head present};

  /** Output with programs. */
  getBin = getOutput "bin";

  /** Output with libraries. */
  getLib = getFirstOutput [ "lib" "out" ];

  /** Output with static libraries. */
  getStatic = getFirstOutput [ "static" "lib" "out" ];

  /** Output for development. */
  getDev = getOutput "dev";

  /** Output with header files. */
  getInclude = getFirstOutput [ "include" "dev" "out" ];

  /** Output with manual pages. */
  getMan = getOutput "man";

  /** Development outputs of packages. */
  chooseDevOutputs = map getDev;

  /** Marks a set so that tools look for derivations in it. */
  recurseIntoAttrs = attrs: attrs // { recurseForDerivations = true; };

  /** Marks a set so that tools look for no derivations in it. */
  dontRecurseIntoAttrs = attrs: attrs // { recurseForDerivations = false; };

  # Former names.

  /** Former name of `zipAttrsWithNames`, with a warning. */
  zipWithNames = lib.warn "lib.zipWithNames was renamed to lib.zipAttrsWithNames" zipAttrsWithNames;

  /** Former name of `zipAttrs`, with a warning. */
  zip = lib.warn "lib.zip was renamed to lib.zipAttrs" zipAttrs;

  /** Former name of `cartesianProduct`, with a warning. */
  cartesianProductOfSets = lib.warn "lib.cartesianProductOfSets was renamed to lib.cartesianProduct" cartesianProduct;
}
