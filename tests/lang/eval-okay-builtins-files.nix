# Builtins that read files, and those that copy them.
with builtins;
let
  tree = ./files;
in
{
  exists = map pathExists [ ./files ./files/a.txt ./nowhere ];
  text = readFile ./files/a.txt;
  listing = readDir tree;
  types = map readFileType [ ./files ./files/a.txt ];
  hash = hashFile "sha256" ./files/a.txt;
  imported = import ./files/value.nix;
  importedDirectory = import ./files;
  scoped = scopedImport { extra = 5; } ./files/scoped.nix;
  copied = "${./files/a.txt}";
  named = path { path = tree; name = "renamed"; };
  flat = path { path = ./files/a.txt; recursive = false; };
  filtered = path { path = tree; filter = name: type: baseNameOf name != "a.txt"; name = "filtered"; };
  byFunction = filterSource (name: type: type == "directory" || baseNameOf name == "a.txt") tree;
  checked = path { path = ./files/a.txt; recursive = false; sha256 = hashFile "sha256" ./files/a.txt; };
  found = findFile [ { path = ./.; prefix = "here"; } { path = ./files; prefix = ""; } ] "a.txt" == ./files/a.txt;
  foundBelow = findFile [ { path = ./.; prefix = "here"; } ] "here/files/a.txt" == ./files/a.txt;
  environment = [ (getEnv "FIRN_NO_SUCH_VARIABLE") ];
  baseName = baseNameOf (toString ./files/a.txt);
}
