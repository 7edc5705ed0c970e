/* Derivations that hold one text file.

   A system has hundreds of them, so they are built by one static program instead of the standard environment. */
{
  lib,
  bootstrap,
  system,
  # Wraps a raw derivation with meta, passthru and override functions.
  finishDerivation,
  runtimeShell,
  shellTools,
  stdenv,
}:

let

  inherit (lib) optionalString makeBinPath escapeShellArg concatMapStringsSep;

in
rec {
  /* A file with the given text.

     `destination`: path below the output ("" makes the output itself the file); `executable`: sets the mode;
     `checkPhase`: shell commands that must succeed, with the file's path in `$target`. */
  writeTextFile =
    {
      name ? if pname != null then "${pname}-${version}" else throw "writeTextFile needs 'name'",
      pname ? null,
      version ? "0",
      text,
      executable ? false,
      destination ? "",
      checkPhase ? "",
      meta ? { },
      passthru ? { },
      allowSubstitutes ? false,
      preferLocalBuild ? true,
      derivationArgs ? { },
    }:
    assert lib.assertMsg (destination == "" || lib.hasPrefix "/" destination)
      "the destination '${destination}' of the file '${name}' must begin with '/'";
    finishDerivation {
      inherit meta passthru;
      attrs = {
        inherit name system text destination checkPhase allowSubstitutes preferLocalBuild executable;
        inherit (bootstrap) busybox;
        builder = bootstrap.busybox;
        args = [ "sh" ./write-file.sh ];
        passAsFile = [ "text" ];
      } // lib.optionalAttrs (checkPhase != "") {
        shell = runtimeShell;
        checkPath = makeBinPath shellTools;
      } // derivationArgs;
    };

  /* `writeText "name" "text"`: the output is the file. */
  writeText = name: text: writeTextFile { inherit name text; };

  /* `writeTextDir "share/x/file" "text"`: the file below the output. */
  writeTextDir = path: text:
    writeTextFile {
      inherit text;
      name = baseNameOf path;
      destination = "/${path}";
    };

  /* An executable file; the text brings its own "#!" line. */
  writeScript = name: text: writeTextFile { inherit name text; executable = true; };

  /* Like `writeScript`, in the output's bin/. */
  writeScriptBin = name: text:
    writeTextFile {
      inherit name text;
      executable = true;
      destination = "/bin/${name}";
      meta.mainProgram = name;
    };

  shellText = text: "#!${runtimeShell}\n${text}\n";

  syntaxCheck = ''"$shell" -n "$target"'';

  /* A bash script; its syntax is checked. */
  writeShellScript = name: text:
    writeTextFile {
      inherit name;
      text = shellText text;
      executable = true;
      checkPhase = syntaxCheck;
    };

  /* Like `writeShellScript`, in the output's bin/. */
  writeShellScriptBin = name: text:
    writeTextFile {
      inherit name;
      text = shellText text;
      executable = true;
      destination = "/bin/${name}";
      checkPhase = syntaxCheck;
      meta.mainProgram = name;
    };

  /* A bash program that stops at errors and finds `runtimeInputs` on its PATH. */
  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      runtimeEnv ? null,
      meta ? { },
      passthru ? { },
      checkPhase ? null,
      excludeShellChecks ? [ ],
      extraShellCheckFlags ? [ ],
      bashOptions ? [ "errexit" "nounset" "pipefail" ],
      derivationArgs ? { },
      inheritPath ? true,
    }:
    writeTextFile {
      inherit name passthru derivationArgs;
      meta = { mainProgram = name; } // meta;
      executable = true;
      destination = "/bin/${name}";
      checkPhase = if checkPhase == null then syntaxCheck else checkPhase;
      text = shellText (
        concatMapStringsSep "\n" (option: "set -o ${option}") bashOptions
        + optionalString (runtimeEnv != null) (
          lib.concatStrings (lib.mapAttrsToList (n: value: "\n${lib.toShellVar n value}\nexport ${n}") runtimeEnv)
        )
        + optionalString (runtimeInputs != [ ]) (
          "\nexport PATH=${escapeShellArg (makeBinPath runtimeInputs)}" + optionalString inheritPath ":\"$PATH\""
        )
        + "\n\n"
        + text
      );
    };

  /* One file from several: `concatText "name" [ files ]`. */
  concatTextFile = { name, files, executable ? false, destination ? "", checkPhase ? "", meta ? { }, passthru ? { } }:
    writeTextFile {
      inherit name executable destination checkPhase meta passthru;
      text = lib.concatMapStrings builtins.readFile files;
    };

  concatText = name: files: concatTextFile { inherit name files; };

  concatScript = name: files: concatTextFile { inherit name files; executable = true; };
}
