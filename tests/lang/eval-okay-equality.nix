# Functions are never equal, but the same place in two containers is.
let
  f = x: x;
  set = { inherit f; };
  list = [ f ];
  drv = n: { type = "derivation"; outPath = "/out"; name = n; };
in
{
  functions = f == f;
  sets = set == set;
  lists = list == list;
  literal = { f = x: x; } == { f = x: x; };
  sharedMember = [ f ] == [ f ];
  derivations = drv "a" == drv "b";
  numbers = [ (1 == 1.0) (1.5 == 1) (9007199254740993 == 9007199254740992) ];
  types = [ (1 == "1") (null == false) ([ ] == { }) ("a" == ./a) ];
  nested = { a.b = [ 1 { c = 2; } ]; } == { a.b = [ 1 { c = 2; } ]; };
  different = { a = 1; } != { b = 1; };
  elem = builtins.elem [ 1 ] [ [ 2 ] [ 1 ] ];
}
