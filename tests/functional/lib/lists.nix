# lib.lists
{ lib }:

let
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
in
{
  "foldr begins at the end" = { expr = lib.foldr (x: acc: "${x}(${acc})") "." [ "a" "b" ]; expected = "a(b(.))"; };
  "foldr is lazy in the rest" = { expr = lib.foldr (x: acc: x || acc) (throw "never") [ false true ]; expected = true; };
  "foldl is lazy in what it passes over" = { expr = lib.foldl (acc: x: x) (throw "never") [ 1 ]; expected = 1; };
  "foldl' is strict in the start" = { expr = fails (lib.foldl' (acc: x: x) (throw "now") [ 1 ]); expected = true; };
  "imap0 and imap1" = {
    expr = [ (lib.imap0 (i: x: "${toString i}${x}") [ "a" "b" ]) (lib.imap1 (i: x: i) [ "a" "b" ]) ];
    expected = [ [ "0a" "1b" ] [ 1 2 ] ];
  };
  "ifilter0" = { expr = lib.ifilter0 (i: x: i == 0 || x > 2) [ 1 2 3 ]; expected = [ 1 3 ]; };
  "flatten" = { expr = lib.flatten [ 1 [ 2 [ 3 [ ] ] ] "a" ]; expected = [ 1 2 3 "a" ]; };
  "remove" = { expr = lib.remove 2 [ 1 2 3 2 ]; expected = [ 1 3 ]; };
  "findSingle" = {
    expr = map (lib.findSingle (x: x > 2) "none" "many") [ [ 1 ] [ 3 ] [ 3 4 ] ];
    expected = [ "none" 3 "many" ];
  };
  "findFirst asks no further" = { expr = lib.findFirst (x: if x > 2 then throw "too far" else x == 2) null [ 1 2 3 ]; expected = 2; };
  "findFirst falls back" = { expr = lib.findFirst (x: x > 9) "none" [ 1 2 ]; expected = "none"; };
  "findFirstIndex" = { expr = [ (lib.lists.findFirstIndex (x: x == 1) null [ 1 ]) (lib.lists.findFirstIndex (x: x == 3) null [ 1 2 3 ]) ]; expected = [ 0 2 ]; };
  "count" = { expr = lib.count (x: x > 1) [ 1 2 3 ]; expected = 2; };
  "optional and optionals" = { expr = lib.optional true 1 ++ lib.optional false 2 ++ lib.optionals true [ 3 4 ]; expected = [ 1 3 4 ]; };
  "toList" = { expr = [ (lib.toList 1) (lib.toList [ 1 ]) ]; expected = [ [ 1 ] [ 1 ] ]; };
  "range" = { expr = [ (lib.range 2 4) (lib.range 3 2) ]; expected = [ [ 2 3 4 ] [ ] ]; };
  "groupBy'" = { expr = lib.groupBy' builtins.add 0 (n: if n > 2 then "big" else "small") [ 1 2 3 4 ]; expected = { big = 7; small = 3; }; };
  "zipListsWith stops at the shorter one" = { expr = lib.zipListsWith (a: b: a + b) [ "a" "b" "c" ] [ "x" "y" ]; expected = [ "ax" "by" ]; };
  "zipLists" = { expr = lib.zipLists [ 1 ] [ 2 ]; expected = [ { fst = 1; snd = 2; } ]; };
  "reverseList" = { expr = lib.reverseList [ 1 2 3 ]; expected = [ 3 2 1 ]; };

  "toposort orders" = {
    expr = (lib.toposort (a: b: lib.hasPrefix a b) [ "/home/user" "other" "/" "/home" ]).result;
    expected = [ "/" "/home" "/home/user" "other" ];
  };
  "toposort tells of a circle" = {
    expr = lib.toposort (a: b: true) [ 1 2 ] ? cycle;
    expected = true;
  };
  "listDfs finds the first without predecessor" = { expr = (lib.listDfs true (a: b: a < b) [ 3 1 2 ]).minimal; expected = 1; };

  "sortOn" = { expr = lib.sortOn builtins.stringLength [ "aa" "b" "cccc" "" ]; expected = [ "" "b" "aa" "cccc" ]; };
  "compareLists" = {
    expr = map (lib.compareLists lib.compare [ 1 2 ]) [ [ 1 2 ] [ 1 ] [ 1 3 ] [ 1 2 0 ] ];
    expected = [ 0 1 (-1) (-1) ];
  };
  "naturalSort" = { expr = lib.naturalSort [ "disk11" "disk8" "disk100" "disk9" ]; expected = [ "disk8" "disk9" "disk11" "disk100" ]; };

  "take and drop" = {
    expr = [ (lib.take 2 [ 1 2 3 ]) (lib.take 9 [ 1 ]) (lib.drop 2 [ 1 2 3 ]) (lib.drop 9 [ 1 ]) (lib.takeEnd 2 [ 1 2 3 ]) (lib.dropEnd 2 [ 1 2 3 ]) ];
    expected = [ [ 1 2 ] [ 1 ] [ 3 ] [ ] [ 2 3 ] [ 1 ] ];
  };
  "sublist" = { expr = [ (lib.sublist 1 2 [ 1 2 3 4 ]) (lib.sublist 3 9 [ 1 2 3 4 ]) (lib.sublist 9 1 [ 1 ]) ]; expected = [ [ 2 3 ] [ 4 ] [ ] ]; };
  "commonPrefix" = { expr = [ (lib.lists.commonPrefix [ 1 2 3 ] [ 1 2 4 ]) (lib.lists.commonPrefix [ 1 ] [ 2 ]) ]; expected = [ [ 1 2 ] [ ] ]; };
  "hasPrefix and removePrefix" = {
    expr = [ (lib.lists.hasPrefix [ 1 ] [ 1 2 ]) (lib.lists.removePrefix [ 1 ] [ 1 2 ]) (fails (lib.lists.removePrefix [ 2 ] [ 1 2 ])) ];
    expected = [ true [ 2 ] true ];
  };
  "last and init" = { expr = [ (lib.last [ 1 2 ]) (lib.init [ 1 2 ]) (fails (lib.last [ ])) ]; expected = [ 2 [ 1 ] true ]; };
  "crossLists" = { expr = lib.crossLists (a: b: a + b) [ [ 10 20 ] [ 1 2 ] ]; expected = [ 11 12 21 22 ]; };
  "unique keeps the first" = { expr = lib.unique [ 3 1 3 2 1 ]; expected = [ 3 1 2 ]; };
  "uniqueStrings sorts" = { expr = lib.uniqueStrings [ "b" "a" "b" ]; expected = [ "a" "b" ]; };
  "allUnique" = { expr = [ (lib.allUnique [ 1 2 ]) (lib.allUnique [ 1 1 ]) ]; expected = [ true false ]; };
  "intersectLists and subtractLists" = {
    expr = [ (lib.intersectLists [ 1 2 ] [ 2 3 ]) (lib.subtractLists [ 1 2 ] [ 2 3 ]) (lib.mutuallyExclusive [ 1 ] [ 2 ]) ];
    expected = [ [ 2 ] [ 3 ] true ];
  };
  "replaceElemAt" = { expr = [ (lib.replaceElemAt [ 1 2 3 ] 1 "x") (fails (lib.replaceElemAt [ 1 ] 1 "x")) ]; expected = [ [ 1 "x" 3 ] true ]; };
  "concatAttrValues" = { expr = lib.concatAttrValues { b = [ 2 ]; a = [ 1 ]; }; expected = [ 1 2 ]; };
}
