/**
  The database of a store that holds nothing but the closure of some paths: a directory to be copied to `/nix/var/nix/db`.
  An image with it knows what is in its store without anything having to run at its first boot.
*/
{ pkgs, closure }:
pkgs.runCommand "store-database"
  {
    preferLocalBuild = true;
    nativeBuildInputs = [
      (pkgs.debianPackage "perl-base")
      (pkgs.debianPackage "sqlite3")
    ];
  }
  ''
    mkdir -p $out
    perl ${./make-store-database.pl} < ${closure}/registration | sqlite3 -batch -bail $out/db.sqlite
    printf 10 > $out/schema
  ''
