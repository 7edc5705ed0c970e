/**
  Firn for use inside a machine: the program of the channel tree (`firn/`) with the Node that it runs on, whose loader and
  libraries are those of the store. `null` for a tree that comes without a program.
*/
{ lib, pkgs }:
let
  source = ../../firn;
  d = pkgs.debianPackage;
  libraries = map d [
    "libc6"
    "libstdc++6"
    "libatomic1"
  ];
in
if !builtins.pathExists (source + "/bin") then
  null
else
  pkgs.runCommand "firn-${(builtins.fromJSON (builtins.readFile (source + "/package.json"))).version}"
    {
      preferLocalBuild = true;
      allowSubstitutes = false;
      nativeBuildInputs = [ (d "perl-base") ];
      # The relocation's own patcher: Node does not survive programs that move its sections.
      patcher = ../../pkgs/debian/relocate;
      program = builtins.path {
        name = "firn-program";
        path = source;
      };
      inherit (pkgs.debianPlatform) loader;
      rpath = lib.concatMapStringsSep ":" (package: "${package}/lib/${pkgs.debianPlatform.triplet}") libraries;
    }
    ''
      mkdir -p $out/libexec
      cp -r $program/bin $program/dist $program/package.json $out/
      cp $program/libexec/node $out/libexec/node
      chmod -R u+w $out
      chmod +x $out/libexec/node $out/bin/*
      # Every command is the same launcher by another name.
      for name in $out/bin/*; do
        if [ ! -L $name ] && [ "''${name##*/}" != firn ] && cmp -s $name $out/bin/firn; then
          ln -sfn firn $name
        fi
      done
      perl -I$patcher -MElfPatch -e 'ElfPatch::patch($ARGV[0], { interpreter => $ARGV[1], run_path => $ARGV[2] })' \
        $out/libexec/node $loader $rpath
      $out/libexec/node --version
    ''
