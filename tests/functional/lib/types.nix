# lib.types
{ lib }:

let
  inherit (lib) types mkOption;
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;

  # Value of an option of a type, from definitions.
  value =
    type: defs:
    (lib.evalModules { modules = [ { options.x = mkOption { inherit type; }; } ] ++ map (x: { inherit x; }) defs; }).config.x;
  bad = type: defs: fails (value type defs);
  accepts = type: map (type.check);
  described = map (type: type.description);
in
{
  "bool" = { expr = [ (value types.bool [ true ]) (value types.bool [ true true ]) (bad types.bool [ true false ]) (bad types.bool [ 1 ]) ]; expected = [ true true true true ]; };
  "boolByOr" = { expr = [ (value types.boolByOr [ false true ]) (value types.boolByOr [ false false ]) ]; expected = [ true false ]; };
  "int" = { expr = [ (value types.int [ 1 1 ]) (bad types.int [ 1 2 ]) (bad types.int [ 1.5 ]) ]; expected = [ 1 true true ]; };
  "ints with bounds" = {
    expr = [ (accepts types.ints.u8 [ 0 255 256 (-1) ]) (accepts types.ints.s8 [ (-128) 127 128 ]) (accepts types.ints.positive [ 0 1 ]) (accepts types.ints.unsigned [ 0 (-1) ]) (accepts (types.ints.between 3 4) [ 2 3 4 5 ]) (accepts types.port [ 65535 65536 ]) (accepts types.ints.u32 [ 4294967295 4294967296 ]) ];
    expected = [ [ true true false false ] [ true true false ] [ false true ] [ true false ] [ false true true false ] [ true false ] [ true false ] ];
  };
  "numbers" = { expr = [ (accepts types.float [ 1.5 1 ]) (accepts types.number [ 1.5 1 "1" ]) (accepts (types.numbers.between 0 1) [ 0.5 1 2 ]) (accepts types.numbers.positive [ 0 0.1 ]) ]; expected = [ [ true false ] [ true true false ] [ true true false ] [ false true ] ]; };
  "strings" = {
    expr = [ (value types.str [ "a" "a" ]) (bad types.str [ "a" "b" ]) (accepts types.nonEmptyStr [ "" " " "a" ]) (value types.singleLineStr [ "a\n" ]) (accepts types.singleLineStr [ "a\nb" ]) (accepts (types.strMatching "[a-z]+") [ "abc" "ABC" ]) ];
    expected = [ "a" true [ false false true ] "a" [ false ] [ true false ] ];
  };
  "separated strings" = { expr = [ (value types.lines [ "a" "b" ]) (value types.commas [ "a" "b" ]) (value types.envVar [ "/a" "/b" ]) (value (types.separatedString "+") [ "a" "b" ]) ]; expected = [ "b\na" "b,a" "/b:/a" "b+a" ]; };
  "passwdEntry" = { expr = accepts (types.passwdEntry types.str) [ "ok" "a:b" "a\nb" ]; expected = [ true false false ]; };
  "paths" = {
    expr = [ (accepts types.path [ "/a" ./. "a" { outPath = "/x"; } 1 ]) (accepts types.pathInStore [ "${builtins.storeDir}/abc" builtins.storeDir "${builtins.storeDir}/.links" "/x" ]) (accepts types.externalPath [ "/x" ./. "${builtins.storeDir}/abc" ]) (accepts (types.pathWith { absolute = false; }) [ "a" "/a" ]) ];
    expected = [ [ true true false true false ] [ true false false false ] [ true false false ] [ true false ] ];
  };
  "enum" = { expr = [ (value (types.enum [ "a" 1 ]) [ 1 ]) (bad (types.enum [ "a" ]) [ "b" ]) ]; expected = [ 1 true ]; };
  "nullOr" = { expr = [ (value (types.nullOr types.int) [ ]) (value (types.nullOr types.int) [ 1 ]) (value (types.nullOr types.int) [ null null ]) (bad (types.nullOr types.int) [ null 1 ]) ]; expected = [ null 1 null true ]; };
  "either and oneOf" = {
    expr = [ (value (types.either types.int types.str) [ "a" ]) (bad (types.either types.int types.str) [ true ]) (bad (types.either types.int types.str) [ 1 "a" ]) (value (types.oneOf [ types.int types.str types.bool ]) [ true ]) (value (types.either (types.listOf types.int) types.int) [ [ 1 ] [ 2 ] ]) ];
    expected = [ "a" true true true [ 2 1 ] ];
  };
  "coercedTo" = {
    expr =
      let
        type = types.coercedTo types.int toString types.str;
      in
      [ (value type [ 1 ]) (value type [ "a" ]) (bad type [ true ]) ];
    expected = [ "1" "a" true ];
  };
  "lists" = {
    expr = [ (value (types.listOf types.int) [ [ 1 ] [ 2 3 ] ]) (value (types.listOf types.int) [ ]) (value (types.listOf types.int) [ [ (lib.mkIf false 1) 2 ] ]) (bad (types.listOf types.int) [ [ "a" ] ]) (bad (types.nonEmptyListOf types.int) [ [ ] ]) ];
    expected = [ [ 2 3 1 ] [ ] [ 2 ] true true ];
  };
  "list order" = {
    expr = value (types.listOf types.str) [ (lib.mkAfter [ "last" ]) [ "middle" ] (lib.mkBefore [ "first" ]) (lib.mkOrder 900 [ "second" ]) ];
    expected = [ "first" "second" "middle" "last" ];
  };
  "attribute sets" = {
    expr = [ (value (types.attrsOf types.int) [ { a = 1; } { b = lib.mkForce 2; } { b = 3; c = lib.mkIf false 4; } ]) (bad (types.attrsOf types.int) [ { a = "x"; } ]) (value types.attrs [ { a = 1; } { a = 2; } ]) ];
    expected = [ { a = 1; b = 2; } true { a = 1; } ];
  };
  "lazyAttrsOf does not look at values for names" = {
    expr = builtins.attrNames (value (types.lazyAttrsOf types.int) [ { a = throw "value"; b = lib.mkIf (throw "condition") 1; } ]);
    expected = [ "a" "b" ];
  };
  "lazyAttrsOf with an empty value" = { expr = value (types.lazyAttrsOf (types.nullOr types.int)) [ { a = lib.mkIf false 1; } ]; expected = { a = null; }; };
  "uniq and unique" = { expr = [ (value (types.uniq types.int) [ 1 ]) (bad (types.uniq types.int) [ 1 1 ]) ]; expected = [ 1 true ]; };
  "addCheck" = { expr = [ (value (types.addCheck types.int (n: n > 2)) [ 3 ]) (bad (types.addCheck types.int (n: n > 2)) [ 1 ]) (bad (types.addCheck (types.listOf types.int) (l: l != [ ])) [ [ ] ]) ]; expected = [ 3 true true ]; };
  "a check replaced by hand counts" = { expr = bad (types.listOf types.int // { check = _: false; }) [ [ 1 ] ]; expected = true; };
  "anything" = {
    expr = [ (value types.anything [ { a.b = 1; } { a.c = lib.mkForce 2; } ]) (value types.anything [ 1 1 ]) (bad types.anything [ 1 2 ]) (bad types.anything [ [ 1 ] [ 2 ] ]) (value types.anything [ (x: { a = x; }) (x: { b = x; }) ] 1) ];
    expected = [ { a = { b = 1; c = 2; }; } 1 true true { a = 1; b = 1; } ];
  };
  "raw is not looked into" = { expr = (value types.raw [ { a = throw "inside"; b = 1; } ]).b; expected = 1; };
  "functionTo" = { expr = [ (value (types.functionTo (types.listOf types.int)) [ (x: [ x ]) (x: [ (x * 10) ]) ] 2) (lib.functionArgs (value (types.functionTo types.int) [ ({ a, b ? 1 }: a) ])) ]; expected = [ [ 20 2 ] { a = false; b = true; } ]; };
  "package of a store path" = {
    expr = [ (accepts types.package [ { type = "derivation"; } "/etc" ]) (accepts types.shellPackage [ { type = "derivation"; shellPath = "/bin/sh"; } { type = "derivation"; } ]) ];
    expected = [ [ true false ] [ true false ] ];
  };
  "attrTag" = {
    expr =
      let
        type = types.attrTag { file = mkOption { type = types.path; }; text = mkOption { type = types.lines; }; };
      in
      [ (value type [ { text = "a"; } { text = "b"; } ]) (bad type [ { text = "a"; } { file = "/a"; } ]) (bad type [ { other = 1; } ]) (bad type [ { text = "a"; file = "/b"; } ]) ];
    expected = [ { text = "b\na"; } true true true ];
  };
  "attrListOf keeps order and priorities" = {
    expr = value (types.attrListOf types.int) [ [ { b = 1; } { a = 2; } ] { c = lib.mkBefore 3; } [ { b = lib.mkForce 9; } ] ];
    expected = [ { c = 3; } { b = 9; } { a = 2; } ];
  };
  "optionType and optionDeclaration" = { expr = [ (accepts types.optionType [ types.int 3 ]) (accepts types.optionDeclaration [ (mkOption { }) { } ]) ((value types.optionType [ (types.enum [ 1 ]) (types.enum [ 2 ]) ]).description) ]; expected = [ [ true false ] [ true false ] "one of 2, 1" ]; };
  "values of formats" = { expr = [ (value types.json [ { a = [ 1 null { b = "x"; } ]; } ]) (bad types.toml [ { a = null; } ]) (bad types.json [ (x: x) ]) ]; expected = [ { a = [ 1 null { b = "x"; } ]; } true true ]; };

  "submodule" = {
    expr = value (types.submodule ({ config, ... }: { options.a = mkOption { type = types.int; default = 1; }; options.b = mkOption { type = types.int; default = config.a + 1; }; })) [ { a = 5; } ];
    expected = { a = 5; b = 6; };
  };
  "submodules know their name" = {
    expr = value (types.attrsOf (types.submodule ({ name, ... }: { options.label = mkOption { type = types.str; default = "<${name}>"; }; }))) [ { one = { }; two.label = "given"; } ];
    expected = { one.label = "<one>"; two.label = "given"; };
  };
  "submodules take functions and paths" = {
    expr = value (types.submodule { options.a = mkOption { type = types.int; }; options.b = mkOption { type = types.int; }; }) [ ({ config, ... }: { a = config.b + 1; }) { b = 1; } ];
    expected = { a = 2; b = 1; };
  };
  "submodules may be open" = {
    expr = value (types.submodule { freeformType = types.attrsOf types.int; options.a = mkOption { type = types.str; default = "x"; }; }) [ { b = 1; } ];
    expected = { a = "x"; b = 1; };
  };
  "submoduleWith passes arguments" = {
    expr = value (types.submoduleWith { specialArgs.outer = 7; modules = [ ({ outer, ... }: { options.a = mkOption { default = outer; }; }) ]; }) [ { } ];
    expected = { a = 7; };
  };
  "an option declared within a submodule option" = {
    expr = (lib.evalModules {
      modules = [
        { options.x = mkOption { type = types.submodule { options.a = mkOption { default = 1; }; }; default = { }; }; }
        { options.x.b = mkOption { default = 2; }; }
      ];
    }).config.x;
    expected = { a = 1; b = 2; };
  };
  "deferredModule" = {
    expr =
      let
        module = value types.deferredModule [ { a = 1; } ({ config, ... }: { b = config.a + 1; }) ];
      in
      (lib.evalModules { modules = [ module { options.a = mkOption { }; options.b = mkOption { }; } ]; }).config;
    expected = { a = 1; b = 2; };
  };

  "types merge" = {
    expr = [
      (types.mergeTypes (types.enum [ "a" ]) (types.enum [ "b" ])).description
      (types.mergeTypes types.int types.int).name
      (types.mergeTypes types.int types.str)._type
      (types.mergeTypes (types.listOf types.int) (types.listOf types.str))._type
      (types.mergeTypes (types.attrsOf types.int) (types.lazyAttrsOf types.int))._type
    ];
    expected = [ "one of \"a\", \"b\"" "int" "merge-error" "merge-error" "merge-error" ];
  };
  "descriptions" = {
    expr = described [ (types.listOf types.str) (types.attrsOf (types.nullOr types.int)) (types.either types.int (types.listOf types.str)) types.ints.positive (types.nullOr types.ints.positive) (types.enum [ "a" ]) (types.listOf (types.enum [ "a" "b" ])) types.path types.lines ];
    expected = [ "list of string" "attribute set of (null or signed integer)" "signed integer or list of string" "positive integer, meaning >0" "null or (positive integer, meaning >0)" "value \"a\" (singular enum)" "list of (one of \"a\", \"b\")" "absolute path" "strings concatenated with \"\\n\"" ];
  };

  # Types of 15.09.
  "string joins" = { expr = value types.string [ "a" "b" ]; expected = "ba"; };
  "loaOf takes lists and sets" = {
    expr = value (types.loaOf (types.submodule ({ name, ... }: { options.id = mkOption { default = name; }; }))) [ [ { } { id = "given"; } ] { set = { }; } ];
    expected = { set.id = "set"; "unnamed-2.1".id = "unnamed-2.1"; "unnamed-2.2".id = "given"; };
  };
  "optionSet with options beside it" = {
    expr = (lib.evalModules {
      modules = [
        { options.x = mkOption { type = types.attrsOf types.optionSet; options = { a = mkOption { type = types.int; default = 3; }; }; }; }
        { x.one = { }; x.two.a = 4; }
      ];
    }).config.x;
    expected = { one.a = 3; two.a = 4; };
  };
  "optionSet with a module beside it" = {
    expr = (lib.evalModules {
      modules = [
        { options.x = mkOption { type = types.listOf types.optionSet; options = [ ({ config, ... }: { options.a = mkOption { default = 1; }; options.b = mkOption { default = config.a; }; }) ]; }; }
        { x = [ { a = 5; } ]; }
      ];
    }).config.x;
    expected = [ { a = 5; b = 5; } ];
  };
  "sub-options beside the type, in several declarations" = {
    expr = (lib.evalModules {
      modules = [
        { options.x = mkOption { type = types.loaOf types.optionSet; options = [ ({ name, ... }: { options.label = mkOption { default = name; }; }) ]; }; }
        { options.x = mkOption { options.needed = mkOption { type = types.bool; default = false; }; }; }
        { options.x = mkOption { options = { extra.deep = mkOption { default = 1; }; }; }; }
        { x.one = { needed = true; }; }
      ];
    }).config.x;
    expected = { one = { label = "one"; needed = true; extra.deep = 1; }; };
  };
}
