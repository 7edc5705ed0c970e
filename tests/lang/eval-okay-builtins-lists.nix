# Builtins on lists.
with builtins;
{
  access = [ (head [ 1 2 ]) (tail [ 1 2 3 ]) (elemAt [ 1 2 3 ] 1) (length [ (throw "lazy") 2 ]) ];
  search = [ (elem 2 [ 1 2 ]) (elem { a = 1; } [ { a = 1; } ]) (any (x: x > 1) [ 1 2 (throw "lazy") ]) (all (x: x > 1) [ 2 3 ]) (all throw [ ]) ];
  transform = [ (map (x: x * 2) [ 1 2 ]) (filter (x: x > 1) [ 1 2 3 ]) (concatLists [ [ 1 ] [ ] [ 2 3 ] ]) (concatMap (x: [ x x ]) [ 1 2 ]) (genList (x: x * x) 4) ];
  fold = [ (foldl' (a: b: a + b) 0 [ 1 2 3 ]) (foldl' (a: b: "${a}${b}") "" [ "x" "y" ]) (foldl' (_: x: x) (throw "never used") [ 1 2 ]) ];
  sorted = [
    (sort lessThan [ 3 1 2 ])
    (sort (a: b: a > b) [ 1 3 2 ])
    (map (x: x.v) (sort (a: b: a.k < b.k) [ { k = 1; v = "a"; } { k = 0; v = "b"; } { k = 1; v = "c"; } { k = 0; v = "d"; } ]))
    (sort lessThan [ "b" "a" "C" ])
    (sort lessThan [ [ 2 ] [ 1 2 ] [ 1 ] ])
    (sort lessThan [ 1 0.5 2 ])
  ];
  partition = partition (x: x > 2) [ 1 2 3 4 ];
  groupBy = groupBy (x: if x > 2 then "big" else "small") [ 1 2 3 4 ];
  closure = map (x: x.key) (genericClosure {
    startSet = [ { key = 5; } ];
    operator = x: if x.key == 0 then [ ] else [ { key = x.key - 1; } { key = x.key / 2; } ];
  });
  closureOfStrings = genericClosure { startSet = [ { key = "a"; } { key = "a"; n = 2; } ]; operator = _: [ ]; };
  equality = [ ([ 1 ] == [ 1.0 ]) ([ ] == [ ]) ([ [ ] ] == [ { } ]) ];
}
