/* The standard environment: a file `setup` of shell functions, the tools that every build may use, and `mkDerivation`. */
{
  lib,
  config,
  bootstrap,
  platform,
  system,
  # bash, as a package.
  bash,
}:

let

  inherit (lib) concatMapStringsSep;

  setupParts = map (file: ./setup + "/${file}") (builtins.attrNames (builtins.readDir ./setup));

  # How nixpkgs describes machines, as far as packages and modules ask.
  describePlatform = import ./platforms.nix { inherit lib; };
  hostPlatform = describePlatform system;

  /* Makes a standard environment.

     `tools`: packages whose programs every build finds; `inputs`: packages that every build has as native inputs
     (the compiler); `cc`: the compiler, or null. */
  makeStdenv =
    args@{ name, tools, inputs ? [ ], cc ? null, extraSetup ? "", extraAttrs ? { } }:
    let
      shell = "${bash}/bin/bash";

      variables = ''
        shell=${shell}
        initialPath="${toString tools}"
        defaultNativeBuildInputs="${toString inputs}"
        triplet=${platform.triplet}
      '';

      drv = derivation {
        inherit name system;
        inherit (bootstrap) busybox;
        builder = bootstrap.busybox;
        args = [ "sh" ./write-setup.sh ];
        parts = setupParts;
        header = variables;
        inherit extraSetup;
        preferLocalBuild = true;
      };

      stdenv = drv // {
        inherit shell cc hostPlatform system;
        initialPath = tools;
        buildPlatform = hostPlatform;
        targetPlatform = hostPlatform;
        mkDerivation = import ./make-derivation.nix { inherit lib config stdenv system shell; };
        override = change: makeStdenv (args // (if lib.isFunction change then change args else change));
        overrideDerivation = lib.overrideDerivation drv;
        shellDryRun = "${shell} -n -O extglob";
        shellPackage = bash;
        hasCC = cc != null;
        extraNativeBuildInputs = [ ];
        extraBuildInputs = [ ];
        defaultNativeBuildInputs = inputs;
        inherit (hostPlatform) isLinux isDarwin isx86_64 isAarch64 is64bit is32bit isi686;
        meta = {
          inherit name;
          description = "The standard environment that packages are built in";
          platforms = [ system ];
        };
      } // extraAttrs;
    in
    stdenv;

in
{
  inherit makeStdenv hostPlatform;
}
