let
  x = "value";
in
{
  plain = "a${x}b";
  nested = "a${"b${"c"}"}";
  toString = "${{ __toString = self: self.y + "!"; y = "str"; }}";
  outPath = "${{ outPath = "out"; }}";
  both = "${{ __toString = _: "first"; outPath = "second"; }}";
  path = ./a + "/b" + "/../c";
  bytes = "äöü€" + "\n\t\"\\\${x}";
  indented = ''
    first
      second ${x}
    ''${kept} '''quotes'''
  '';
}
