/**
  GRUB 2, on machines with a BIOS and with EFI. Its menu has the newest configuration as `NixOS - Default`, every generation
  under `NixOS - All configurations`, and a submenu for each profile made with `nixos-rebuild -p`.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.boot.loader.grub;
  efi = config.boot.loader.efi;
  d = pkgs.debianPackage;

  devices = lib.unique (lib.optional (cfg.device != "") cfg.device ++ cfg.devices);
  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
      example = !default;
    };
  text =
    example: description:
    mkOption {
      type = types.lines;
      default = "";
      inherit example description;
    };

  inherit (pkgs.stdenv.hostPlatform) isx86;
  modulesFrom = package: target: {
    inherit target;
    directory = "${d package}/lib/grub/${target}";
  };

  # grub-install looks for some of its tools by name.
  grubInstall = pkgs.writeTextFile {
    name = "grub-install";
    executable = true;
    text = ''
      #!${pkgs.runtimeShell}
      export PATH=${
        lib.makeBinPath (
          [
            pkgs.coreutils
            pkgs.gnused
            pkgs.gnugrep
            pkgs.util-linux
            (d "grub-common")
            (d "grub2-common")
          ]
          ++ lib.optional cfg.efiSupport (d "efibootmgr")
        )
      }:${d "grub2-common"}/sbin:${d "grub-common"}/sbin:${pkgs.util-linux}/sbin
      exec ${d "grub2-common"}/sbin/grub-install --grub-mkimage=${d "grub-common"}/bin/grub-mkimage \
        --locales= --themes= --fonts= "$@"
    '';
  };
in
{
  options.boot.loader.grub = {
    enable = mkOption {
      type = types.bool;
      default = config.boot.kernel.enable && !config.boot.loader.systemd-boot.enable;
      defaultText = "when the system has a kernel and no other boot loader";
      example = false;
      description = "Whether GRUB starts the machine.";
    };
    version = mkOption {
      type = types.enum [ 2 ];
      default = 2;
      example = 2;
      description = "GRUB's major version; there is only one left.";
    };
    device = mkOption {
      type = types.str;
      default = "";
      example = "/dev/disk/by-id/wwn-0x500001234567890a";
      description = "The disk on which GRUB is installed; `nodev` writes only the menu, as EFI wants it.";
    };
    devices = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "/dev/sda"
        "/dev/sdb"
      ];
      description = "More than one such disk, so that each can start the machine.";
    };
    bootPath = mkOption {
      type = types.str;
      default = "/boot";
      example = "/boot1";
      description = "The directory that GRUB reads its menu from.";
    };
    efiSupport = flag false "Whether GRUB is installed for EFI firmware.";
    efiInstallAsRemovable = flag false "Whether GRUB takes the file name that firmware starts without being told to.";
    forceInstall = flag false "Whether GRUB is installed where it finds that unwise.";
    copyKernels = flag false "Whether kernels are copied to the boot directory although GRUB could read them in the store.";
    fsIdentifier = mkOption {
      type = types.enum [
        "uuid"
        "label"
        "provided"
      ];
      default = "uuid";
      example = "label";
      description = "By what GRUB finds file systems; `provided` takes the name that `fileSystems` uses.";
    };
    configurationLimit = mkOption {
      type = types.int;
      default = 100;
      example = 20;
      description = "How many generations of each profile are in the menu.";
    };
    configurationName = mkOption {
      type = types.str;
      default = "";
      example = "Stable";
      description = "A word behind the name of the default entry.";
    };
    default = mkOption {
      type = types.either types.int types.str;
      default = "0";
      apply = toString;
      example = "saved";
      description = "The entry that starts by default: its place, its title, or `saved` for the last one chosen.";
    };
    timeout = mkOption {
      type = types.nullOr types.int;
      default = config.boot.loader.timeout;
      defaultText = lib.literalExpression "config.boot.loader.timeout";
      example = 10;
      description = "The older name of `boot.loader.timeout`.";
    };
    extraConfig = text "serial; terminal_output serial" "Lines at the top of the menu.";
    extraPrepareConfig = text "insmod regexp" "Lines before everything else in the menu.";
    extraPerEntryConfig = text "root (hd0)" "Lines in each of NixOS's entries.";
    extraEntries = text ''menuentry "Memory test" { linux16 /memtest.bin }'' "Entries of other systems.";
    extraEntriesBeforeNixOS = flag false "Whether `extraEntries` stand before NixOS's own.";
    extraFiles = mkOption {
      type = types.attrsOf types.path;
      default = { };
      example = lib.literalExpression ''{ "memtest.bin" = "''${pkgs.memtest86plus}/memtest.bin"; }'';
      description = "Files to copy into the boot directory.";
    };
    extraInstallCommands = text "echo installed" "Shell commands that run after the installation.";
    splashImage = mkOption {
      type = types.nullOr types.path;
      default = null;
      example = lib.literalExpression "./boot.png";
      description = "A picture behind the menu.";
    };
    font = mkOption {
      type = types.nullOr types.path;
      default = "${d "grub-common"}/share/grub/unicode.pf2";
      defaultText = "GRUB's own";
      example = lib.literalExpression "./font.pf2";
      description = "The font of a menu with a picture.";
    };
    users = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        root = "grub.pbkdf2.sha512.10000.674DFFDEF76E13EA...";
      };
      description = "Users who may edit entries, with the hash that grub-mkpasswd-pbkdf2 gives. Booting stays free to all.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = devices != [ ] || (cfg.efiSupport && cfg.efiInstallAsRemovable);
        message = "You must set the option ‘boot.loader.grub.device’ (or ‘devices’) to the disk that the machine starts from, to make the system bootable; \"nodev\" for EFI.";
      }
      {
        assertion = lib.unique cfg.devices == cfg.devices;
        message = "The option ‘boot.loader.grub.devices’ names a disk twice.";
      }
      {
        assertion = !(efi.canTouchEfiVariables && cfg.efiInstallAsRemovable);
        message = "‘boot.loader.grub.efiInstallAsRemovable’ leaves the firmware's variables alone; do not set ‘boot.loader.efi.canTouchEfiVariables’ with it.";
      }
    ];

    system.boot.loader.id = "grub";
    boot.loader.settings = {
      kind = "grub";
      inherit (cfg)
        bootPath
        forceInstall
        efiInstallAsRemovable
        default
        configurationName
        configurationLimit
        copyKernels
        fsIdentifier
        extraConfig
        extraPrepareConfig
        extraEntries
        extraEntriesBeforeNixOS
        extraPerEntryConfig
        extraInstallCommands
        users
        ;
      timeout = lib.mkForce cfg.timeout;
      inherit devices;
      extraFiles = lib.mapAttrs (_: toString) cfg.extraFiles;
      efiBootloaderId =
        if cfg.efiSupport then
          "NixOS" + lib.replaceStrings [ "/" ] [ "-" ] efi.efiSysMountPoint
        else
          null;
      modules = {
        bios = if isx86 then modulesFrom "grub-pc-bin" "i386-pc" else null;
        efi =
          if !cfg.efiSupport then
            null
          else if isx86 then
            modulesFrom "grub-efi-amd64-bin" "x86_64-efi"
          else
            modulesFrom "grub-efi-arm64-bin" "arm64-efi";
      };
      grubInstall = "${grubInstall}";
      blkid = "${pkgs.util-linux}/sbin/blkid";
      splashImage = if cfg.splashImage == null then null else "${cfg.splashImage}";
      font = if cfg.splashImage == null || cfg.font == null then null else "${cfg.font}";
    };

    environment.systemPackages = [ (d "grub2-common") ];
  };
}
