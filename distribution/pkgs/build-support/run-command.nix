/* `runCommand` and its relatives: a derivation from a few lines of shell. */
{ lib, stdenv, stdenvNoCC }:

rec {
  /* The general form: which standard environment, whether to build it on this machine, further attributes. */
  runCommandWith =
    let
      prepare = { stdenv ? stdenvNoCC, runLocal ? false, derivationArgs ? { }, name }: buildCommand:
        stdenv.mkDerivation ({
          enableParallelBuilding = true;
          inherit buildCommand name;
          passAsFile = [ "buildCommand" ] ++ (derivationArgs.passAsFile or [ ]);
        }
        // lib.optionalAttrs runLocal { preferLocalBuild = true; allowSubstitutes = false; }
        // removeAttrs derivationArgs [ "passAsFile" ]);
    in
    prepare;

  /* `runCommand "name" { env } "commands"`: the commands make `$out`. No compiler. */
  runCommand = name: derivationArgs: runCommandWith { stdenv = stdenvNoCC; inherit name derivationArgs; };

  /* Like `runCommand`, for what is quicker made than fetched. */
  runCommandLocal = name: derivationArgs:
    runCommandWith { stdenv = stdenvNoCC; runLocal = true; inherit name derivationArgs; };

  runCommandNoCC = runCommand;
  runCommandNoCCLocal = runCommandLocal;

  /* Like `runCommand`, with the compiler. */
  runCommandCC = name: derivationArgs: runCommandWith { inherit stdenv name derivationArgs; };
}
