/* Everything that makes packages: standard environments, text and environment builders, fetchers, callPackage. */
{ lib, system, archive, config }:

self: _super:

let

  inherit (archive) bootstrap platform;

  finishDerivation = import ../build-support/finish-derivation.nix { inherit lib; };

  # The standard environment is made of the archive's own packages, so that any package may be overridden with one that
  # is built in it.
  bash = archive.get "bash";
  shellTools = map archive.get [
    "coreutils" "findutils" "diffutils" "sed" "grep" "gawk" "tar" "gzip" "bzip2" "xz-utils" "patch" "bash"
  ];

  standard = import ../stdenv { inherit lib config bootstrap platform system bash; };

  cc = import ../stdenv/cc-wrapper { inherit lib platform bash archive; inherit (self) runCommand; };

  commands = import ../build-support/run-command.nix { inherit lib; inherit (self) stdenv stdenvNoCC; };

  texts = import ../build-support/text {
    inherit lib bootstrap system finishDerivation;
    inherit (self) runtimeShell stdenv;
    inherit shellTools;
  };

  environments = import ../build-support/environment {
    inherit lib bootstrap system finishDerivation;
    inherit (self) runCommand;
  };

  closures = import ../build-support/closure { inherit lib bootstrap system finishDerivation; };

  hooks = import ../build-support/hooks.nix { inherit lib; inherit (self) runCommand; };

  fetchers = import ../build-support/fetchers { inherit lib system config self archive; };

  images = import ../build-support/images.nix { inherit lib self; };

in
commands // texts // environments // closures // hooks // fetchers // images
// {
  inherit finishDerivation;

  inherit (standard) makeStdenv hostPlatform;
  buildPlatform = standard.hostPlatform;
  targetPlatform = standard.hostPlatform;

  runtimeShell = "${self.bash}/bin/bash";
  runtimeShellPackage = self.bash;
  shell = self.runtimeShell;

  /* Tools without a compiler: what most builds of files need. */
  stdenvNoCC = standard.makeStdenv {
    name = "stdenv-no-cc";
    tools = shellTools;
  };

  /* The same with GCC, GNU Make and what linking needs. */
  stdenv = standard.makeStdenv {
    name = "stdenv";
    tools = shellTools ++ [ (archive.get "make") ];
    inputs = [ cc (archive.get "patchelf") ];
    inherit cc;
  };

  inherit cc;
  gcc = cc;

  newScope = extra: lib.callPackageWith (self // self.xorg // extra);
  callPackage = self.newScope { };
  callPackages = lib.callPackagesWith (self // self.xorg);

  # No package is built for another machine, so that all of nixpkgs' variants of the set are this one.
  buildPackages = self;
  targetPackages = self;
  pkgsBuildHost = self;
  pkgsBuildBuild = self;
  pkgsBuildTarget = self;
  pkgsHostHost = self;
  pkgsHostTarget = self;
  pkgsTargetTarget = self;
  __splicedPackages = self;

  /* A NixOS system from a module, with this package set. */
  nixos = configuration:
    let
      system = import ../../nixos/lib/eval-config.nix {
        modules = lib.toList configuration ++ [ { nixpkgs.pkgs = lib.mkDefault self; } ];
        system = null;
      };
    in
    system.config.system.build // system;

  /* File formats of settings: `pkgs.formats.json { }` and so on. */
  inherit (import ../pkgs-lib { inherit lib; pkgs = self; }) formats;

  /* Documents about options: `pkgs.nixosOptionsDoc { options = (lib.evalModules { ... }).options; }`. */
  nixosOptionsDoc = args: import ../../nixos/lib/make-options-doc ({ inherit lib; pkgs = self; } // args);

  makeWrapper = self.makeSetupHook { name = "make-wrapper-hook"; substitutions = { shell = self.runtimeShell; }; } ../build-support/setup-hooks/make-wrapper.sh;
  makeBinaryWrapper = self.makeWrapper;
}
