/**
  udev: names of devices and what happens when they appear.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.services.udev;

  hwdb =
    pkgs.runCommand "hwdb.bin"
      {
        preferLocalBuild = true;
        packages = [ (pkgs.debianPackage "udev") ] ++ cfg.packages;
      }
      ''
        mkdir -p root/etc/udev/hwdb.d
        for package in $packages; do
          for file in $package/lib/udev/hwdb.d/*.hwdb $package/etc/udev/hwdb.d/*.hwdb; do
            [ ! -e $file ] || ln -s $file root/etc/udev/hwdb.d/
          done
        done
        ${lib.optionalString (cfg.extraHwdb != "") "cp ${pkgs.writeText "99-local.hwdb" cfg.extraHwdb} root/etc/udev/hwdb.d/99-local.hwdb"}
        ${pkgs.debianPackage "udev"}/bin/systemd-hwdb --root=$PWD/root update
        mv root/etc/udev/hwdb.bin $out
      '';
in
{
  options.services.udev = {
    packages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      example = lib.literalExpression "[ pkgs.debian.alsa-utils ]";
      description = "Packages with device rules.";
    };
    path = mkOption {
      type = types.listOf types.package;
      default = [ ];
      example = lib.literalExpression "[ pkgs.coreutils ]";
      description = "Packages whose programs rules may start.";
    };
    extraRules = mkOption {
      type = types.lines;
      default = "";
      example = ''KERNEL=="eth*", ATTR{address}=="00:1D:60:B9:6D:4F", NAME="lan0"'';
      description = "Device rules, after those of packages.";
    };
    extraHwdb = mkOption {
      type = types.lines;
      default = "";
      example = "evdev:input:b0003v05AFp8277*\n KEYBOARD_KEY_70039=leftalt";
      description = "Entries for the database of hardware.";
    };
    hwdb.enable = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the machine has the database of hardware (quirks of keyboards, names of vendors).";
    };
  };

  config = {
    environment.fhsPackages = cfg.packages;
    environment.etc = {
      "udev/rules.d/99-local.rules".text = cfg.extraRules;
    }
    // lib.optionalAttrs cfg.hwdb.enable { "udev/hwdb.bin".source = hwdb; };
    systemd.services.systemd-udevd.restartTriggers = [
      cfg.extraRules
      cfg.packages
    ];
  };
}
