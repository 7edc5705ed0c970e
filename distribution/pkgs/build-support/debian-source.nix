/* Sources of the archive's packages, by the hashes in its signed source index.

   `fromDebianSource "hello"` -> { version (upstream's); orig (the tarball); files (all files by name); } */
{ lib, archive }:

name:
let
  inherit (archive) index fetchFile;
  entry = index.source name;
  found = if entry != null then entry else throw "the source package '${name}' is not in the channel's source index";
  fetch = file: fetchFile {
    file = "${found.directory}/${file.name}";
    archive = found.archive or "debian";
    inherit (file) sha256;
  };
  withoutEpoch = lib.last (lib.splitString ":" found.version);
  isOrig = file: builtins.match ".*[.]orig[.]tar[.][a-z0-9]+" file.name != null;
  origs = lib.filter isOrig found.files;
in
{
  inherit (found) files;
  # "1:2.10-5" -> "2.10"
  version = lib.head (builtins.match "(.*)-[^-]*" withoutEpoch ++ [ withoutEpoch ]);
  orig = if origs == [ ] then throw "the source package '${name}' has no original tarball" else fetch (lib.head origs);
  fetchFiles = lib.listToAttrs (map (file: lib.nameValuePair file.name (fetch file)) found.files);
}
