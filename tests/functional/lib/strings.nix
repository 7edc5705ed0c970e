# lib.strings and lib.stringsWithDeps
{ lib }:

let
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
  s = lib.strings;
in
{
  "concat functions" = {
    expr = [ (lib.concatStrings [ "a" "b" ]) (lib.concatMapStrings toString [ 1 2 ]) (lib.concatImapStringsSep "-" (i: x: toString i + x) [ "a" "b" ]) (lib.concatLines [ "a" "b" ]) (lib.concatMapAttrsStringSep ";" (n: v: n + v) { b = "2"; a = "1"; }) ];
    expected = [ "ab" "12" "1a-2b" "a\nb\n" "a1;b2" ];
  };
  "intersperse" = { expr = [ (lib.intersperse "/" [ "a" "b" "c" ]) (lib.intersperse "/" [ "a" ]) ]; expected = [ [ "a" "/" "b" "/" "c" ] [ "a" ] ]; };
  "splitString keeps empty pieces" = { expr = [ (lib.splitString "." "a..b.") (lib.splitString "." "") ]; expected = [ [ "a" "" "b" "" ] [ "" ] ]; };
  "splitString takes regular characters literally" = { expr = lib.splitString "(+" "a(+b"; expected = [ "a" "b" ]; };
  "splitStringBy" = {
    expr = [ (lib.splitStringBy (p: c: c == "-" || c == "_") false "a-b_c") (lib.splitStringBy (p: c: builtins.match "[A-Z]" c != null) true "oneTwo") (lib.splitStringBy (p: c: true) false "") ];
    expected = [ [ "a" "b" "c" ] [ "one" "Two" ] [ "" ] ];
  };
  "trim" = { expr = [ (lib.trim "  a b\n") (lib.trim " \t ") (lib.trimWith { start = true; } " a ") (lib.trimWith { end = true; } " a ") ]; expected = [ "a b" "" "a " " a" ]; };
  "prefixes and suffixes" = {
    expr = [ (lib.removePrefix "a" "ab") (lib.removePrefix "x" "ab") (lib.removeSuffix "b" "ab") (lib.hasPrefix "ab" "a") (lib.hasSuffix "" "a") (lib.hasInfix "b.c" "ab.cd") (lib.hasInfix "b.c" "abxcd") ];
    expected = [ "b" "ab" "a" false true true false ];
  };
  "normalizePath" = { expr = map s.normalizePath [ "/a//b///c/" "a//b" "//" "" ]; expected = [ "/a/b/c/" "a/b" "/" "" ]; };
  "letter case" = { expr = [ (lib.toUpper "aZ1") (lib.toLower "aZ1") (lib.toSentenceCase "hELLO") ]; expected = [ "AZ1" "az1" "Hello" ]; };
  "toCamelCase" = { expr = map lib.toCamelCase [ "hello-world" "hello_world" "hello world" "HelloWorld" "" ]; expected = [ "helloWorld" "helloWorld" "helloWorld" "helloWorld" "" ]; };

  "escapeShellArg" = { expr = map lib.escapeShellArg [ "plain/path" "two words" "it's" "" ]; expected = [ "plain/path" "'two words'" "'it'\\''s'" "''" ]; };
  "escapeShellArgs" = { expr = lib.escapeShellArgs [ "a" "b c" 1 ]; expected = "a 'b c' 1"; };
  "toShellVars" = {
    expr = lib.toShellVars { a = "x y"; b = [ "1" "2 3" ]; c = { k = "v"; }; };
    expected = "a='x y'\ndeclare -a b=(1 '2 3')\ndeclare -A c=([k]=v)";
  };
  "toShellVar refuses bad names" = { expr = fails (lib.toShellVar "1a" "x"); expected = true; };
  "escapeNixString" = { expr = s.escapeNixString "a\"\${b}\n"; expected = "\"a\\\"\\\${b}\\n\""; };
  "escapeNixIdentifier" = { expr = map s.escapeNixIdentifier [ "abc" "1a" "if" "a-b'" "a b" ]; expected = [ "abc" "\"1a\"" "\"if\"" "a-b'" "\"a b\"" ]; };
  "escapeRegex" = { expr = builtins.match (lib.escapeRegex "a.b*[c]") "a.b*[c]" != null; expected = true; };
  "escapeURL" = { expr = lib.escapeURL "a b/c?d=é"; expected = "a%20b%2Fc%3Fd%3Dé"; };
  "escapeXML" = { expr = lib.escapeXML "<a b=\"c\">'&"; expected = "&lt;a b=&quot;c&quot;&gt;&apos;&amp;"; };
  "escapeC" = { expr = s.escapeC [ " " "\n" ] "a b\n"; expected = "a\\x20b\\x0a"; };
  "charToInt" = { expr = map s.charToInt [ "A" " " "~" "\n" ]; expected = [ 65 32 126 10 ]; };

  "toInt" = { expr = [ (lib.toInt "42") (lib.toInt " -7 ") (fails (lib.toInt "042")) (fails (lib.toInt "x")) (fails (lib.toInt "")) ]; expected = [ 42 (-7) true true true ]; };
  "toIntBase10" = { expr = [ (lib.toIntBase10 "042") (lib.toIntBase10 "000") (lib.toIntBase10 " 5 ") (fails (lib.toIntBase10 "4a")) ]; expected = [ 42 0 5 true ]; };
  "fixed width" = { expr = [ (lib.fixedWidthString 5 "." "ab") (lib.fixedWidthNumber 3 7) (fails (lib.fixedWidthString 1 "." "ab")) ]; expected = [ "...ab" "007" true ]; };

  "search paths" = {
    expr = [ (lib.makeSearchPath "bin" [ "/a" null "/b" ]) (lib.makeBinPath [ { bin = "/x"; } ]) (lib.makeLibraryPath [ { lib = "/l"; } { out = "/o"; } ]) ];
    expected = [ "/a/bin:/b/bin" "/x/bin" "/l/lib:/o/lib" ];
  };
  "getName and getVersion" = {
    expr = [ (lib.getName "hello-2.10") (lib.getVersion "hello-2.10") (lib.getName { name = "a-b-1"; }) (lib.getName { pname = "p"; name = "x-1"; }) ];
    expected = [ "hello" "2.10" "a-b" "p" ];
  };
  "comparing versions" = { expr = [ (lib.versionOlder "1.1" "1.2") (lib.versionOlder "1.2" "1.2") (lib.versionAtLeast "1.10" "1.9") ]; expected = [ true false true ]; };
  "nameFromURL" = { expr = [ (lib.nameFromURL "https://example.org/a/hello-1.0.tar.gz" "-") (fails (lib.nameFromURL "https://example.org/hello" "-")) ]; expected = [ "hello" true ]; };
  "sanitizeDerivationName" = { expr = map s.sanitizeDerivationName [ "a b" "..x" "" "ok-1.0" "ä" ]; expected = [ "a-b" "x" "unknown" "ok-1.0" "-" ]; };
  "flags" = {
    expr = [ (lib.enableFeature true "x") (lib.enableFeatureAs true "x" "1") (lib.enableFeatureAs false "x" "1") (lib.withFeature false "x") (lib.withFeatureAs true "x" "y") (lib.cmakeBool "X" true) (lib.cmakeFeature "X" "y") (lib.mesonEnable "x" false) (lib.mesonBool "x" true) (lib.mesonOption "x" "y") ];
    expected = [ "--enable-x" "--enable-x=1" "--disable-x" "--without-x" "--with-x=y" "-DX:BOOL=TRUE" "-DX:STRING=y" "-Dx=disabled" "-Dx=true" "-Dx=y" ];
  };
  "flags refuse swapped arguments" = { expr = fails (lib.enableFeature "x" true); expected = true; };

  "levenshtein" = { expr = [ (s.levenshtein "kitten" "sitting") (s.levenshtein "" "ab") (s.levenshtein "same" "same") ]; expected = [ 3 2 0 ]; };
  "levenshteinAtMost" = {
    expr = [ (s.levenshteinAtMost 2 "enabel" "enable") (s.levenshteinAtMost 1 "enabel" "enable") (s.levenshteinAtMost 3 "a" "abcdef") (s.levenshteinAtMost 0 "a" "a") ];
    expected = [ true false false true ];
  };
  "common ends" = { expr = [ (s.commonPrefixLength "abc" "abd") (s.commonSuffixLength "xbc" "ybc") ]; expected = [ 2 2 ]; };

  "isStringLike" = { expr = map lib.isStringLike [ "a" ./. { outPath = "/x"; } { __toString = _: "x"; } { } 1 ]; expected = [ true true true true false false ]; };
  "isStorePath" = {
    expr = map lib.isStorePath [ "${builtins.storeDir}/00000000000000000000000000000000-x" "${builtins.storeDir}/00000000000000000000000000000000-x/y" "/etc" 1 ];
    expected = [ true false false false ];
  };
  "context is kept" = {
    expr =
      let
        path = builtins.appendContext "${builtins.storeDir}/00000000000000000000000000000000-x:a" { "${builtins.storeDir}/00000000000000000000000000000000-x".path = true; };
      in
      map builtins.hasContext ([ (lib.removePrefix "/" path) ] ++ lib.splitString ":" path);
    expected = [ true true true ];
  };

  "textClosureList puts dependencies first, each once" = {
    expr = lib.textClosureList {
      a = lib.noDepEntry "a";
      b = lib.fullDepEntry "b" [ "a" ];
      c = lib.stringAfter [ "a" "b" ] "c";
      all = lib.packEntry [ "c" "a" ];
    } [ "all" (lib.fullDepEntry "last" [ "b" ]) ];
    expected = [ "a" "b" "c" "" "last" ];
  };
  "textClosureList fails on a name that does not exist" = { expr = fails (lib.textClosureList { a = lib.noDepEntry "a"; } [ "b" ]); expected = true; };
}
