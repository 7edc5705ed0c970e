# Arithmetic builtins, bits, rounding, and how floats are printed.
with builtins;
{
  arithmetic = [ (add 1 2) (sub 1 2) (mul 3 4) (div 7 2) (div (-7) 2) (div 7.0 2) (add 1 0.5) ];
  bits = [ (bitAnd 12 10) (bitOr 12 10) (bitXor 12 10) (bitAnd (-1) 255) (bitOr (-4) 1) ];
  rounding = [ (floor 1.7) (floor (-1.2)) (ceil 1.2) (ceil (-1.7)) (floor 3) (ceil 3) ];
  comparisons = [ (lessThan 1 2) (lessThan 1.5 1) (1 == 1.0) (9007199254740993 == 9007199254740992.0) ];
  printed = [ 1.0 0.1 123456.0 1234567.0 0.0001 0.00001 1.0e100 (1.0 / 3) (-1.5) 100.0 2.50 ];
  asText = map toString [ 1.0 0.1 (1.0 / 3) 1.0e100 123456789.0 ];
  asJson = map toJSON [ 1.0 0.1 (1.0 / 3) 1.0e100 123456789.0 1.0e-7 100 (-0.0) ];
  fromJson = map fromJSON [ "1" "1.5" "-0" "1e3" "9223372036854775807" "1.0" ];
  wide = [ 9007199254740993 (9007199254740992 + 1) (4611686018427387904 * 1) (3037000499 * 3037000499) ];
}
