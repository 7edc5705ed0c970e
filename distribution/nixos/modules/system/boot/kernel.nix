/**
  The kernel: which one, its parameters, and the modules that are loaded in the running system and in the initial ramdisk.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.boot;
  kernel = cfg.kernelPackages.kernel;

  names =
    example: description:
    mkOption {
      type = types.listOf types.str;
      default = [ ];
      inherit example description;
    };

  # Modules of the kernel and of packages beside it, as one tree with the index that modprobe reads.
  modulesTree =
    pkgs.runCommand "kernel-modules-${kernel.modDirVersion}"
      {
        preferLocalBuild = true;
        allowSubstitutes = false;
        nativeBuildInputs = [ (pkgs.debianPackage "kmod") ];
      }
      ''
        version=${kernel.modDirVersion}
        mkdir -p $out/lib/modules/$version
        for package in ${lib.concatStringsSep " " (map toString ([ kernel ] ++ cfg.extraModulePackages))}; do
          if [ ! -d $package/lib/modules/$version ]; then
            echo "error: '$package' has no modules for the kernel '$version'" >&2
            exit 1
          fi
          if [ ${toString (builtins.length cfg.extraModulePackages)} = 0 ]; then
            ln -s $package/lib/modules/$version/* $out/lib/modules/$version/
          else
            cp -rs --no-preserve=mode --update=none $package/lib/modules/$version/. $out/lib/modules/$version/
          fi
        done
        rm -f $out/lib/modules/$version/{build,source}
        ln -s ${pkgs.debianPackage "kmod"}/bin/kmod depmod
        ./depmod -b $out -C /dev/null $version
      '';
in
{
  options = {
    boot = {
      kernel.enable = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether the system has a kernel of its own; containers have none.";
      };

      kernel.features = mkOption {
        type = types.attrsOf types.bool;
        internal = true;
        default = { };
        example = {
          debug = true;
        };
        description = "Features that modules ask of the kernel.";
      };

      kernelPackages = mkOption {
        type = types.unspecified;
        default = pkgs.linuxPackages;
        defaultText = lib.literalExpression "pkgs.linuxPackages";
        example = lib.literalExpression "pkgs.linuxPackages_latest";
        description = "The kernel and the packages made for its version.";
      };

      kernelParams = names [ "quiet" ] "Words to add to the kernel's command line.";

      consoleLogLevel = mkOption {
        type = types.int;
        default = 4;
        example = 7;
        description = "Kernel messages more important than this level appear on the console.";
      };

      vesa = mkOption {
        type = types.bool;
        internal = true;
        default = false;
        example = true;
        description = "Without effect: the kernel chooses the console's mode.";
      };

      kernelModules = names [ "fuse" "kvm-intel" "coretemp" ] "Modules to load in the second stage of the boot; udev loads those of devices by itself.";
      blacklistedKernelModules = names [ "pcspkr" ] "Modules that must not load by themselves.";

      extraModulePackages = mkOption {
        type = types.listOf types.package;
        default = [ ];
        example = lib.literalExpression "[ config.boot.kernelPackages.nvidia_x11 ]";
        description = "Packages with more kernel modules.";
      };

      extraModprobeConfig = mkOption {
        type = types.lines;
        default = "";
        example = "options parport_pc io=0x378 irq=7";
        description = "Lines for modprobe.d(5).";
      };

      initrd.availableKernelModules = names [ "ahci" "nvme" ] "Modules in the initial ramdisk that are loaded when a device asks for them.";
      initrd.kernelModules = names [ "dm-snapshot" ] "Modules in the initial ramdisk that are always loaded.";
    };

    system.modulesTree = mkOption {
      type = types.package;
      internal = true;
      default = modulesTree;
      defaultText = "the kernel's modules and those of `boot.extraModulePackages`";
      example = lib.literalExpression "pkgs.runCommand { }";
      description = "The tree of kernel modules, with its index.";
    };

    hardware.firmware = mkOption {
      type = types.listOf types.package;
      default = [ ];
      example = lib.literalExpression "[ pkgs.debian.firmware-linux-free ]";
      description = "Packages with firmware for the kernel to load.";
    };

    hardware.firmwareTree = mkOption {
      type = types.package;
      internal = true;
      example = lib.literalExpression "pkgs.buildEnv { }";
      description = "The merged firmware.";
    };
  };

  config = lib.mkMerge [
    {
      hardware.firmwareTree = pkgs.runCommand "firmware" { preferLocalBuild = true; } ''
        mkdir -p $out/lib/firmware
        for package in ${lib.concatStringsSep " " (map toString config.hardware.firmware)}; do
          cp -rs --no-preserve=mode --update=none $package/lib/firmware/. $out/lib/firmware/
        done
      '';
    }
    (lib.mkIf cfg.kernel.enable {
      system.build.kernel = kernel;

      boot.kernelParams = [ "loglevel=${toString cfg.consoleLogLevel}" ];

      boot.kernelModules = [
        "loop"
        "atkbd"
      ];

      # What it takes to find a root file system on common machines.
      boot.initrd.availableKernelModules = [
        "ahci"
        "ata_piix"
        "sata_nv"
        "sata_via"
        "sata_sis"
        "sata_uli"
        "nvme"
        "sd_mod"
        "sr_mod"
        "mmc_block"
        "ehci_hcd"
        "ehci_pci"
        "ohci_hcd"
        "ohci_pci"
        "uhci_hcd"
        "xhci_hcd"
        "xhci_pci"
        "usb_storage"
        "usbhid"
        "hid_generic"
        "i8042"
        "atkbd"
      ];

      environment.etc."modules-load.d/nixos.conf".text = lib.concatMapStrings (name: name + "\n") cfg.kernelModules;
      environment.etc."modprobe.d/nixos.conf".text =
        lib.concatMapStrings (name: "blacklist ${name}\n") cfg.blacklistedKernelModules + cfg.extraModprobeConfig;
      environment.etc."modprobe.d/debian.conf".text = "options bonding max_bonds=0\n";

      systemd.services.systemd-modules-load = {
        restartTriggers = [ cfg.kernelModules ];
        serviceConfig.SuccessExitStatus = "0 1";
      };
    })
  ];
}
