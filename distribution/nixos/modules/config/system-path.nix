/**
  The two trees of programs. `/run/current-system/sw` merges `environment.systemPackages`, as everywhere in NixOS. `/usr` is
  shown from `/run/current-system/usr`: a farm of links that also holds the base packages with all that they depend on, laid
  out as Debian's programs expect to find each other.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  d = pkgs.debianPackage;

  # Commands that people expect on any machine.
  required = [
    pkgs.bash
    pkgs.coreutils
    pkgs.curl
    pkgs.diffutils
    pkgs.findutils
    pkgs.gawk
    pkgs.gnugrep
    pkgs.gnused
    pkgs.gnutar
    pkgs.gzip
    pkgs.less
    pkgs.procps
    pkgs.util-linux
    pkgs.xz
    pkgs.zstd
    (d "bsdutils")
    (d "fdisk")
    (d "hostname")
    (d "login")
    (d "mount")
    (d "nano")
    (d "ncurses-bin")
    (d "passwd")
    (d "psmisc")
    (d "perl-base")
    (d "bzip2")
    (d "acl")
  ];

  # All packages that these need to run, themselves included: Debian's own dependencies, followed to the end.
  dependencyClosure =
    packages:
    map (item: item.package) (
      builtins.genericClosure {
        startSet = map (package: {
          key = builtins.unsafeDiscardStringContext "${package}";
          inherit package;
        }) packages;
        operator =
          item:
          map (package: {
            key = builtins.unsafeDiscardStringContext "${package}";
            inherit package;
          }) (item.package.depends or [ ]);
      }
    );

  programPaths = builtins.filter (lib.isDerivation) config.environment.systemPackages;

  fhs =
    pkgs.runCommand "fhs"
      {
        preferLocalBuild = true;
        allowSubstitutes = false;
        packages = map toString (
          lib.unique (dependencyClosure config.environment.fhsPackages ++ programPaths)
        );
        passAsFile = [ "packages" ];
        wrapped = lib.attrNames config.security.wrappers;
      }
      ''
        ${pkgs.runtimeShell} ${./make-fhs.sh} "$packagesPath" $out $wrapped
        ${config.environment.extraFhsCommands}
      '';
in
{
  options = {
    environment = {
      systemPackages = mkOption {
        type = types.listOf types.package;
        default = [ ];
        example = lib.literalExpression "[ pkgs.firefox pkgs.thunderbird ]";
        description = "Packages whose programs are there for every user.";
      };

      defaultPackages = mkOption {
        type = types.listOf types.package;
        default = [ ];
        example = [ ];
        description = "Packages that are there unless this list is emptied.";
      };

      pathsToLink = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "/share/doc" ];
        description = "The directories of packages that `/run/current-system/sw` merges.";
      };

      extraOutputsToInstall = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "doc" ];
        description = "More outputs of the packages to take.";
      };

      extraSetup = mkOption {
        type = types.lines;
        default = "";
        example = "rm $out/bin/vi";
        description = "Shell commands that run in the build of `/run/current-system/sw`.";
      };

      fhsPackages = mkOption {
        type = types.listOf types.package;
        default = [ ];
        example = lib.literalExpression "[ pkgs.debian.apparmor ]";
        description = "Packages that stand in `/usr` together with all that they depend on.";
      };

      extraFhsCommands = mkOption {
        type = types.lines;
        internal = true;
        default = "";
        example = "rm $out/usr/bin/vi";
        description = "Shell commands that change the `/usr` tree while it is built.";
      };
    };

    system.path = mkOption {
      type = types.package;
      internal = true;
      example = lib.literalExpression "pkgs.buildEnv { }";
      description = "The merged system packages.";
    };

    system.fhs = mkOption {
      type = types.package;
      internal = true;
      example = lib.literalExpression "pkgs.runCommand { }";
      description = "The tree that is shown at `/usr`, in its directory `usr`.";
    };
  };

  config = {
    environment.systemPackages = required ++ config.environment.defaultPackages;
    environment.fhsPackages = required ++ [ (d "debianutils") (d "libc-bin") (d "base-files") (d "sensible-utils") ];

    environment.pathsToLink = [
      "/bin"
      "/sbin"
      "/etc/xdg"
      "/share/bash-completion"
      "/share/applications"
      "/share/icons"
      "/share/info"
      "/share/locale"
      "/share/man"
      "/share/mime"
      "/share/nano"
      "/share/terminfo"
      "/share/zsh"
      "/share/dbus-1"
      "/share/polkit-1"
      "/share/systemd"
      "/share/themes"
      "/share/vim"
    ];

    system.path = pkgs.buildEnv {
      name = "system-path";
      paths = config.environment.systemPackages;
      inherit (config.environment) pathsToLink extraOutputsToInstall;
      ignoreCollisions = true;
      postBuild = config.environment.extraSetup;
    };

    system.fhs = fhs;
  };
}
