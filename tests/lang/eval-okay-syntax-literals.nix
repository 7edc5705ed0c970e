# Every literal: numbers as Nix lexes them, strings, paths, URIs, lists, sets.
{
  integers = [ 0 1 007 9223372036854775807 (-1) ];
  floats = [ 1.5 0.5 .5 10. 1.0e3 2.5E-3 6.02e+23 0.1 100000.0 1000000.0 1.0e-5 ];
  # Without a point this is an application: 1 applied to a variable.
  notFloat = let e3 = 2; f = x: x; in f e3;
  strings = [ "" "a" "a\nb\tc\r" "\"quoted\"" "back\\slash" "\${no}" "$" "$$" "$${x}" "\x" "ä€😀" ];
  multi = "line one
line two";
  indented = [
    ''
      stripped
        kept
      ''
    ''single''
    ''
      ''${escaped} ''\n and ''' quotes ''$ alone
    ''
    ''

      first line empty
      	tab counts as text
    ''
    ''${"x"}
      y''
    ''
    ${"interpolated"}
      deeper''
  ];
  uris = [ http://example.org/a?b=c git+ssh://host/x x:y ];
  bools = [ true false null ];
  list = [ 1 (-2) [ ] { } "x" ];
  comments = /* here */ 1 # there
  ;
}
