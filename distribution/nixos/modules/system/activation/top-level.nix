/**
  The toplevel: one store path that is the whole system. `/run/current-system` and the generations of the system profile
  point to it; it holds what boots (kernel, initial ramdisk, init), what is active (etc, systemd, the two trees of
  programs) and what switches (activate, switch-to-configuration).
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;

  failed = map (a: a.message) (builtins.filter (a: !a.assertion) config.assertions);
  list = concat: lib.concatStringsSep "\n" (map (text: "- ${text}") concat);

  checked =
    value:
    if failed != [ ] then
      throw "\nFailed assertions:\n${list failed}"
    else
      lib.foldr (text: rest: builtins.trace "warning: ${text}" rest) value config.warnings;

  kernelPath = "${config.boot.kernelPackages.kernel}/${config.system.boot.loader.kernelFile}";
  initrdPath = "${config.system.build.initialRamdisk}/${config.system.boot.loader.initrdFile}";

  boots = config.boot.kernel.enable;

  # What `nixos-version` shows.
  versionData = builtins.toJSON {
    nixosVersion = config.system.nixos.version;
    inherit (config.system.nixos) codeName;
    nixpkgsRevision = config.system.nixos.revision;
    inherit (config.system) configurationRevision;
  };

  kernelCommands = ''
    if [ ! -f ${kernelPath} ]; then
      echo "error: the kernel '${kernelPath}' does not exist" >&2
      exit 1
    fi
    ln -s ${kernelPath} $out/kernel
    ln -s ${config.system.modulesTree} $out/kernel-modules
    ln -s ${initrdPath} $out/initrd
    printf '%s' ${lib.escapeShellArg (toString config.boot.kernelParams)} > $out/kernel-params
    ln -s ${config.hardware.firmwareTree}/lib/firmware $out/firmware
  '';

  toplevel =
    pkgs.runCommand "nixos-system-${config.system.name}-${config.system.nixos.label}"
      {
        preferLocalBuild = true;
        allowSubstitutes = false;
        activation = config.system.build.activationText;
        dryActivation = config.system.build.dryActivationText;
        stage2 = config.system.build.bootStage2Text;
        extraDependencies = config.system.extraDependencies;
        passAsFile = [
          "activation"
          "dryActivation"
          "stage2"
          "extraDependencies"
        ];
        passthru = { inherit config; };
      }
      ''
        mkdir -p $out/bin
        install_script() { # FILE TARGET: puts this path in the place of @out@
          sed "s|@out@|$out|g" "$1" > "$2"
          chmod 0755 "$2"
        }
        install_script "$activationPath" $out/activate
        install_script "$dryActivationPath" $out/dry-activate
        install_script "$stage2Path" $out/init
        cp "$extraDependenciesPath" $out/extra-dependencies

        ln -s ${config.system.build.etc}/etc $out/etc
        ln -s ${config.system.path} $out/sw
        ln -s ${config.system.fhs}/usr $out/usr
        ln -s ${config.systemd.package} $out/systemd
        ${lib.optionalString boots kernelCommands}

        printf '%s' ${lib.escapeShellArg config.system.nixos.label} > $out/nixos-version
        printf '%s' ${lib.escapeShellArg versionData} > $out/nixos-version.json
        printf '%s' ${pkgs.stdenv.hostPlatform.system} > $out/system
        printf '%s' ${lib.escapeShellArg config.boot.init-interface-version} > $out/init-interface-version
        ${lib.optionalString (config.system.configurationRevision != null) ''
          printf '%s' ${lib.escapeShellArg config.system.configurationRevision} > $out/configuration-revision
        ''}
        ${lib.optionalString config.system.copySystemConfiguration ''
          ln -s ${import ../../../lib/from-env.nix "NIXOS_CONFIG" <nixos-config>} $out/configuration.nix
        ''}
        ${config.system.extraSystemBuilderCmds}
      '';
in
{
  options = {
    system = {
      name = mkOption {
        type = types.str;
        default = if config.networking.hostName == "" then "unnamed" else config.networking.hostName;
        defaultText = lib.literalExpression "config.networking.hostName";
        example = "web";
        description = "The name of this system; it is part of the toplevel's store path.";
      };

      extraSystemBuilderCmds = mkOption {
        type = types.lines;
        internal = true;
        default = "";
        example = "ln -s /nowhere $out/extra";
        description = "Shell commands that add to the toplevel while it is built.";
      };

      extraDependencies = mkOption {
        type = types.listOf types.package;
        default = [ ];
        example = lib.literalExpression "[ pkgs.hello ]";
        description = "Packages to keep with the system although nothing in it refers to them.";
      };

      copySystemConfiguration = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether the system holds a copy of the main configuration file as `configuration.nix`.";
      };

      boot.loader.id = mkOption {
        type = types.str;
        internal = true;
        default = "";
        example = "grub";
        description = "A word that names the boot loader in use.";
      };
      boot.loader.kernelFile = mkOption {
        type = types.str;
        internal = true;
        default = "bzImage";
        example = "Image";
        description = "The kernel's file in its package.";
      };
      boot.loader.initrdFile = mkOption {
        type = types.str;
        internal = true;
        default = "initrd";
        example = "initrd";
        description = "The initial ramdisk's file in its package.";
      };
    };

    boot.init-interface-version = mkOption {
      type = types.str;
      internal = true;
      default = "systemd 1";
      example = "systemd 1";
      description = ''
        How the running init is to be spoken to. A system with another value can be made the default for the next boot, but
        not switched to.
      '';
    };
  };

  config.system.build.toplevel = checked toplevel;
}
