/* GNU hello, built from source: the archive's signed source index has the tarball's hash. */
{ lib, stdenv, fromDebianSource }:

let
  source = fromDebianSource "hello";
in
stdenv.mkDerivation {
  pname = "hello";
  inherit (source) version;
  src = source.orig;
  doCheck = true;
  meta = {
    description = "Program that produces a familiar, friendly greeting";
    homepage = "https://www.gnu.org/software/hello/";
    license = lib.licenses.gpl3Plus or { shortName = "gpl3Plus"; free = true; };
    mainProgram = "hello";
  };
}
