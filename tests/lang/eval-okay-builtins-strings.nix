# Builtins on strings.
with builtins;
{
  concatStringsSep = [ (concatStringsSep ", " [ "a" "b" ]) (concatStringsSep "x" [ ]) ];
  substring = [ (substring 1 2 "abcd") (substring 2 100 "abcd") (substring 9 1 "abcd") (substring 1 (-1) "abcd") (substring 0 2 "äb") ];
  stringLength = map stringLength [ "" "abc" "ä" "😀" ];
  replaceStrings = [
    (replaceStrings [ "a" "b" ] [ "b" "a" ] "aabb")
    (replaceStrings [ "" ] [ "-" ] "abc")
    (replaceStrings [ "" "b" ] [ "-" "x" ] "abc")
    (replaceStrings [ "oo" "o" ] [ "1" "2" ] "foooo")
    (replaceStrings [ "x" ] [ (throw "not needed") ] "abc")
  ];
  match = [
    (match "ab" "abc")
    (match "a(b*)c" "abbc")
    (match "(a)|(b)" "b")
    (match "[[:space:]]*([^[:space:]]+).*" "  word rest")
    (match "(.*)\\.nix" "default.nix")
    (match "[a-c]{2,3}" "abc")
    (match "" "")
    (match "(a|ab)(c|bcd)(d*)" "abcd")
  ];
  split = [
    (split "(,)|(;)" "a,b;c")
    (split "x" "abc")
    (split "" "ab")
    (split "([a-z]+)" "1ab2c")
    (split "a*" "baac")
  ];
  toString = map toString [ 1 1.5 true false null "s" [ 1 [ 2 "x" ] null ] 1.0e10 (-0.0) { __toString = _: "ts"; } { outPath = "op"; } ];
  splitVersion = map splitVersion [ "1.2.3" "2.0pre1" "a-b.c1" "" "1..2" ];
  compareVersions = [
    (compareVersions "1.0" "1.0.1")
    (compareVersions "2.3" "2.3pre")
    (compareVersions "1.10" "1.9")
    (compareVersions "a" "1")
    (compareVersions "1" "1")
    (compareVersions "1.0a" "1.0b")
  ];
  parseDrvName = map parseDrvName [ "hello-2.12" "a-b-c" "nix-2.3pre" "x" "a-1-2" "-1" ];
  toLowerLike = replaceStrings [ "A" "B" ] [ "a" "b" ] "AB";
  hashes = map (a: hashString a "abc") [ "md5" "sha1" "sha256" "sha512" ];
  converted = map (toHashFormat: convertHash { hash = hashString "sha256" ""; hashAlgo = "sha256"; inherit toHashFormat; }) [ "base16" "nix32" "base64" "sri" ];
  convertedBack = convertHash { hash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; toHashFormat = "base16"; };
  stringsAsBytes = [ ("ä" < "b") ("Z" < "a") ("" < "a") ];
}
