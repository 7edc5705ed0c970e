/**
  A test from a document: `nix-build transcript.nix --arg file ./chapter.md`. The first block of the document that is marked `nix`
  is the machine's configuration; the commands in its `console` blocks are run on it, one after the other, and must
  print what the document shows (`transcript.py` tells how lines are compared).
*/
{
  file,
  system ? builtins.currentSystem,
}:
let
  lib = import ../../../lib;
  text = builtins.readFile file;
  name = "transcript-${lib.removeSuffix ".md" (baseNameOf (toString file))}";

  configuration =
    let
      blocks = lib.splitString "\n```nix\n" text;
    in
    if builtins.length blocks < 2 then
      throw "the document '${toString file}' has no block marked 'nix' with the machine's configuration"
    else
      lib.head (lib.splitString "\n```\n" (builtins.elemAt blocks 1));
in
(import ../testing-python.nix { inherit system; }).makeTest {
  inherit name;
  nodes.machine = {
    imports = [ (import (builtins.toFile "machine.nix" configuration)) ];
  };
  testScript = ''
    document = ${builtins.toJSON text}
    ${builtins.readFile ./transcript.py}
  '';
}
