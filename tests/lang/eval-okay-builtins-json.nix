# JSON in both directions.
with builtins;
{
  written = map toJSON [ null true 1 "a" [ ] { } [ 1 [ 2 ] ] { b = 1; a = { c = null; }; } ];
  escapes = toJSON "\"\\/\n\r\t ä€😀";
  control = toJSON (fromJSON ''"\u0001\u001f\u007f"'');
  outPath = toJSON { outPath = "only this"; a = 1; };
  toStringWins = toJSON { __toString = _: "text"; outPath = "not this"; };
  sorted = toJSON { z = 1; a = 2; B = 3; "" = 4; };
  read = fromJSON ''{ "a" : [ 1, 2.5, "x", null, true, { "b" : { } } ], "z":-1, "u": "\u00e4\ud83d\ude00\/" }'';
  duplicates = fromJSON ''{"a":1,"a":2}'';
  empty = [ (fromJSON "[]") (fromJSON "{}") (fromJSON "\"\"") ];
  numbers = fromJSON "[0, -1, 1e2, 1E-2, 1234567890123456789, 1.0]";
  roundTrip = fromJSON (toJSON { a = [ 1 2.5 "x" null { } ]; });
  blanks = fromJSON " \n\t[ 1 , 2 ]\r\n ";
}
