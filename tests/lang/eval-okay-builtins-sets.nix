# Builtins on sets.
with builtins;
let
  set = { b = 2; a = 1; c = 3; };
in
{
  names = [ (attrNames set) (attrValues set) ];
  get = [ (getAttr "a" set) (hasAttr "z" set) (set ? b) ];
  remove = removeAttrs set [ "a" "z" ];
  fromList = listToAttrs [ { name = "x"; value = 1; } { name = "y"; value = 2; } { name = "x"; value = 3; } ];
  mapped = mapAttrs (n: v: "${n}${toString v}") set;
  intersected = intersectAttrs { a = 0; z = 0; } set;
  collected = catAttrs "a" [ set { } { a = 5; } ];
  zipped = zipAttrsWith (n: vs: { inherit n vs; }) [ { a = 1; b = 2; } { a = 3; } ];
  arguments = functionArgs ({ x, y ? 1 }: x);
  lazy = attrNames { a = throw "never"; };
  deep = (deepSeq { a = 1; } "deep");
  position = unsafeGetAttrPos "missing" { };
  positionLine = (unsafeGetAttrPos "a" { a = 1; }).line;
}
