# lib.attrsets
{ lib }:

let
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
  nested = { a.b.c = 1; };
in
{
  "attrByPath" = {
    expr = [ (lib.attrByPath [ "a" "b" "c" ] 0 nested) (lib.attrByPath [ "a" "x" ] 0 nested) (lib.attrByPath [ "a" "b" "c" "d" ] 0 nested) (lib.attrByPath [ ] 0 5) ];
    expected = [ 1 0 0 5 ];
  };
  "hasAttrByPath" = { expr = map (path: lib.hasAttrByPath path nested) [ [ "a" "b" ] [ "a" "x" ] [ ] ]; expected = [ true false true ]; };
  "longestValidPathPrefix" = { expr = lib.attrsets.longestValidPathPrefix [ "a" "b" "x" "y" ] nested; expected = [ "a" "b" ]; };
  "setAttrByPath" = { expr = lib.setAttrByPath [ "a" "b" ] 1; expected = { a.b = 1; }; };
  "getAttrFromPath" = { expr = [ (lib.getAttrFromPath [ "a" "b" "c" ] nested) (fails (lib.getAttrFromPath [ "x" ] nested)) ]; expected = [ 1 true ]; };
  "showAttrPath quotes" = { expr = [ (lib.showAttrPath [ "a" "b.c" "if" ]) (lib.showAttrPath [ ]) ]; expected = [ ''a."b.c"."if"'' "<root attribute path>" ]; };
  "updateManyAttrsByPath" = {
    expr = lib.updateManyAttrsByPath [
      { path = [ "a" "b" ]; update = old: old // { d = 2; }; }
      { path = [ "a" "b" "c" ]; update = old: old + 10; }
      { path = [ "new" ]; update = _: true; }
    ] nested;
    expected = { a.b = { c = 11; d = 2; }; new = true; };
  };
  "updateManyAttrsByPath refuses to use what is missing" = {
    expr = fails (lib.updateManyAttrsByPath [ { path = [ "x" ]; update = old: old + 1; } ] { });
    expected = true;
  };

  "attrVals and getAttrs" = { expr = [ (lib.attrVals [ "b" "a" ] { a = 1; b = 2; }) (lib.getAttrs [ "a" ] { a = 1; b = 2; }) ]; expected = [ [ 2 1 ] { a = 1; } ]; };
  "filterAttrs" = { expr = lib.filterAttrs (n: v: n != "a" && v > 1) { a = 5; b = 1; c = 2; }; expected = { c = 2; }; };
  "filterAttrsRecursive" = { expr = lib.filterAttrsRecursive (n: v: v != null) { a = null; b.c = null; b.d = 1; }; expected = { b.d = 1; }; };
  "foldlAttrs" = { expr = lib.foldlAttrs (acc: n: v: acc + n + v) "" { b = "2"; a = "1"; }; expected = "a1b2"; };
  "foldAttrs" = { expr = lib.foldAttrs (x: acc: [ x ] ++ acc) [ ] [ { a = 1; } { a = 2; b = 3; } ]; expected = { a = [ 1 2 ]; b = [ 3 ]; }; };
  "collect does not look into what it takes" = { expr = lib.collect (x: x ? stop) { a.stop = 1; b.c = { stop = 2; d.stop = 3; }; e = 4; }; expected = [ { stop = 1; } { stop = 2; d.stop = 3; } ]; };
  "cartesianProduct" = { expr = lib.cartesianProduct { a = [ 1 2 ]; b = [ 3 ]; }; expected = [ { a = 1; b = 3; } { a = 2; b = 3; } ]; };
  "mapCartesianProduct" = { expr = lib.mapCartesianProduct ({ a, b }: "${a}-${b}") { a = [ "x" "y" ]; b = [ "1" "2" ]; }; expected = [ "x-1" "x-2" "y-1" "y-2" ]; };

  "mapAttrs'" = { expr = lib.mapAttrs' (n: v: lib.nameValuePair "${n}1" (v + 1)) { a = 1; }; expected = { a1 = 2; }; };
  "mapAttrsToList and attrsToList" = { expr = [ (lib.mapAttrsToList (n: v: n + v) { b = "2"; a = "1"; }) (lib.attrsToList { a = 1; }) ]; expected = [ [ "a1" "b2" ] [ { name = "a"; value = 1; } ] ]; };
  "concatMapAttrs lets later names win" = { expr = lib.concatMapAttrs (n: v: { x = n; ${n} = v; }) { a = 1; b = 2; }; expected = { a = 1; b = 2; x = "b"; }; };
  "mapAttrsRecursive" = { expr = lib.mapAttrsRecursive (path: v: lib.concatStringsSep "." path + v) { a.b = "!"; c = "?"; }; expected = { a.b = "a.b!"; c = "c?"; }; };
  "mapAttrsRecursiveCond" = { expr = lib.mapAttrsRecursiveCond (v: !(v ? leaf)) (_: v: v.leaf or v) { a.leaf = 1; b.c.leaf = 2; }; expected = { a = 1; b.c = 2; }; };
  "mapAttrsToListRecursive" = { expr = lib.mapAttrsToListRecursive (path: v: "${lib.concatStringsSep "/" path}=${v}") { a.b = "1"; c = "2"; }; expected = [ "a/b=1" "c=2" ]; };
  "genAttrs" = { expr = [ (lib.genAttrs [ "a" "b" ] (n: n + n)) (lib.genAttrs' [ 1 ] (n: lib.nameValuePair "n${toString n}" n)) ]; expected = [ { a = "aa"; b = "bb"; } { n1 = 1; } ]; };

  "zipAttrs" = { expr = lib.zipAttrs [ { a = 1; } { a = 2; b = 3; } ]; expected = { a = [ 1 2 ]; b = [ 3 ]; }; };
  "zipAttrsWithNames" = { expr = lib.zipAttrsWithNames [ "a" ] (n: vs: [ n ] ++ vs) [ { a = 1; b = 2; } { a = 3; } ]; expected = { a = [ "a" 1 3 ]; }; };
  "mergeAttrsList" = { expr = lib.mergeAttrsList [ { a = 1; } { b = 2; } { a = 3; } ]; expected = { a = 3; b = 2; }; };
  "recursiveUpdate" = { expr = lib.recursiveUpdate { a = { b = 1; c = 2; }; d = { }; } { a.b = 10; d = 4; }; expected = { a = { b = 10; c = 2; }; d = 4; }; };
  "recursiveUpdate leaves what it replaces" = { expr = (lib.recursiveUpdate { a = throw "replaced"; } { a = 1; }).a; expected = 1; };
  "recursiveUpdateUntil" = {
    expr = lib.recursiveUpdateUntil (path: l: r: path == [ "a" ]) { a.x = 1; b.x = 1; } { a.y = 2; b.y = 2; };
    expected = { a.y = 2; b = { x = 1; y = 2; }; };
  };
  "matchAttrs" = { expr = [ (lib.matchAttrs { a.b = 1; } { a = { b = 1; c = 2; }; }) (lib.matchAttrs { a = 1; } { }) ]; expected = [ true false ]; };
  "overrideExisting" = { expr = lib.overrideExisting { a = 1; } { a = 2; b = 3; }; expected = { a = 2; }; };
  "unionOfDisjoint" = { expr = [ (lib.attrsets.unionOfDisjoint { a = 1; } { b = 2; }) (fails (lib.attrsets.unionOfDisjoint { a = 1; } { a = 1; })) ]; expected = [ { a = 1; b = 2; } true ]; };

  "getOutput falls back" = {
    expr = map (pkg: (lib.getDev pkg).name) [ { name = "a"; dev.name = "a-dev"; } { name = "b"; out.name = "b-out"; } { name = "c"; outputSpecified = true; dev.name = "c-dev"; } ];
    expected = [ "a-dev" "b-out" "c" ];
  };
  "getLib prefers lib to out" = { expr = (lib.getLib { out = "out"; lib = "lib"; }); expected = "lib"; };
  "recurseIntoAttrs" = { expr = lib.recurseIntoAttrs { }; expected = { recurseForDerivations = true; }; };
}
