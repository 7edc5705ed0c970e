/* Facts about closures as files. */
{ lib, bootstrap, system, finishDerivation }:

let

  ofClosure = name: layout: paths:
    assert lib.assertMsg (paths != [ ]) "the closure of no paths was asked for; at least one was expected";
    finishDerivation {
      attrs = {
        inherit name system layout;
        __structuredAttrs = true;
        exportReferencesGraph.closure = paths;
        builder = "${bootstrap.tools}/bin/perl";
        args = [ "-I${bootstrap.tools}/share/perl" ./references.pl ];
        preferLocalBuild = true;
        outputs = [ "out" ];
      };
    };

in
rec {
  /* Directory with `store-paths` (all paths of the closure), `registration` (for `nix-store --load-db`) and
     `total-nar-size` (bytes). */
  closureInfo = { rootPaths }: ofClosure "closure-info" "directory" (lib.toList rootPaths);

  /* File with the store paths of the closure of several paths, one per line. */
  writeClosure = paths: ofClosure "references" "list" (lib.toList paths);

  /* File with the store paths of the closure of one path. */
  writeReferencesToFile = path: writeClosure [ path ];
}
