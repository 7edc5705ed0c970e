# lib.trivial, lib.fixedPoints, lib.asserts, lib.versions
{ lib }:

let
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
in
{
  "id returns its argument" = { expr = lib.id 3; expected = 3; };
  "const ignores the second argument" = { expr = lib.const 1 (throw "never"); expected = 1; };
  "pipe applies in order" = { expr = lib.pipe 2 [ (x: x + 1) (x: x * 10) toString ]; expected = "30"; };
  "flip swaps" = { expr = lib.flip lib.concat [ 1 ] [ 2 ]; expected = [ 2 1 ]; };
  "mod keeps the sign of the dividend" = { expr = [ (lib.mod 7 3) (lib.mod (-7) 3) (lib.mod 7 (-3)) ]; expected = [ 1 (-1) 1 ]; };
  "bitNot inverts" = { expr = map lib.bitNot [ 0 5 (-1) ]; expected = [ (-1) (-6) 0 ]; };
  "compare orders" = { expr = [ (lib.compare 1 2) (lib.compare 2 2) (lib.compare "b" "a") ]; expected = [ (-1) 0 1 ]; };
  "splitByAndCompare puts one group first" = {
    expr = lib.sort (a: b: lib.splitByAndCompare (lib.hasPrefix "x") lib.compare lib.compare a b < 0) [ "b" "x2" "a" "x1" ];
    expected = [ "x1" "x2" "a" "b" ];
  };
  "min and max" = { expr = [ (lib.min 3 2) (lib.max 3 2) (lib.max 2.5 2) ]; expected = [ 2 3 2.5 ]; };
  "xor" = { expr = [ (lib.xor true true) (lib.xor true false) ]; expected = [ false true ]; };
  "defaultTo replaces null only" = { expr = [ (lib.defaultTo 1 null) (lib.defaultTo 1 false) ]; expected = [ 1 false ]; };
  "mapNullable leaves null" = { expr = [ (lib.mapNullable (x: x + 1) null) (lib.mapNullable (x: x + 1) 1) ]; expected = [ null 2 ]; };

  "functionArgs sees through setFunctionArgs" = {
    expr = lib.functionArgs (lib.setFunctionArgs (x: x) { a = false; });
    expected = { a = false; };
  };
  "functionArgs sees through functors" = {
    expr = lib.functionArgs { __functor = self: { a, b ? 1 }: a; };
    expected = { a = false; b = true; };
  };
  "mirrorFunctionArgs" = { expr = lib.functionArgs (lib.mirrorFunctionArgs ({ x, y ? 2 }: x) (args: args)); expected = { x = false; y = true; }; };
  "isFunction of functors" = { expr = map lib.isFunction [ (x: x) { __functor = _: x: x; } { } 3 ]; expected = [ true true false false ]; };
  "toFunction makes constants" = { expr = [ (lib.toFunction 3 4) (lib.toFunction (x: x * 2) 4) ]; expected = [ 3 8 ]; };

  "toBaseDigits" = { expr = [ (lib.toBaseDigits 10 305) (lib.toBaseDigits 2 6) (lib.toBaseDigits 16 0) ]; expected = [ [ 3 0 5 ] [ 1 1 0 ] [ 0 ] ]; };
  "toHexString" = { expr = map lib.toHexString [ 0 255 48879 ]; expected = [ "0" "FF" "BEEF" ]; };
  "fromHexString" = { expr = map lib.fromHexString [ "0" "ff" "0xBeef" "00a" ]; expected = [ 0 255 48879 10 ]; };
  "fromHexString refuses other digits" = { expr = fails (lib.fromHexString "0xfg"); expected = true; };

  "checkListOfEnum refuses strangers" = { expr = fails (lib.checkListOfEnum "colours" [ "red" ] [ "blue" ] 1); expected = true; };
  "throwIf" = { expr = [ (fails (lib.throwIf true "message" 1)) (lib.throwIfNot true "message" 1) ]; expected = [ true 1 ]; };
  "warnIf false says nothing" = { expr = lib.warnIf false "message" 1; expected = 1; };
  "version begins with the release" = { expr = lib.hasPrefix lib.trivial.release lib.version; expected = true; };

  "fix" = { expr = lib.fix (self: { a = 1; b = self.a + 1; }); expected = { a = 1; b = 2; }; };
  "converge" = { expr = lib.converge (n: n / 2) 16; expected = 0; };
  "extends" = {
    expr = lib.fix (lib.extends (final: prev: { a = prev.a + 10; }) (final: { a = 1; b = final.a; }));
    expected = { a = 11; b = 11; };
  };
  "composeExtensions keeps the order" = {
    expr = lib.fix (lib.extends (lib.composeExtensions (final: prev: { a = prev.a + "1"; }) (final: prev: { a = prev.a + "2"; })) (final: { a = "0"; }));
    expected = { a = "012"; };
  };
  "composeManyExtensions keeps the order" = {
    expr = lib.fix (
      lib.extends (lib.composeManyExtensions [
        (final: prev: { a = prev.a ++ [ 1 ]; })
        (final: prev: { a = prev.a ++ [ 2 ]; })
        (final: prev: { b = final.a; })
      ]) (final: { a = [ 0 ]; })
    );
    expected = { a = [ 0 1 2 ]; b = [ 0 1 2 ]; };
  };
  "makeExtensible can be extended twice" = {
    expr =
      let
        set = lib.makeExtensible (final: { a = 1; b = final.a; });
        more = (set.extend (final: prev: { a = prev.a + 1; })).extend (final: prev: { a = prev.a * 10; });
      in
      [ set.b more.b ];
    expected = [ 1 20 ];
  };
  "toExtension takes three forms" = {
    expr = map (given: lib.toExtension given { a = 5; } { a = 1; }) [
      { b = 2; }
      (prev: { b = prev.a; })
      (final: prev: { b = final.a + prev.a; })
    ];
    expected = [ { b = 2; } { b = 1; } { b = 6; } ];
  };

  "assertMsg" = { expr = [ (lib.assertMsg true "message") (fails (lib.assertMsg false "message")) ]; expected = [ true true ]; };
  "assertOneOf" = { expr = [ (lib.assertOneOf "x" 1 [ 1 2 ]) (fails (lib.assertOneOf "x" 3 [ 1 2 ])) ]; expected = [ true true ]; };
  "checkAssertWarn fails on assertions" = {
    expr = [
      (lib.asserts.checkAssertWarn [ { assertion = true; message = "no"; } ] [ ] 1)
      (fails (lib.asserts.checkAssertWarn [ { assertion = false; message = "no"; } ] [ ] 1))
    ];
    expected = [ 1 true ];
  };

  "versions" = {
    expr = [ (lib.versions.major "1.2.3") (lib.versions.minor "1.2.3") (lib.versions.patch "1.2.3") (lib.versions.majorMinor "1.2.3") ];
    expected = [ "1" "2" "3" "1.2" ];
  };
  "versions.pad" = { expr = [ (lib.versions.pad 3 "1.2") (lib.versions.pad 2 "1.2.3-rc1") ]; expected = [ "1.2.0" "1.2-rc1" ]; };
}
