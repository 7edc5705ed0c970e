/**
  What all boot loaders share: how long the menu waits, whether the firmware's variables may be written, and the program
  that installs a loader.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  firn = import ../../../../lib/firn-package.nix { inherit lib pkgs; };
  cfg = config.boot.loader;
in
{
  options.boot.loader = {
    timeout = mkOption {
      type = types.nullOr types.int;
      default = 5;
      example = 30;
      description = "Seconds until the default entry boots; `null` waits for a choice.";
    };

    efi.canTouchEfiVariables = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether installing a loader may write the firmware's variables, to become its default.";
    };
    efi.efiSysMountPoint = mkOption {
      type = types.str;
      default = "/boot";
      example = "/boot/efi";
      description = "Where the EFI system partition is mounted.";
    };

    settings = mkOption {
      type = types.attrsOf types.unspecified;
      internal = true;
      default = { };
      example = { kind = "grub"; };
      description = "What the program that installs the loader reads; set by the loader's module.";
    };
  };

  config = lib.mkIf (cfg.grub.enable || cfg.systemd-boot.enable) {
    boot.loader.settings = {
      distribution = "NixOS";
      profiles = "/nix/var/nix/profiles";
      inherit (cfg) timeout;
      efiMountPoint = cfg.efi.efiSysMountPoint;
      inherit (cfg.efi) canTouchEfiVariables;
      shell = "${pkgs.runtimeShell}";
    };

    system.build.installBootLoader = lib.mkIf (firn != null) (
      pkgs.writeTextFile {
        name = "install-boot-loader";
        executable = true;
        text = ''
          #!${pkgs.runtimeShell}
          exec ${firn}/libexec/node ${firn}/dist/install-boot-loader.js ${
            pkgs.writeText "boot-loader-settings.json" (builtins.toJSON cfg.settings)
          } "$@"
        '';
      }
    );
  };
}
