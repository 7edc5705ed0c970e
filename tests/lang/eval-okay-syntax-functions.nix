# Functions: patterns, defaults that refer to each other, @ on both sides, ellipsis, application, with, let, if, assert.
{
  plain = (x: y: x - y) 5 3;
  pattern = ({ a, b }: a + b) { a = 1; b = 2; };
  defaults = ({ a ? 1, b ? a + 1, c ? b + 1 }: [ a b c ]) { b = 5; };
  ellipsis = ({ a, ... }: a) { a = 1; z = 2; };
  atLeft = (args@{ a ? 7, ... }: [ (args ? a) a ]) { x = 1; };
  atRight = ({ a, ... }@args: args) { a = 1; b = 2; };
  trailing = ({ a, b, }: a) { a = 1; b = 2; };
  shadowed = let x = 1; in let x = 2; in x;
  withInner = with { a = 1; b = 2; }; with { b = 3; }; [ a b ];
  withWeaker = let a = "let"; in with { a = "with"; }; a;
  letRecursive = let even = n: n == 0 || odd (n - 1); odd = n: n != 0 && even (n - 1); in even 10;
  conditional = if 1 < 2 then "yes" else throw "no";
  asserted = assert true; "after";
  arguments = builtins.functionArgs ({ a, b ? 1, ... }@x: a);
  noArguments = builtins.functionArgs (x: x);
  composed = builtins.foldl' (f: g: x: g (f x)) (x: x) [ (x: x + 1) (x: x * 2) ] 3;
  position = builtins.typeOf __curPos.line;
}
