/* Interpreters together with packages of their language: `python3.withPackages (ps: [ ps.requests ])`.

   The programs of the result see the modules of the chosen packages and of all that these need. */
{ lib, runCommand, bash }:

let

  environment = { name, interpreter, packages, builder, meta }:
    runCommand name {
      inherit interpreter bash;
      packages = lib.unique (map (package: package.outPath) (lib.filter (package: package != null) packages));
      findPackages = ./find-packages.sh;
      preferLocalBuild = true;
      allowSubstitutes = false;
      inherit meta;
      passthru = { inherit interpreter packages; };
    } ''
      source "$findPackages"
      ${builtins.readFile builder}
    '';

  # `set`: the packages of the language.
  with_ = { kind, interpreter, set, builder, program }:
    let
      withPackages = choose: environment {
        name = "${kind}-${interpreter.version}-env";
        inherit interpreter builder;
        packages = lib.flatten (lib.toList (if lib.isFunction choose then choose set else choose));
        meta = { description = "${interpreter.meta.description} (with packages)"; mainProgram = program; };
      };
    in
    interpreter // {
      inherit withPackages;
      pkgs = set;
      buildEnv = { extraLibs ? [ ], ... }: withPackages (_: extraLibs);
      interpreter = "${interpreter}/bin/${program}";
    };

in
{
  /* Python with `withPackages`, `pkgs`, `pythonVersion`, `sitePackages`. */
  pythonWith = python: set:
    let pythonVersion = lib.versions.majorMinor python.version;
    in
    with_ { kind = "python3"; interpreter = python; inherit set; builder = ./python.sh; program = "python3"; }
    // { inherit pythonVersion; sitePackages = "lib/python${pythonVersion}/site-packages"; isPy3 = true; };

  /* Perl with `withPackages` and `pkgs`. */
  perlWith = perl: set:
    with_ { kind = "perl"; interpreter = perl; inherit set; builder = ./perl.sh; program = "perl"; };
}
