# Lists.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatLists
    elem
    elemAt
    foldl'
    genList
    isInt
    isList
    length
    ;

  # Binds the smaller of two lengths; both lists of a zip are cut to it.
  shortest = xs: ys: lib.trivial.min (length xs) (length ys);
in
rec {
  inherit (builtins)
    all
    any
    concatLists
    concatMap
    elem
    elemAt
    filter
    genList
    groupBy
    head
    isList
    length
    map
    partition
    sort
    tail
    ;

  /** List of one element. */
  singleton = x: [ x ];

  /** `map` with its arguments swapped. */
  forEach = xs: f: map f xs;

  /** Right fold: `foldr f z [ a b ]` is `f a (f b z)`; lazy in the rest. */
  foldr =
    f: end: xs:
    let
      count = length xs;
      from = i: if i == count then end else f (elemAt xs i) (from (i + 1));
    in
    from 0;

  /** Former name of `foldr`. */
  fold = foldr;

  /** Left fold, lazy in the intermediate values. */
  foldl =
    f: start: xs:
    let
      upTo = i: if i == 0 then start else f (upTo (i - 1)) (elemAt xs (i - 1));
    in
    upTo (length xs);

  /** Left fold that computes each intermediate value before it goes on. */
  foldl' =
    f: start: xs:
    # Some evaluators leave the start value unevaluated; today's rule is that it is forced.
    builtins.seq start (builtins.foldl' f start xs);

  /** Maps with the position, counted from 0. */
  imap0 = f: xs: genList (i: f i (elemAt xs i)) (length xs);

  /** Maps with the position, counted from 1. */
  imap1 = f: xs: genList (i: f (i + 1) (elemAt xs i)) (length xs);

  /** Filters with the position, counted from 0. */
  ifilter0 =
    keep: xs: map (elemAt xs) (builtins.filter (i: keep i (elemAt xs i)) (genList (i: i) (length xs)));

  /** Joins nested lists of any depth into one; a value that is no list becomes a list of one. */
  flatten = x: if isList x then builtins.concatMap flatten x else [ x ];

  /** All elements but those equal to the given one. */
  remove = unwanted: builtins.filter (x: x != unwanted);

  /** The one element that satisfies a predicate; the given values stand for none and for several. */
  findSingle =
    pred: none: several: xs:
    let
      found = builtins.filter pred xs;
    in
    if found == [ ] then
      none
    else if length found > 1 then
      several
    else
      builtins.head found;

  /** Position of the first element that satisfies a predicate, or the default. */
  findFirstIndex =
    pred: default: xs:
    let
      # -1 - n means "not among the first n": the fold then stops asking the predicate once it has found one.
      found = foldl' (at: x: if at >= 0 then at else if pred x then -1 - at else at - 1) (-1) xs;
    in
    if found < 0 then default else found;

  /** First element that satisfies a predicate, or the default. */
  findFirst =
    pred: default: xs:
    let
      at = findFirstIndex pred null xs;
    in
    if at == null then default else elemAt xs at;

  /** Number of elements that satisfy a predicate. */
  count = pred: foldl' (n: x: if pred x then n + 1 else n) 0;

  /** List of the value when the condition holds, else the empty list. */
  optional = condition: x: if condition then [ x ] else [ ];

  /** The list when the condition holds, else the empty one. */
  optionals = condition: xs: if condition then xs else [ ];

  /** A list stays; any other value becomes a list of one. */
  toList = x: if isList x then x else [ x ];

  /** Whole numbers from the first to the last, both included. */
  range = first: last: genList (i: first + i) (if last < first then 0 else last - first + 1);

  /** The same value several times. */
  replicate = n: x: genList (_: x) n;

  /** Groups by a key and folds each group: `groupBy' f start key xs`. */
  groupBy' =
    f: start: key: xs:
    builtins.mapAttrs (_: foldl f start) (builtins.groupBy key xs);

  /** Combines the elements of two lists pairwise, up to the shorter one's end. */
  zipListsWith =
    f: xs: ys:
    genList (i: f (elemAt xs i) (elemAt ys i)) (shortest xs ys);

  /** Pairs `{ fst; snd; }` of two lists' elements. */
  zipLists = zipListsWith (fst: snd: { inherit fst snd; });

  /** The list backwards. */
  reverseList =
    xs:
    let
      n = length xs;
    in
    genList (i: elemAt xs (n - 1 - i)) n;

  /**
    Depth-first search through elements of a list, from its first one. `before a b` says that `a` must come
    before `b`. Returns `{ minimal; visited; rest; }`, or `{ cycle; loops; visited; rest; }` where an element must
    come before itself (`stopOnCycles`).
  */
  listDfs =
    stopOnCycles: before: xs:
    let
      visit =
        current: visited: rest:
        let
          split = builtins.partition (x: before x current) visited;
          wanted = builtins.partition (x: before x current) rest;
        in
        if stopOnCycles && split.right != [ ] then
          {
            cycle = current;
            loops = split.right;
            inherit visited rest;
          }
        else if wanted.right == [ ] then
          {
            minimal = current;
            inherit visited rest;
          }
        else
          visit (builtins.head wanted.right) ([ current ] ++ visited) (tail' wanted.right ++ wanted.wrong);
      tail' = builtins.tail;
    in
    visit (builtins.head xs) [ ] (builtins.tail xs);

  /** Topological sort: `{ result; }`, or `{ cycle; loops; }` when the order contradicts itself. */
  toposort =
    before: xs:
    let
      step = listDfs true before xs;
      others = toposort before (step.visited ++ step.rest);
    in
    if length xs < 2 then
      { result = xs; }
    else if step ? cycle then
      {
        cycle = reverseList ([ step.cycle ] ++ step.visited);
        inherit (step) loops;
      }
    else if others ? cycle then
      others
    else
      { result = [ step.minimal ] ++ others.result; };

  /** Sorts by a key that is computed once for each element. */
  sortOn =
    key: xs:
    map (pair: elemAt pair 1) (
      builtins.sort (a: b: builtins.head a < builtins.head b) (
        map (x: [
          (key x)
          x
        ]) xs
      )
    );

  /** Orders two lists element by element with a comparison that gives -1, 0 or 1; a prefix comes first. */
  compareLists =
    cmp: xs: ys:
    let
      n = shortest xs ys;
      from =
        i:
        let
          here = cmp (elemAt xs i) (elemAt ys i);
        in
        if i == n then
          lib.trivial.compare (length xs) (length ys)
        else if here != 0 then
          here
        else
          from (i + 1);
    in
    from 0;

  /** Sorts strings so that numbers within them count by value: "v9" before "v10". */
  naturalSort =
    xs:
    let
      parts = text: map (x: if isList x then lib.toIntBase10 (builtins.head x) else x) (builtins.split "(0|[1-9][0-9]*)" text);
      # A part that is a number comes before text, so that both kinds can be compared at all.
      cmp =
        a: b:
        if isInt a == isInt b then
          lib.trivial.compare a b
        else if isInt a then
          -1
        else
          1;
    in
    map (pair: pair.text) (
      builtins.sort (a: b: compareLists cmp a.parts b.parts < 0) (
        map (text: {
          inherit text;
          parts = parts (toString text);
        }) xs
      )
    );

  /** First `n` elements, or all when there are fewer. */
  take = n: sublist 0 n;

  /** Last `n` elements. */
  takeEnd = n: xs: drop (lib.trivial.max 0 (length xs - n)) xs;

  /** All but the first `n` elements. */
  drop = n: xs: sublist n (length xs) xs;

  /** All but the last `n` elements. */
  dropEnd = n: xs: take (lib.trivial.max 0 (length xs - n)) xs;

  /** Whether the second list begins with the first. */
  hasPrefix = start: xs: take (length start) xs == start;

  /** The second list without the first one at its front; throws when it does not begin so. */
  removePrefix =
    start: xs:
    if hasPrefix start xs then
      drop (length start) xs
    else
      throw "lib.lists.removePrefix: the first list is not a prefix of the second";

  /** `count` elements from position `start` on; fewer where the list ends. */
  sublist =
    start: count: xs:
    let
      n = length xs;
      left = if start >= n then 0 else n - start;
    in
    genList (i: elemAt xs (start + i)) (if count < left then count else left);

  /** What two lists have in common at their front. */
  commonPrefix =
    xs: ys:
    let
      n = shortest xs ys;
      differsAt = findFirstIndex (i: elemAt xs i != elemAt ys i) n (genList (i: i) n);
    in
    take differsAt xs;

  /** Last element; an error on the empty list. */
  last =
    xs:
    assert lib.assertMsg (xs != [ ]) "lists.last: the list must not be empty";
    elemAt xs (length xs - 1);

  /** All elements but the last; an error on the empty list. */
  init =
    xs:
    assert lib.assertMsg (xs != [ ]) "lists.init: the list must not be empty";
    genList (elemAt xs) (length xs - 1);

  /** Applies a function to every combination of elements from several lists. */
  crossLists = f: foldl (fs: xs: builtins.concatMap (g: map g xs) fs) [ f ];

  /** Without repetitions; the first occurrence of each element stays. */
  unique = foldl' (seen: x: if elem x seen then seen else seen ++ [ x ]) [ ];

  /** Without repetitions, sorted: only for strings, and fast on long lists. */
  uniqueStrings = xs: attrNames (builtins.groupBy lib.id xs);

  /** Whether no element occurs twice. */
  allUnique = xs: length (unique xs) == length xs;

  /** Elements of the second list that are also in the first. */
  intersectLists = xs: builtins.filter (x: elem x xs);

  /** Elements of the second list that are not in the first. */
  subtractLists = unwanted: builtins.filter (x: !elem x unwanted);

  /** Whether two lists share no element. */
  mutuallyExclusive = xs: ys: !any (x: elem x ys) xs;

  /** Joins the lists that are an attribute set's values, in the order of the names. */
  concatAttrValues = attrs: concatLists (builtins.attrValues attrs);

  /** The list with one element replaced, the position counted from 0. */
  replaceElemAt =
    xs: at: x:
    if at < 0 || at >= length xs then
      throw "lib.lists.replaceElemAt: position ${toString at} is outside of a list of ${toString (length xs)}"
    else
      imap0 (i: old: if i == at then x else old) xs;
}
