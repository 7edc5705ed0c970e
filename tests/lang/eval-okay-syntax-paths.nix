# Paths: relative, absolute, with interpolation; cleaned when they are read.
let
  name = "file";
in
{
  absolute = /a/b;
  cleaned = /a/./b/../c;
  interpolated = /a/${name}.nix;
  inside = /a/x${name}y/z;
  relativeIsAbsolute = builtins.substring 0 1 (toString ./x) == "/";
  below = toString (./sub + "/x");
  above = ../lang == ./.;
  joined = /a + "b/../c";
  types = map builtins.typeOf [ ./a ~/b /c ];
  parent = toString (dirOf /a/b/c);
  base = [ (baseNameOf /a/b/c) (baseNameOf "x/y/") (baseNameOf "") (baseNameOf "/") ];
  dirs = map dirOf [ "a/b" "a" "/a" "" "a/b/c" ];
  compared = [ (/a < /b) (/a == /a) (/a == /b) ];
}
