# lib.path, lib.filesystem, lib.sources, lib.fileset
{ lib }:

let
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
  inherit (lib) fileset path;
  tree = ./files/tree;
  # Files of a set below `tree`, as text.
  listed = set: map (file: path.removePrefix tree file) (fileset.toList set);
in
{
  "path.append" = { expr = [ (path.append /a "b/./c") (fails (path.append /a "../b")) (fails (path.append "/a" "b")) ]; expected = [ /a/b/c true true ]; };
  "path.hasPrefix and removePrefix" = { expr = [ (path.hasPrefix /a /a/b) (path.hasPrefix /a/b /a) (path.hasPrefix /a /ab) (path.removePrefix /a /a/b/c) (path.removePrefix /a /a) (fails (path.removePrefix /a /b)) ]; expected = [ true false false "./b/c" "./." true ]; };
  "path.splitRoot" = { expr = path.splitRoot /a/b; expected = { root = /.; subpath = "./a/b"; }; };
  "subpaths" = {
    expr = [ (map path.subpath.isValid [ "a/b" "./." "" "/a" "a/../b" 1 ]) (path.subpath.join [ "a" "./b/" "c" ]) (path.subpath.join [ ]) (path.subpath.components "a//b/./c") (path.subpath.normalise "./a//b/") ];
    expected = [ [ true true false false false false ] "./a/b/c" "./." [ "a" "b" "c" ] "./a/b" ];
  };

  "pathType" = { expr = [ (lib.pathType tree) (lib.pathType (tree + "/a.txt")) ]; expected = [ "directory" "regular" ]; };
  "pathIsDirectory and pathIsRegularFile" = { expr = [ (lib.pathIsDirectory tree) (lib.pathIsRegularFile tree) (lib.pathIsDirectory (tree + "/missing")) ]; expected = [ true false false ]; };
  "listFilesRecursive" = { expr = map (path.removePrefix tree) (lib.filesystem.listFilesRecursive tree); expected = [ "./a.txt" "./inner/b.txt" "./inner/c.nix" ]; };
  "locateDominatingFile" = {
    expr =
      let
        found = lib.filesystem.locateDominatingFile "(a)[.]txt" (tree + "/inner/b.txt");
      in
      [ (found.path == tree) found.matches ];
    expected = [ true [ [ "a" ] ] ];
  };
  "packagesFromDirectoryRecursive" = {
    expr =
      let
        pkgs = lib.packagesFromDirectoryRecursive { callPackage = lib.callPackageWith { number = 3; }; directory = ./files/packages; };
      in
      [ pkgs.first.value pkgs.nested.second.value pkgs.scoped.value ];
    expected = [ 3 "nested" "scoped" ];
  };

  "cleanSourceFilter" = {
    expr = map (file: lib.cleanSourceFilter "/x/${file.name}" file.type) [ { name = ".git"; type = "directory"; } { name = "a~"; type = "regular"; } { name = ".a.swp"; type = "regular"; } { name = "a.o"; type = "regular"; } { name = "result"; type = "symlink"; } { name = "result"; type = "regular"; } { name = "a.c"; type = "regular"; } ];
    expected = [ false false false false false true true ];
  };
  "source filters join" = {
    expr =
      let
        source = lib.sourceFilesBySuffices (lib.sourceByRegex tree [ ".*\\.txt" "inner" ]) [ ".txt" ".nix" ];
        ask = name: type: source.filter "${toString tree}/${name}" type;
      in
      [ (ask "a.txt" "regular") (ask "inner" "directory") (ask "inner/b.txt" "regular") (ask "inner/c.nix" "regular") (source.origSrc == tree) ];
    expected = [ true true true false true ];
  };
  "sourceByGlobs" = {
    expr =
      let
        ask = globs: name: type: (lib.sources.sourceByGlobs tree globs).filter "${toString tree}/${name}" type;
      in
      [ (ask [ "*.txt" ] "a.txt" "regular") (ask [ "*.txt" ] "inner/b.txt" "regular") (ask [ "**/*.txt" ] "inner/b.txt" "regular") (ask [ "inner/**" ] "inner" "directory") (ask [ "inner/**" ] "inner/c.nix" "regular") ];
    expected = [ true false true true true ];
  };
  "names of sources" = {
    expr = [ (lib.sources.urlToName "https://example.org/x/hello.tar.gz") (lib.sources.urlToName "git@host:user/repo.git") (lib.sources.shortRev "0123456789abcdef0123") (lib.sources.shortRev "refs/tags/v12.0") (lib.repoRevToName "versioned" "https://x/y" "v1.0" null) (lib.revOrTag null "v1") ];
    expected = [ "hello" "repo" "0123456" "12.0" "y-1.0-source" "v1" ];
  };
  "canCleanSource" = { expr = map lib.canCleanSource [ tree (lib.cleanSource tree) "/x" ]; expected = [ true true true ]; };

  "file sets: a directory is all its files" = { expr = listed tree; expected = [ "./a.txt" "./inner/b.txt" "./inner/c.nix" ]; };
  "file sets: union" = { expr = listed (fileset.unions [ (tree + "/a.txt") (tree + "/inner/c.nix") ]); expected = [ "./a.txt" "./inner/c.nix" ]; };
  "file sets: intersection" = { expr = listed (fileset.intersection tree (tree + "/inner")); expected = [ "./inner/b.txt" "./inner/c.nix" ]; };
  "file sets: difference" = { expr = listed (fileset.difference tree (tree + "/inner/b.txt")); expected = [ "./a.txt" "./inner/c.nix" ]; };
  "file sets: fileFilter" = { expr = listed (fileset.fileFilter (file: file.hasExt "txt" && file.type == "regular") tree); expected = [ "./a.txt" "./inner/b.txt" ]; };
  "file sets: empty ones" = { expr = [ (listed (fileset.intersection (tree + "/a.txt") (tree + "/inner"))) (listed (fileset.unions [ ])) (listed (fileset.maybeMissing (tree + "/missing"))) ]; expected = [ [ ] [ ] [ ] ]; };
  "file sets: fromSource" = { expr = listed (fileset.fromSource (lib.sourceFilesBySuffices tree [ ".nix" ])); expected = [ "./inner/c.nix" ]; };
  "file sets: what is refused" = { expr = map fails [ (fileset.toList (tree + "/missing")) (fileset.toList "${toString tree}") (fileset.union tree 3) (fileset.toSource { root = tree + "/inner"; fileset = tree + "/a.txt"; }) (fileset.toSource { root = tree + "/a.txt"; fileset = tree; }) ]; expected = [ true true true true true ]; };
  "file sets: toSource filters" = {
    expr =
      let
        source = fileset.toSource { root = ./files; fileset = tree + "/inner/c.nix"; };
        ask = name: type: source.filter (toString ./files + "/${name}") type;
      in
      [ (ask "tree" "directory") (ask "tree/inner" "directory") (ask "tree/inner/c.nix" "regular") (ask "tree/inner/b.txt" "regular") (ask "packages" "directory") ];
    expected = [ true true true false false ];
  };
  "isFileset" = { expr = map fileset.isFileset [ fileset.empty tree (tree + "/missing") "x" ]; expected = [ true true false false ]; };
}
