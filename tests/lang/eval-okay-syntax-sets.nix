# Sets: nested definitions, inherit, dynamic names, rec, legacy let, __overrides, has-attribute.
let
  name = "dynamic";
  source = { x = 1; y = 2; };
in
{
  nested = { a.b.c = 1; a.b.d = 2; a."e f" = 3; };
  merged = { a = { b = 1; }; a.c = 2; };
  inherited = { inherit name; inherit (source) x y; };
  quoted = { inherit (source) "x"; "inherit" = 1; };
  dynamic = { ${name} = 1; "${name}2" = 2; a.${name}.b = 3; ${null} = 4; };
  recursive = rec { a = 1; b = a + 1; c = { inherit b; }; };
  overridden = rec { a = 1; b = a; __overrides = { a = 2; }; };
  legacyLet = let { a = 1; body = a + 1; };
  has = [
    (source ? x)
    (source ? z)
    ({ a.b = 1; } ? a.b)
    ({ a.b = 1; } ? a.c.d)
    ({ a = 1; } ? a.b)
    (source ? ${"x"})
  ];
  selected = [ (source.x or 3) (source.z or 3) ({ a = { }; }.a.b.c or "deep") source."y" ];
  orIsAName = { or = 1; }.or;
  updated = { a = 1; b = { c = 1; }; } // { b = { d = 2; }; };
  functor = { __functor = self: x: self.base + x; base = 10; } 5;
  order = builtins.attrNames { b = 1; a = 2; B = 3; "1" = 4; "" = 5; "ä" = 6; };
}
