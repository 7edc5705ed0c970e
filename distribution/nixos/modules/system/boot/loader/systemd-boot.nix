/**
  systemd-boot: a small loader for EFI firmware. It has one entry for each generation.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.boot.loader.systemd-boot;
  d = pkgs.debianPackage;
in
{
  options.boot.loader.systemd-boot = {
    enable = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether systemd-boot starts the machine. It needs EFI firmware and its partition at `boot.loader.efi.efiSysMountPoint`.";
    };
    editor = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the kernel's command line can be edited in the menu. Whoever edits it can become root.";
    };
    configurationLimit = mkOption {
      type = types.nullOr types.int;
      default = null;
      example = 20;
      description = "How many generations of each profile are in the menu; `null` for all. The partition must have room for their kernels.";
    };
    consoleMode = mkOption {
      type = types.enum [
        "0"
        "1"
        "2"
        "5"
        "auto"
        "max"
        "keep"
      ];
      default = "keep";
      example = "max";
      description = "The resolution of the menu.";
    };
    extraEntries = mkOption {
      type = types.attrsOf types.lines;
      default = { };
      example = {
        "memtest.conf" = "title Memory test\nefi /efi/memtest.efi";
      };
      description = "Entries of other systems: file names and texts.";
    };
    extraFiles = mkOption {
      type = types.attrsOf types.path;
      default = { };
      example = lib.literalExpression ''{ "efi/memtest.efi" = ./memtest.efi; }'';
      description = "Files to copy to the partition.";
    };
    extraInstallCommands = mkOption {
      type = types.lines;
      default = "";
      example = "echo installed";
      description = "Shell commands that run after the installation.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !config.boot.loader.grub.enable;
        message = "Both ‘boot.loader.grub.enable’ and ‘boot.loader.systemd-boot.enable’ are set; a machine has one boot loader.";
      }
    ];
    system.boot.loader.id = "systemd-boot";
    boot.loader.settings = {
      kind = "systemd-boot";
      inherit (cfg)
        editor
        consoleMode
        extraEntries
        extraInstallCommands
        ;
      configurationLimit = if cfg.configurationLimit == null then 0 else cfg.configurationLimit;
      extraFiles = lib.mapAttrs (_: toString) cfg.extraFiles;
      loader = "${d "systemd-boot-efi"}/lib/systemd/boot/efi/systemd-boot${if pkgs.stdenv.hostPlatform.isAarch64 then "aa64" else "x64"}.efi";
      bootctl = "${d "systemd-boot-tools"}/bin/bootctl";
    };
  };
}
