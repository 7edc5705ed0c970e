# Operators with their precedence and associativity.
{
  arithmetic = [ (1 + 2 * 3) (7 / 2) (-7 / 2) (2 - 3 - 4) (1 + 1.5) (1.0 / 4) (- 3 + 5) (2 * -3) ];
  strings = "a" + "b" + "c";
  lists = [ 1 ] ++ [ 2 ] ++ [ 3 ];
  updateBindsRight = { a = 1; } // { a = 2; } // { a = 3; };
  comparisons = [ (1 < 2) (1 <= 1.0) ("a" < "b") ([ 1 2 ] < [ 1 3 ]) ([ 1 ] < [ 1 1 ]) (2 > 1.5) ("" >= "") ];
  equality = [ (1 == 1.0) ("1" == 1) ([ 1 [ 2 ] ] == [ 1 [ 2 ] ]) ({ a = 1; } == { a = 1; }) (null == false) ((x: x) == (x: x)) ];
  logic = [ (true -> false) (false -> throw "lazy") (true || throw "lazy") (false && throw "lazy") (!true) (false -> false -> false) ];
  mixed = [ (!{ a = 1; } ? a) (1 + 1 == 2 && 2 < 3) ({ a = [ 1 ]; } ? a && true) ];
  pathPlus = toString (/a + "/b") + "c";
  negative = [ (- - 1) (-(-1)) ((x: -x) 3) ];
  limits = [ (9223372036854775806 + 1) (-9223372036854775807 - 1) ];
}
