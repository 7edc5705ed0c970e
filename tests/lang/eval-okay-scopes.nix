# Which binding a variable gets: the innermost lexical one, and any of those before a `with`.
let
  a = "let";
  s = { a = "with"; b = "outer with"; c = "outer with"; };
in
{
  lexicalFirst = with s; a;
  innerWith = with s; with { b = "inner with"; }; [ b c ];
  shadowed = let a = "inner"; in with s; a;
  argument = (a: with s; a) "argument";
  pattern = ({ a, b ? a + "!" }@all: [ a b (all ? b) ]) { a = "given"; };
  later = ({ x ? y, y ? 1 }: [ x y ]) { };
  recursive = rec { x = y; y = z; z = 3; inherit (s) b; c = b; };
  inherited = let x = 1; in rec { inherit x; y = x; };
  once = let inherit (builtins.seq 1 s) b c; in [ b c ];
  dynamic = let n = "k"; in { ${n} = 1; ${null} = 2; "${n}2" = 3; x.${n}.y = 4; };
  legacy = let { x = 1; body = x; };
  shadowedBuiltin = let true = 0; __sub = a: b: "own"; in [ true (3 - 2) (-1) ];
}
