let
  numbers = [ 3 1 2 ];
  even = x: builtins.elem x [ 2 4 ];
in
{
  sorted = builtins.sort (a: b: builtins.elem [ a b ] [ [ 1 2 ] [ 1 3 ] [ 2 3 ] ]) numbers;
  parts = builtins.partition even numbers;
  concat = [ 1 ] ++ [ ] ++ [ 2 3 ];
  lists = builtins.concatLists [ [ 1 ] [ ] [ 2 [ 3 ] ] ];
  concatMap = builtins.concatMap (x: [ x x ]) [ 1 2 ];
  fold = builtins.foldl' (acc: x: acc + x) 0 numbers;
  generated = builtins.genList (i: i + i) 4;
  tests = [ (builtins.any even numbers) (builtins.all even numbers) (builtins.any even [ ]) (builtins.all even [ ]) ];
  filtered = builtins.filter even numbers;
  ends = [ (builtins.head numbers) (builtins.tail numbers) (builtins.elemAt numbers 1) ];
  long = builtins.length (builtins.genList (i: throw "unused") 100000);
  closure = builtins.genericClosure {
    startSet = [ { key = 1; } ];
    operator = item: if item.key == 4 then [ ] else [ { key = item.key + 1; } { key = 1; } ];
  };
}
