/**
  The initial ramdisk: busybox, the kernel modules that it takes to reach the root file system, and the script
  `stage-1-init.sh`. Programs that busybox lacks (file system checks, LUKS, LVM) are added with their libraries, at their
  places in the store.
*/
{
  config,
  lib,
  pkgs,
  utils,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.boot.initrd;
  d = pkgs.debianPackage;

  bootFileSystems = builtins.filter utils.fsNeededForBoot config.system.fileSystemsInOrder;
  usesType = type: lib.any (fs: fs.fsType == type) bootFileSystems;
  ext = fs: fs.fsType == "auto" || lib.hasPrefix "ext" fs.fsType;

  # One line for each file system, in the order of mounting; empty fields are `-`.
  flag = name: value: lib.optionalString value name;
  stage1Options =
    fs:
    if fs.overlay.lowerdir != [ ] then
      lib.concatStringsSep "," (
        (builtins.filter (o: !(lib.hasPrefix "lowerdir=" o || lib.hasPrefix "upperdir=" o || lib.hasPrefix "workdir=" o)) fs.options)
        ++ [
          "lowerdir=${lib.concatMapStringsSep ":" (path: "$targetRoot${path}") fs.overlay.lowerdir}"
        ]
        ++ lib.optionals (fs.overlay.upperdir != null) [
          "upperdir=$targetRoot${fs.overlay.upperdir}"
          "workdir=$targetRoot${fs.overlay.workdir}"
        ]
      )
    else
      lib.concatStringsSep "," fs.options;
  fsLine =
    fs:
    let
      flags = lib.concatStrings [
        (flag "c" (!fs.noCheck && ext fs && fs.device != null))
        (flag "f" fs.autoFormat)
        (flag "r" fs.autoResize)
      ];
      field = value: if value == "" || value == null then "-" else value;
    in
    lib.concatStringsSep " " [
      fs.mountPoint
      (field fs.deviceOrLabel)
      (field fs.fsType)
      (field (stage1Options fs))
      (field flags)
    ];

  fsInfo = pkgs.writeText "fs-info" (lib.concatMapStrings (fs: fsLine fs + "\n") bootFileSystems);

  needsE2fs = lib.any (fs: ext fs && fs.device != null) bootFileSystems || cfg.checkJournalingFS;

  initScript = pkgs.writeText "stage-1-init.sh" (
    builtins.replaceStrings
      [
        "@preDeviceCommands@"
        "@postDeviceCommands@"
        "@preLVMCommands@"
        "@postMountCommands@"
        "@preFailCommands@"
        "@kernelModules@"
        "@resumeDevices@"
        "@extraUtils@"
      ]
      [
        cfg.preDeviceCommands
        cfg.postDeviceCommands
        cfg.preLVMCommands
        cfg.postMountCommands
        cfg.preFailCommands
        (toString cfg.kernelModules)
        (toString cfg.resumeDevices)
        (lib.concatMapStringsSep ":" (tool: builtins.dirOf tool) cfg.programs)
      ]
      (builtins.readFile ./stage-1-init.sh)
  );

  contents = lib.concatMapStrings (
    item: "${item.object} ${item.symlink}\n"
  ) cfg.extraFiles;

  initialRamdisk =
    pkgs.runCommand "initrd-${config.boot.kernelPackages.kernel.modDirVersion}"
      {
        preferLocalBuild = true;
        allowSubstitutes = false;
        nativeBuildInputs = [
          (d "kmod")
          (d "cpio")
          (d "zstd")
          (d "xz-utils")
        ];
        modulesTree = config.system.modulesTree;
        firmware = "${config.hardware.firmwareTree}/lib/firmware";
        version = config.boot.kernelPackages.kernel.modDirVersion;
        wantedModules = lib.unique (cfg.kernelModules ++ cfg.availableKernelModules);
        alwaysModules = lib.unique cfg.kernelModules;
        programs = cfg.programs;
        busybox = "${pkgs.busybox}/bin/busybox";
        inherit (pkgs.debianPlatform) loader;
        modprobeConfig = config.boot.extraModprobeConfig;
        inherit initScript fsInfo contents;
        passAsFile = [
          "contents"
          "modprobeConfig"
        ];
        compressor = "${cfg.compressor} ${lib.escapeShellArgs cfg.compressorArgs}";
      }
      ''
        ${pkgs.runtimeShell} ${./make-initrd.sh}
      '';
in
{
  options = {
    boot.initrd = {
      enable = mkOption {
        type = types.bool;
        default = config.boot.kernel.enable;
        defaultText = lib.literalExpression "config.boot.kernel.enable";
        example = false;
        description = "Whether the system boots through an initial ramdisk.";
      };

      programs = mkOption {
        type = types.listOf types.str;
        internal = true;
        default = [ ];
        example = lib.literalExpression ''[ "''${pkgs.lvm2}/sbin/lvm" ]'';
        description = "Programs to copy into the initial ramdisk with the libraries that they need.";
      };

      extraFiles = mkOption {
        type = types.listOf types.attrs;
        internal = true;
        default = [ ];
        example = lib.literalExpression ''[ { object = ./keyfile; symlink = "/etc/key"; } ]'';
        description = "Files to copy into the initial ramdisk: where from (`object`) and where to (`symlink`).";
      };

      secrets = mkOption {
        type = types.attrsOf (types.nullOr types.path);
        default = { };
        example = {
          "/etc/dropbear/host_key" = "/etc/secrets/host_key";
        };
        description = "Files that the boot loader's installer appends to the ramdisk, so that they never stand in the store.";
      };

      checkJournalingFS = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether file systems with a journal are checked too; replaying the journal is usually all that it does.";
      };

      supportedFilesystems = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "btrfs" ];
        description = "File system types that the initial ramdisk can mount whatever `fileSystems` says.";
      };

      resumeDevices = mkOption {
        type = types.listOf types.str;
        internal = true;
        default = [ ];
        example = [ "/dev/sda2" ];
        description = "Swap devices that may hold a hibernated system.";
      };

      compressor = mkOption {
        type = types.str;
        default = "zstd";
        example = "xz";
        description = "The program that compresses the ramdisk.";
      };
      compressorArgs = mkOption {
        type = types.listOf types.str;
        default = if cfg.compressor == "zstd" then [ "-q" "-10" ] else if cfg.compressor == "xz" then [ "--check=crc32" ] else [ ];
        defaultText = "what suits the compressor";
        example = [ "-19" ];
        description = "The compressor's arguments.";
      };

      preDeviceCommands = mkOption {
        type = types.lines;
        default = "";
        example = "sleep 1";
        description = "Shell commands to run in stage 1 before devices are looked for.";
      };
      preLVMCommands = mkOption {
        type = types.lines;
        default = "";
        example = "echo opening disks";
        description = "Shell commands to run in stage 1 before LVM starts.";
      };
      postDeviceCommands = mkOption {
        type = types.lines;
        default = "";
        example = "mkfs.ext4 /dev/vdb";
        description = "Shell commands to run in stage 1 when the devices are there, before mounting.";
      };
      postMountCommands = mkOption {
        type = types.lines;
        default = "";
        example = "rm -rf $targetRoot/tmp/*";
        description = "Shell commands to run in stage 1 after mounting.";
      };
      preFailCommands = mkOption {
        type = types.lines;
        default = "";
        example = "echo o > /proc/sysrq-trigger";
        description = "Shell commands to run in stage 1 before the menu that a failure ends in.";
      };
    };

    boot.resumeDevice = mkOption {
      type = types.str;
      default = "";
      example = "/dev/sda2";
      description = "The swap device that holds a hibernated system; empty means the first swap device that does.";
    };
  };

  config = lib.mkIf cfg.enable {
    system.build.initialRamdisk = initialRamdisk;
    system.build.bootStage1 = initScript;

    boot.initrd.programs = lib.optionals needsE2fs [
      "${d "e2fsprogs"}/sbin/e2fsck"
    ]
    ++ lib.optional (lib.any (fs: fs.autoFormat) bootFileSystems) "${d "e2fsprogs"}/sbin/mke2fs"
    ++ lib.optional (lib.any (fs: fs.autoResize) bootFileSystems) "${d "e2fsprogs"}/sbin/resize2fs";

    boot.initrd.resumeDevices = lib.optional (config.boot.resumeDevice != "") config.boot.resumeDevice;

    # The kernel asks for the checksum of ext4 by another name than the module's.
    boot.initrd.kernelModules = [
      "crc32c_generic"
    ]
    ++ lib.optional (lib.any ext bootFileSystems) "ext4"
    ++ lib.optional (usesType "overlay") "overlay";
    boot.initrd.availableKernelModules =
      lib.optional (usesType "vfat") "vfat"
      ++ lib.optionals (usesType "vfat") [
        "nls_cp437"
        "nls_iso8859-1"
        "nls_ascii"
      ]
      ++ lib.optionals (usesType "btrfs") [
        "btrfs"
        "xxhash_generic"
        "blake2b_generic"
      ]
      ++ lib.optional (usesType "erofs") "erofs"
      ++ lib.optional (usesType "xfs") "xfs"
      ++ lib.optional (usesType "iso9660") "isofs"
      ++ lib.optional (usesType "squashfs") "squashfs"
      ++ lib.optional (usesType "cifs") "cifs"
      ++ lib.optionals (usesType "9p") [
        "9p"
        "9pnet_virtio"
      ]
      ++ cfg.supportedFilesystems;
  };
}
