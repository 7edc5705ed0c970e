# Integers have 64 bits whatever JavaScript's numbers do; floats print as C++ prints them.
{
  big = [ 9007199254740993 (9007199254740992 + 1) (9223372036854775806 + 1) ];
  mixed = [ (1 + 1.5) (1.5 + 1) (1.0 + 1) ];
  floats = [ 1.0 0.1 1.0e10 1.0e-10 123456789.0 1.5e300 0.000012345 ];
}
