/**
  File systems: `/etc/fstab` and what stage 1 mounts. swap devices stand in `config/swap.nix`.
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

  fileSystemOptions =
    { name, config, ... }:
    {
      options = {
        mountPoint = mkOption {
          type = types.nonEmptyStr;
          default = name;
          defaultText = "the attribute's name";
          example = "/mnt/usb";
          description = "Where the file system is mounted.";
        };
        device = mkOption {
          type = types.nullOr types.nonEmptyStr;
          default = null;
          example = "/dev/sda";
          description = "The device; names beneath `/dev/disk` stay the same when disks are moved.";
        };
        label = mkOption {
          type = types.nullOr types.nonEmptyStr;
          default = null;
          example = "root-partition";
          description = "The label of the file system, instead of a device.";
        };
        fsType = mkOption {
          type = types.nonEmptyStr;
          default = "auto";
          example = "ext4";
          description = "The type; `auto` lets mount find it.";
        };
        options = mkOption {
          type = types.coercedTo types.str (lib.splitString ",") (types.listOf types.str);
          default = [ "defaults" ];
          example = [ "data=journal" ];
          description = "Mount options, as a list or separated by commas.";
        };
        autoFormat = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = "Whether an empty device gets a file system before it is mounted. Dangerous when a wrong device is named.";
        };
        formatOptions = mkOption {
          type = types.nullOr types.str;
          default = null;
          example = "-q";
          description = "Arguments of mkfs for `autoFormat`.";
        };
        autoResize = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = "Whether the file system grows to the size of its device before it is mounted.";
        };
        noCheck = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = "Whether the file system is never checked.";
        };
        neededForBoot = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = "Whether stage 1 mounts it. Some mount points always need it: ${lib.concatStringsSep ", " utils.pathsNeededForBoot}.";
        };
        depends = mkOption {
          type = types.listOf types.str;
          default = [ ];
          example = [ "/persist" ];
          description = "Mount points that must be mounted before this one.";
        };
        overlay = {
          lowerdir = mkOption {
            type = types.listOf types.str;
            default = [ ];
            example = [ "/nix/.ro-store" ];
            description = "The lower directories of an overlay, the topmost first.";
          };
          upperdir = mkOption {
            type = types.nullOr types.str;
            default = null;
            example = "/nix/.rw-store/upper";
            description = "The directory that receives what is written; without one the overlay is read-only.";
          };
          workdir = mkOption {
            type = types.nullOr types.str;
            default = null;
            example = "/nix/.rw-store/work";
            description = "The overlay's working directory, on the file system of `upperdir`.";
          };
        };
        deviceOrLabel = mkOption {
          type = types.str;
          internal = true;
          default =
            if config.device != null then
              config.device
            else if config.label != null then
              "/dev/disk/by-label/${config.label}"
            else
              config.fsType;
          defaultText = "the device, or the label's link";
          example = "/dev/sda";
          description = "The first field of fstab.";
        };
      };

      config = lib.mkMerge [
        (lib.mkIf (config.overlay.lowerdir != [ ]) {
          fsType = "overlay";
          device = "overlay";
          depends = config.overlay.lowerdir ++ lib.optional (config.overlay.upperdir != null) config.overlay.upperdir;
          options = [
            "lowerdir=${lib.concatStringsSep ":" config.overlay.lowerdir}"
          ]
          ++ lib.optionals (config.overlay.upperdir != null) [
            "upperdir=${config.overlay.upperdir}"
            "workdir=${config.overlay.workdir}"
          ];
        })
        (lib.mkIf config.autoResize { options = [ "x-nixos.autoresize" ]; })
        (lib.mkIf config.autoFormat { options = [ "x-systemd.makefs" ]; })
      ];
    };

  list = lib.attrValues config.fileSystems;

  # A file system comes after those that its mount point or its source lies in.
  isBefore =
    a: b:
    let
      inside = path: parent: parent == "/" || path == parent || lib.hasPrefix (parent + "/") path;
    in
    (a.mountPoint != b.mountPoint && inside b.mountPoint a.mountPoint)
    || lib.any (path: inside path a.mountPoint && a.mountPoint != "/") b.depends;
  sorted = lib.toposort isBefore list;
  inOrder =
    if sorted ? result then
      sorted.result
    else
      throw "the file systems ${lib.concatMapStringsSep ", " (fs: "'${fs.mountPoint}'") sorted.cycle} depend on each other; see `fileSystems.*.depends'";

  escape = builtins.replaceStrings [ " " "\t" ] [ "\\040" "\\011" ];
  fstabLine =
    fs:
    let
      skipCheck = fs.noCheck || fs.device == "none" || builtins.elem fs.fsType [ "tmpfs" "overlay" "9p" "erofs" "squashfs" "nfs" "nfs4" "cifs" "btrfs" "zfs" "none" ];
      # What stage 1 mounted is not for systemd to unmount: programs of the store run until the end.
      options = fs.options ++ lib.optional (utils.fsNeededForBoot fs && fs.mountPoint != "/") "x-initrd.mount";
      pass =
        if skipCheck then
          "0"
        else if fs.mountPoint == "/" then
          "1"
        else
          "2";
    in
    "${escape fs.deviceOrLabel} ${escape fs.mountPoint} ${fs.fsType} ${escape (lib.concatStringsSep "," options)} 0 ${pass}\n";
in
{
  options = {
    fileSystems = mkOption {
      type = types.attrsOf (types.submodule fileSystemOptions);
      default = { };
      example = lib.literalExpression ''
        {
          "/".device = "/dev/disk/by-label/nixos";
          "/data" = { device = "/dev/sdb1"; fsType = "ext4"; options = [ "noatime" ]; };
        }
      '';
      description = "The file systems to mount, by mount point. `/` must be one of them.";
    };

    system.fileSystemsInOrder = mkOption {
      type = types.listOf types.unspecified;
      internal = true;
      default = inOrder;
      defaultText = "`fileSystems` in the order of mounting";
      example = [ ];
      description = "The file systems in the order in which they are mounted.";
    };

    boot.supportedFilesystems = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "btrfs" ];
      description = "File system types whose programs are to be installed although `fileSystems` does not name them.";
    };

    boot.specialFileSystems = mkOption {
      type = types.attrsOf types.attrs;
      internal = true;
      default = { };
      example = { };
      description = "Without effect: systemd mounts the kernel's own file systems.";
    };
  };

  config = {
    assertions =
      [
        {
          assertion = config.boot.initrd.enable -> config.fileSystems ? "/";
          message = "The ‘fileSystems’ option does not specify your root file system.";
        }
      ]
      ++ map (fs: {
        assertion = !(fs.device != null && fs.label != null);
        message = "The file system `${fs.mountPoint}' has both a device and a label; give one of them.";
      }) list;

    boot.supportedFilesystems = lib.unique (map (fs: fs.fsType) list);

    # The programs that shut the machine down run from the store: it stays mounted to the end. What `x-initrd.mount` says is
    # lost on systemd, which asks the kernel about mounted file systems.
    systemd.units = lib.listToAttrs (
      map (fs: {
        name = "${utils.escapeSystemdPath fs.mountPoint}.mount";
        value = {
          overrideStrategy = "asDropin";
          text = "[Unit]\nDefaultDependencies=no\n";
        };
      }) (builtins.filter (fs: fs.mountPoint == "/nix" || lib.hasPrefix "/nix/" fs.mountPoint) list)
    );

    environment.systemPackages =
      let
        has = type: builtins.elem type config.boot.supportedFilesystems;
        d = pkgs.debianPackage;
      in
      [ (d "e2fsprogs") ]
      ++ lib.optional (has "btrfs") (d "btrfs-progs")
      ++ lib.optional (has "xfs") (d "xfsprogs")
      ++ lib.optionals (has "vfat") [
        (d "dosfstools")
        (d "mtools")
      ]
      ++ lib.optional (has "ntfs") (d "ntfs-3g")
      ++ lib.optional (has "cifs") (d "cifs-utils")
      ++ lib.optional (has "nfs" || has "nfs4") (d "nfs-common");

    environment.etc.fstab.text = ''
      # Made from the options fileSystems and swapDevices; edit those.

      # File systems.
      ${lib.concatMapStrings fstabLine inOrder}
      # Swap devices.
      ${lib.concatMapStrings (
        swap: "${swap.realDevice} none swap ${lib.concatStringsSep "," swap.fstabOptions} 0 0\n"
      ) config.swapDevices}'';

  };
}
