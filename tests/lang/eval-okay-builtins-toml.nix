# TOML, read.
with builtins;
{
  keys = fromTOML ''
    bare = 1
    "quoted key" = 2
    'literal' = 3
    a.b.c = 4
    a.b.d = 5
    1234 = "digits"
  '';
  strings = fromTOML ''
    basic = "tab\t quote\" \u00e4 \U0001F600"
    literal = 'C:\path'
    many = """
    one
    two \
       joined"""
    manyLiteral = ${"'''"}
    raw \n
    text${"'''"}
  '';
  numbers = fromTOML ''
    int = 1_000
    neg = -17
    hex = 0xdead_beef
    oct = 0o755
    bin = 0b1101
    float = 3.14
    exp = 5e+22
    small = -2e-2
  '';
  others = fromTOML ''
    yes = true
    no = false
    list = [ 1, 2, 3, ]
    mixed = [ "a", [ 1 ], { x = 1 } ]
    inline = { a = 1, b.c = 2 }
  '';
  tables = fromTOML ''
    top = 1
    [table]
    x = 1
    [table.sub]
    y = 2
    [[array]]
    n = 1
    [[array]]
    n = 2
    [array.inner]
    deep = true
  '';
}
