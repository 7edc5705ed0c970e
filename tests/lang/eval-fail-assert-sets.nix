let
  expected = { a = 1; b = { c = [ 1 2 ]; }; };
  actual = { a = 1; b = { c = [ 1 3 ]; }; };
in
assert expected == actual;
true
