/* Instantiates packages of the archive: name -> path of the derivation, or null where evaluation fails.
   `namesFile` holds a JSON list of Debian's names. */
{ nixpkgs, namesFile }:

let
  pkgs = import nixpkgs { config = { }; overlays = [ ]; };
  names = builtins.fromJSON (builtins.readFile (/. + namesFile));

  instantiate = name:
    let result = builtins.tryEval pkgs.debian.${name}.drvPath;
    in { inherit name; value = if result.success then builtins.unsafeDiscardStringContext result.value else null; };
in
builtins.listToAttrs (map instantiate names)
