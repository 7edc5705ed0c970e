# Calls with fewer and more arguments than a lambda takes, functors, and what functions tell about themselves.
let
  add = a: b: c: d: [ a b c d ];
  counter = { __functor = self: x: self.start + x; start = 10; };
in
{
  all = add 1 2 3 4;
  steps = let one = add 1; two = one 2; in [ (one 5 6 7) (two 8 9) ((two 3) 4) ];
  over = (a: { inherit a; f = b: a + b; }) 1;
  result = (a: b: { __functor = _: c: a + b + c; }) 1 2 3;
  functor = [ (counter 5) (map counter [ 1 2 ]) (builtins.isFunction counter) ];
  partial = builtins.isFunction (builtins.elemAt [ 1 2 ]);
  arguments = builtins.functionArgs ({ a, b ? 2, ... }: a);
  none = [ (builtins.functionArgs (x: x)) (builtins.functionArgs builtins.map) ];
  printed = [ (x: x) (add 1) builtins.map (builtins.map 1) ];
  whole = ({ a, ... }@args: args) { a = 1; b = 2; };
  many = (a: b: c: d: e: f: g: h: i: j: [ a b c d e f g h i j ]) 1 2 3 4 5 6 7 8 9 10;
  same = (x: x: x) 1 2;
}
