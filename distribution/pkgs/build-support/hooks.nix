/* Setup hooks, and files with values filled in. */
{ lib, runCommand }:

let

  # File name of a source: for a path in the store, without its hash.
  fileName = src:
    let
      base = builtins.unsafeDiscardStringContext (baseNameOf (toString src));
      matched = builtins.match "[a-z0-9]{32}-(.*)" base;
    in
    if matched == null then base else lib.head matched;

in
rec {
  /* A package whose only content is a setup hook: shell code that every build with it as an input reads. */
  makeSetupHook =
    {
      name ? "setup-hook",
      propagatedBuildInputs ? [ ],
      propagatedNativeBuildInputs ? [ ],
      depsTargetTargetPropagated ? [ ],
      deps ? [ ],
      substitutions ? { },
      meta ? { },
      passthru ? { },
    }:
    script:
    runCommand name (substitutions // {
      inherit meta passthru script;
      propagated = toString (propagatedBuildInputs ++ propagatedNativeBuildInputs ++ depsTargetTargetPropagated ++ deps);
    }) ''
      mkdir -p $out/nix-support
      substitute "$script" $out/nix-support/setup-hook ${
        lib.concatMapStringsSep " " (name: "--subst-var ${name}") (lib.attrNames substitutions)
      }
      if [ -n "$propagated" ]; then printf '%s ' $propagated > $out/nix-support/propagated-build-inputs; fi
    '';

  /* A file with its @NAME@ replaced: `replaceVars file { NAME = VALUE; }`. A value of null leaves @NAME@ alone. */
  replaceVars = src: replacements: replaceVarsWith { inherit src replacements; };

  /* The general form of `replaceVars`: `dir` below the output, `isExecutable`, a name. */
  replaceVarsWith = { src, replacements, name ? fileName src, dir ? null, isExecutable ? false, meta ? { } }:
    let
      values = lib.filterAttrs (_name: value: value != null) replacements;
      option = name: value: "--replace-fail ${lib.escapeShellArg "@${name}@"} ${lib.escapeShellArg (toString value)}";
    in
    runCommand name { inherit meta src; preferLocalBuild = true; allowSubstitutes = false; } ''
      target=$out${lib.optionalString (dir != null) "/${dir}/${name}"}
      mkdir -p "''${target%/*}"
      substitute "$src" "$target" ${lib.concatStringsSep " " (lib.mapAttrsToList option values)}
      ${lib.optionalString isExecutable "chmod +x \"$target\""}
    '';

  /* Older form: every attribute of the set is a variable that @NAME@ stands for. */
  substituteAll = args:
    runCommand (args.name or (fileName args.src)) (removeAttrs args [ "name" "isExecutable" "dir" ] // {
      preferLocalBuild = true;
      allowSubstitutes = false;
    }) ''
      target=$out${lib.optionalString (args ? dir) "/${args.dir}/${args.name or (fileName args.src)}"}
      mkdir -p "''${target%/*}"
      substituteAll "$src" "$target"
      ${lib.optionalString (args.isExecutable or false) "chmod +x \"$target\""}
      ${args.postInstall or ""}
    '';

  substituteAllFiles = args:
    runCommand (args.name or "files") (removeAttrs args [ "name" ]) ''
      cd "$src"
      for file in $files; do
        mkdir -p "$out/$(dirname "$file")"
        substituteAll "$file" "$out/$file"
      done
    '';
}
