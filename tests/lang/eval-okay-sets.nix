let
  big = builtins.listToAttrs (builtins.genList (i: { name = "n${if i == 7 then "seven" else "x"}${"" + "y"}"; value = i; }) 20);
in
{
  update = { a = 1; b = 2; } // { b = 3; c = 4; } // { } // { a = 5; };
  firstWins = big;
  removed = removeAttrs { a = 1; b = 2; c = 3; } [ "b" "zzz" ];
  none = removeAttrs { a = 1; } [ "a" ];
  intersect = builtins.intersectAttrs { a = 1; b = 2; } { b = 3; c = 4; };
  mapped = builtins.mapAttrs (name: value: name + value) { a = "1"; b = "2"; };
  zipped = builtins.zipAttrsWith (name: values: { inherit name values; }) [ { a = 1; } { a = 2; b = 3; } ];
  grouped = builtins.groupBy (x: if x == 2 then "two" else "other") [ 1 2 3 ];
  cat = builtins.catAttrs "a" [ { a = 1; } { b = 2; } { a = 3; } ];
  values = builtins.attrValues { b = 1; a = 2; "0" = 3; "B" = 4; };
  quoted = { "a b" = 1; "if" = 2; "1a" = 3; "" = 4; or = 5; "a.b" = 6; };
  nested = { a.b.c = 1; a.b.d = 2; a.e = 3; };
  overrides = rec { x = 1; y = x; __overrides = { x = 2; z = 3; }; };
  selected = { a.b.c = 1; }.a.b.c;
  computed = let n = "b"; in { a.b = 1; }.a.${n};
  get = [ (builtins.getAttr "a" { a = 1; }) (builtins.hasAttr "b" { a = 1; }) ];
}
