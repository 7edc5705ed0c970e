/**
  The machine as a QEMU guest. `system.build.vm` is a program `run-NAME-vm`: it makes the disk `./NAME.qcow2` when there is
  none, and starts QEMU with the kernel, the initial ramdisk and the store of this configuration.

  The store is shown to the guest as a read-only image, made in a build; that boots faster than sharing the directory of
  the host, which `virtualisation.useNixStoreImage = false` does.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.virtualisation;
  d = pkgs.debianPackage;
  qemu = cfg.qemu.package;
  common = import ../../lib/qemu-common.nix { inherit pkgs; };
  inherit (pkgs.debianPlatform) triplet;

  toplevel = config.system.build.toplevel;
  closure = pkgs.closureInfo { rootPaths = [ toplevel ] ++ cfg.additionalPaths; };

  database = import ../../lib/store-database.nix { inherit pkgs closure; };

  # The closure as a file system, read straight from the store. Times, owners and identifiers are fixed, so that equal
  # closures give equal images.
  storeImage =
    pkgs.runCommand "nix-store-image"
      {
        preferLocalBuild = true;
        allowSubstitutes = false;
        nativeBuildInputs = [
          (d "erofs-utils")
          pkgs.gnutar
        ];
      }
      ''
        mkdir -p $out extra/.state
        cp ${database}/* extra/.state/
        sed 's|.*/||' ${closure}/store-paths > names
        tar --create --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner --mode=u+w \
          -C /nix/store --files-from=$PWD/names -C $PWD/extra .state |
          LD_LIBRARY_PATH=${d "libc6"}/lib/${triplet} mkfs.erofs --quiet --tar=f -T1 --all-root -U 8d0ba5a4-6d0e-4ca1-9c5e-6e69782d7374 $out/nix-store.img
      '';

  # An empty disk with one file system; a copy of it is the machine's own disk.
  emptyDisk =
    pkgs.runCommand "empty-disk"
      {
        preferLocalBuild = true;
        nativeBuildInputs = [
          (d "e2fsprogs")
          (d "qemu-utils")
        ];
      }
      ''
        mkdir -p $out
        truncate -s ${toString cfg.diskSize}M disk.raw
        E2FSPROGS_FAKE_TIME=1 mke2fs -q -t ext4 -L nixos -U 1d0ba5a4-6d0e-4ca1-9c5e-6e69782d7374 -E nodiscard disk.raw
        qemu-img convert -f raw -O qcow2 disk.raw $out/disk.qcow2
      '';

  drive =
    index: drive:
    "-drive index=${toString index},id=drive${toString index},if=none,${
      lib.concatStringsSep "," (
        lib.mapAttrsToList (n: v: "${n}=${v}") (
          {
            werror = "report";
          }
          // drive.driveExtraOpts
        )
      )
    },file=${drive.file} -device virtio-blk-pci,drive=drive${toString index}${
      lib.concatStrings (lib.mapAttrsToList (n: v: ",${n}=${v}") drive.deviceExtraOpts)
    }";

  kernelCommandLine = toString config.boot.kernelParams;

  network = cfg.qemu.networkingOptions;

  runner = pkgs.writeTextFile {
    name = "run-nixos-vm";
    executable = true;
    text = builtins.replaceStrings
      [
        "@name@"
        "@qemu@"
        "@qemuProgram@"
        "@dataDirs@"
        "@moduleDir@"
        "@coreutils@"
        "@bubblewrap@"
        "@loader@"
        "@libraryPath@"
        "@probeOptions@"
        "@probeStatus@"
        "@emptyDisk@"
        "@storeImage@"
        "@toplevel@"
        "@kernelParams@"
        "@memory@"
        "@cores@"
        "@options@"
        "@network@"
        "@drives@"
        "@emptyDisks@"
        "@diskImage@"
        "@boot@"
        "@display@"
        "@accel@"
        "@qemuImg@"
        "@sharedDirectories@"
      ]
      [
        config.system.name
        "${qemu}"
        common.program
        "${common.machineOptions} ${lib.concatMapStringsSep " " (dir: "-L ${dir}") common.dataDirectories}"
        "${qemu}/lib/${triplet}/qemu"
        "${pkgs.coreutils}"
        "${d "bubblewrap"}"
        (lib.removePrefix "${builtins.storeDir}/" pkgs.debianPlatform.loader)
        (lib.concatMapStringsSep ":" (p: "$physicalStore/${baseNameOf (toString p)}/lib/${triplet}") [
          (d "libc6")
          (d "libcap2")
          (d "libselinux1")
          (d "libpcre2-8-0")
        ])
        (builtins.replaceStrings [ "@probe@" ] [ "${common.probe.image}" ] common.probe.options)
        common.probe.status
        "${emptyDisk}/disk.qcow2"
        (if cfg.useNixStoreImage then "${storeImage}/nix-store.img" else "")
        "${toplevel}"
        kernelCommandLine
        (toString cfg.memorySize)
        (toString cfg.cores)
        (toString cfg.qemu.options)
        (toString network)
        (toString (lib.imap1 drive cfg.qemu.drives))
        (toString cfg.emptyDiskImages)
        (toString cfg.diskImage)
        (if cfg.useBootLoader then "loader" else "direct")
        (if cfg.graphics then "graphics" else "serial")
        cfg.qemu.accelerator
        "${d "qemu-utils"}/bin/qemu-img"
        (lib.concatStringsSep " " (
          lib.mapAttrsToList (
            tag: share: "-virtfs local,path=${share.source},security_model=none,mount_tag=${tag}"
          ) cfg.sharedDirectories
        ))
      ]
      (builtins.readFile ./run-vm.sh);
  };
in
{
  options.virtualisation = {
    memorySize = mkOption {
      type = types.ints.positive;
      default = 1024;
      example = 2048;
      description = "The memory of the guest in mebibytes.";
    };
    cores = mkOption {
      type = types.ints.positive;
      default = 2;
      example = 4;
      description = "How many processors the guest has.";
    };
    diskSize = mkOption {
      type = types.ints.positive;
      default = 1024;
      example = 8192;
      description = "The size of the guest's disk in mebibytes.";
    };
    diskImage = mkOption {
      type = types.nullOr types.str;
      default = "./${config.system.name}.qcow2";
      defaultText = "`./NAME.qcow2`";
      example = null;
      description = "The file of the guest's disk, unless `NIX_DISK_IMAGE` names another. `null` gives a disk that is thrown away.";
    };
    bootDevice = mkOption {
      type = types.str;
      default = "/dev/disk/by-label/nixos";
      example = "/dev/vda";
      description = "The device of the root file system.";
    };
    emptyDiskImages = mkOption {
      type = types.listOf types.ints.positive;
      default = [ ];
      example = [ 512 ];
      description = "Sizes, in mebibytes, of more disks, empty at every start.";
    };
    fileSystems = mkOption {
      type = types.attrsOf types.attrs;
      default = { };
      example = {
        "/data" = {
          device = "/dev/vdb";
          fsType = "ext4";
          autoFormat = true;
        };
      };
      description = "File systems of the guest beside its own: those of `fileSystems` belong to the real machine.";
    };
    graphics = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the guest has a display in a window. Without one, its console is the terminal.";
    };
    useNixStoreImage = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the guest finds its store in an image; otherwise the host's directory is shared over 9P.";
    };
    writableStore = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the guest can add to its store. What it adds is on its own disk.";
    };
    writableStoreUseTmpfs = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether what the guest adds to its store is kept in memory only.";
    };
    additionalPaths = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
      example = lib.literalExpression "[ pkgs.hello ]";
      description = "More store paths that the guest finds in its store.";
    };
    pathsInNixDB = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
      example = lib.literalExpression "[ pkgs.hello ]";
      description = "The older name of `additionalPaths`.";
    };
    useBootLoader = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the guest starts from its disk, through a boot loader, instead of the kernel alone.";
    };
    useEFIBoot = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the guest's firmware is UEFI.";
    };
    vlans = mkOption {
      type = types.listOf types.ints.u8;
      default = [ 1 ];
      example = [
        1
        2
      ];
      description = "The virtual networks of a test that the guest is connected to.";
    };
    sharedDirectories = mkOption {
      type = types.attrsOf types.attrs;
      default = { };
      example = {
        data = {
          source = "/path/on/host";
          target = "/mnt/data";
        };
      };
      description = "Directories of the host that the guest sees: where they are (`source`) and where the guest has them (`target`).";
    };
    forwardPorts = mkOption {
      type = types.listOf types.attrs;
      default = [ ];
      example = [
        {
          host.port = 2222;
          guest.port = 22;
        }
      ];
      description = "Ports of the host that lead to ports of the guest; only on the host's own loopback address.";
    };
    qemu = {
      package = mkOption {
        type = types.package;
        default = common.package;
        defaultText = lib.literalExpression "pkgs.debian.qemu-system-x86, or the one for the guest's platform";
        example = lib.literalExpression "pkgs.qemu";
        description = "The QEMU package.";
      };
      options = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "-vga std" ];
        description = "More arguments of QEMU.";
      };
      networkingOptions = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "-net none" ];
        description = "The arguments that make the guest's network card.";
      };
      drives = mkOption {
        type = types.listOf types.attrs;
        default = [ ];
        example = [ ];
        description = "The drives: file, `driveExtraOpts` and `deviceExtraOpts`.";
      };
      accelerator = mkOption {
        type = types.enum [
          "auto"
          "kvm"
          "tcg"
        ];
        default = "auto";
        example = "tcg";
        description = "How QEMU runs the guest's code; `auto` tries the processor's help with a tiny guest and falls back to software.";
      };
      consoles = mkOption {
        type = types.listOf types.str;
        default =
          if cfg.graphics then
            [
              "${common.serialDevice},115200n8"
              "tty0"
            ]
          else
            [
              "tty0"
              "${common.serialDevice},115200n8"
            ];
        defaultText = "the display and the serial line, the one in use last";
        example = [ "console=tty1" ];
        description = "The consoles of the kernel; the last one is `/dev/console`.";
      };
    };
  };

  config = {
    virtualisation.additionalPaths = cfg.pathsInNixDB;
    virtualisation.qemu.networkingOptions = [
      "-device virtio-net-pci,netdev=user.0,romfile="
      "-netdev user,id=user.0,${
        lib.concatMapStrings (
          f: "hostfwd=${f.proto or "tcp"}:${f.host.address or "127.0.0.1"}:${toString f.host.port}-${f.guest.address or ""}:${toString f.guest.port},"
        ) cfg.forwardPorts
      }$QEMU_NET_OPTS"
    ];
    virtualisation.qemu.drives = [
      {
        file = "$NIX_DISK_IMAGE";
        driveExtraOpts = {
          cache = "writeback";
          format = "qcow2";
        };
        deviceExtraOpts = { };
      }
    ]
    ++ lib.optional cfg.useNixStoreImage {
      file = "${storeImage}/nix-store.img";
      driveExtraOpts = {
        format = "raw";
        readonly = "on";
        cache = "unsafe";
      };
      deviceExtraOpts.serial = "nix-store";
    };

    system.build.vm = pkgs.runCommand "nixos-vm" {
      preferLocalBuild = true;
      passthru = { inherit toplevel; };
    } ''
      mkdir -p $out/bin
      ln -s ${toplevel} $out/system
      cp ${runner} $out/bin/run-${config.system.name}-vm
    '';
    system.build.storeImage = storeImage;

    # What the configuration of a real machine says about its disks and its loader does not hold here.
    fileSystems = lib.mkOverride 10 (
      {
        "/" = {
          device = cfg.bootDevice;
          fsType = "ext4";
          noCheck = true;
        };
        "/nix/.ro-store" =
          if cfg.useNixStoreImage then
            {
              device = "/dev/disk/by-id/virtio-nix-store";
              fsType = "erofs";
              options = [ "ro" ];
              neededForBoot = true;
            }
          else
            {
              device = "nix-store";
              fsType = "9p";
              options = [
                "trans=virtio"
                "version=9p2000.L"
                "msize=1048576"
                "cache=loose"
                "ro"
              ];
              neededForBoot = true;
            };
        "/nix/store" =
          if cfg.writableStore then
            {
              overlay.lowerdir = [ "/nix/.ro-store" ];
              overlay.upperdir = "/nix/.rw-store/upper";
              overlay.workdir = "/nix/.rw-store/work";
            }
          else
            {
              device = "/nix/.ro-store";
              fsType = "none";
              options = [ "bind" ];
              depends = [ "/nix/.ro-store" ];
            };
      }
      // lib.optionalAttrs (cfg.writableStore && cfg.writableStoreUseTmpfs) {
        "/nix/.rw-store" = {
          device = "tmpfs";
          fsType = "tmpfs";
          options = [ "mode=0755" ];
          neededForBoot = true;
        };
      }
      // lib.mapAttrs' (
        tag: share:
        lib.nameValuePair share.target {
          device = tag;
          fsType = "9p";
          neededForBoot = true;
          options = [
            "trans=virtio"
            "version=9p2000.L"
            "msize=131072"
          ];
        }
      ) cfg.sharedDirectories
      // cfg.fileSystems
    );
    swapDevices = lib.mkOverride 10 [ ];
    boot.loader.grub = {
      enable = lib.mkIf (!cfg.useBootLoader) (lib.mkOverride 10 false);
      device = lib.mkIf cfg.useBootLoader (lib.mkOverride 10 "/dev/vda");
    };
    boot.loader.systemd-boot.enable = lib.mkIf (!cfg.useBootLoader) (lib.mkOverride 10 false);

    boot.readOnlyNixStore = lib.mkOverride 10 (!cfg.writableStore);
    boot.initrd.availableKernelModules = [
      "virtio_net"
      "virtio_pci"
      "virtio_mmio"
      "virtio_blk"
      "virtio_scsi"
      "9p"
      "9pnet_virtio"
    ];
    boot.initrd.kernelModules = [
      "virtio_pci"
      "virtio_blk"
      "virtio_balloon"
      "virtio_console"
      "virtio_rng"
    ];
    # A guest of a developer's own pays dearly, under software emulation, for what protects it from others on its processor.
    boot.kernelParams = map (console: "console=${console}") cfg.qemu.consoles ++ [
      "mitigations=off"
      "audit=0"
      "edd=off"
    ];
    systemd.suppressedSystemUnits = lib.optional (!cfg.graphics) "modprobe@drm.service";

    networking.usePredictableInterfaceNames = lib.mkOverride 10 false;
    networking.useDHCP = lib.mkDefault true;
    services.timesyncd.enable = lib.mkDefault false;

    # The guest's package database starts with what its store has.
    boot.postBootCommands = ''
      if [ ! -e /nix/var/nix/db/db.sqlite ] && [ -e /nix/.ro-store/.state ]; then
        mkdir -p /nix/var/nix/db
        cp /nix/.ro-store/.state/* /nix/var/nix/db/
        chmod 0644 /nix/var/nix/db/db.sqlite /nix/var/nix/db/schema
      fi
    '';
  };
}
