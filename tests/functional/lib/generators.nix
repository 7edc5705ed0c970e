# lib.generators, lib.cli, lib.gvariant
{ lib }:

let
  g = lib.generators;
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
in
{
  "toKeyValue" = {
    expr = [ (g.toKeyValue { } { b = true; a = 1; }) (g.toKeyValue { listsAsDuplicateKeys = true; indent = " "; } { k = [ 1 "x" ]; }) ];
    expected = [ "a=1\nb=true\n" " k=1\n k=x\n" ];
  };
  "keys with the separator are escaped" = { expr = g.toKeyValue { } { "a=b" = 1; }; expected = "a\\=b=1\n"; };
  "toINI" = { expr = g.toINI { } { "two[]" = { }; one = { a = 1; b = null; }; }; expected = "[one]\na=1\nb=null\n\n[two\\[\\]]\n"; };
  "toINIWithGlobalSection" = {
    expr = g.toINIWithGlobalSection { } { globalSection.a = 1; sections.s.b = 2; };
    expected = "a=1\n\n[s]\nb=2\n";
  };
  "toGitINI" = {
    expr = g.toGitINI {
      user.name = "A \"B\"";
      url."ssh://x".insteadOf = "y";
      core.list = [ "1" "2" ];
    };
    expected = "[core]\n\tlist = \"1\"\n\tlist = \"2\"\n\n[url \"ssh://x\"]\n\tinsteadOf = \"y\"\n\n[user]\n\tname = \"A \\\"B\\\"\"\n";
  };
  "toJSON and toYAML" = { expr = [ (g.toJSON { } { a = [ 1 null ]; }) (g.toYAML { } "x") ]; expected = [ "{\"a\":[1,null]}" "\"x\"" ]; };
  "toPretty" = {
    expr = g.toPretty { } { a = [ 1 "x" ]; b = { }; f = x: x; g = { x, y ? 1 }: x; n = null; "o p" = "two\nlines"; };
    expected = ''
      {
        a = [
          1
          "x"
        ];
        b = { };
        f = <function>;
        g = <function, args: {x, y?}>;
        n = null;
        "o p" = '''
          two
          lines''';
      }'';
  };
  "toPretty on one line" = { expr = g.toPretty { multiline = false; } { a = [ 1 ]; s = "a\nb"; }; expected = "{ a = [ 1 ]; s = \"a\\nb\"; }"; };
  "toPretty of pretty values" = { expr = g.toPretty { allowPrettyValues = true; } { __pretty = v: "<${v}>"; val = "x"; }; expected = "<x>"; };
  "withRecursion cuts" = { expr = g.toPretty { multiline = false; } (g.withRecursion { depthLimit = 1; throwOnDepthLimit = false; } { a.b.c = 1; }); expected = "{ a = { b = \"<unevaluated>\"; }; }"; };
  "withRecursion of endless values" = {
    expr =
      let
        endless.inner = endless;
      in
      fails (g.withRecursion { depthLimit = 3; } endless);
    expected = true;
  };
  "toLua" = {
    expr = g.toLua { multiline = false; } { a = [ 1 true null ]; b = lib.mkLuaInline "f()"; c = { }; };
    expected = "{ [\"a\"] = { 1, true, nil }, [\"b\"] = (f()), [\"c\"] = {} }";
  };
  "toLua as bindings" = { expr = [ (g.toLua { asBindings = true; } { a = 1; }) (fails (g.toLua { asBindings = true; } { "1a" = 1; })) ]; expected = [ "a = 1\n" true ]; };
  "toDhall" = { expr = g.toDhall { } { a = [ 1 (-1) ]; b = "x"; c = true; }; expected = "{ a = [ +1, -1 ], b = \"x\", c = True }"; };
  "toPlist" = {
    expr = lib.hasInfix "<dict>\n\t<key>a</key>\n\t<array>\n\t\t<integer>1</integer>\n\t\t<string>&lt;</string>\n\t</array>\n</dict>" (g.toPlist { escape = true; } { a = [ 1 "<" ]; b = null; });
    expected = true;
  };

  "toCommandLineGNU" = {
    expr = lib.cli.toCommandLineGNU { } { X = "PUT"; data = "d e"; retry = 3; silent = true; verbose = false; none = null; url = [ "a" "b" ]; };
    expected = [ "-XPUT" "--data=d e" "--retry=3" "--silent" "--url=a" "--url=b" ];
  };
  "toCommandLine with values apart" = {
    expr = lib.cli.toCommandLine (name: { option = "-${name}"; sep = null; explicitBool = true; }) { a = true; b = 1; };
    expected = [ "-a" "true" "-b" "1" ];
  };
  "toGNUCommandLineShell" = { expr = lib.cli.toGNUCommandLineShell { } { x = "a b"; long = true; off = false; }; expected = "--long -x 'a b'"; };

  "gvariant" = {
    expr = map (v: toString (lib.gvariant.mkValue v)) [ true "it's" [ "a" ] 1.5 (lib.gvariant.mkUint32 7) (lib.gvariant.mkTuple [ (lib.gvariant.mkInt32 1) "x" ]) (lib.gvariant.mkNothing lib.gvariant.type.string) ];
    expected = [ "true" "'it\\'s'" "@as ['a']" "1.500000" "@u 7" "@(is) (1,'x')" "@ms nothing" ];
  };
  "gvariant asks for the type of numbers" = { expr = fails (lib.gvariant.mkValue 1); expected = true; };
  "toDconfINI" = { expr = g.toDconfINI { "org/x".a = true; }; expected = "[org/x]\na=true\n"; };
}
