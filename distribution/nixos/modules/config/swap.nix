/**
  Swap: partitions and files.
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

  swapOptions =
    { config, ... }:
    {
      options = {
        device = mkOption {
          type = types.str;
          example = "/dev/sda3";
          description = "The device or file.";
        };
        label = mkOption {
          type = types.str;
          example = "swap";
          description = "The label of the swap device, instead of `device`.";
        };
        size = mkOption {
          type = types.nullOr types.ints.positive;
          default = null;
          example = 2048;
          description = "For a file: its size in mebibytes; it is made when it is missing.";
        };
        priority = mkOption {
          type = types.nullOr (types.ints.between 0 32767);
          default = null;
          example = 10;
          description = "Devices of higher priority are used first.";
        };
        discardPolicy = mkOption {
          type = types.nullOr (
            types.enum [
              "once"
              "pages"
              "both"
            ]
          );
          default = null;
          example = "once";
          description = "Whether unused blocks are reported to a solid-state disk.";
        };
        options = mkOption {
          type = types.listOf types.str;
          default = [ "defaults" ];
          example = [ "nofail" ];
          description = "Options for fstab.";
        };
        randomEncryption.enable = mkOption {
          type = types.bool;
          default = false;
          example = true;
          description = "Whether the device is encrypted with a key that is thrown away at shutdown.";
        };
        realDevice = mkOption {
          type = types.str;
          internal = true;
          default = config.device;
          defaultText = "the device";
          example = "/dev/sda3";
          description = "The device that is used in the end.";
        };
        fstabOptions = mkOption {
          type = types.listOf types.str;
          internal = true;
          default =
            config.options
            ++ lib.optional (config.priority != null) "pri=${toString config.priority}"
            ++ lib.optional (config.discardPolicy != null) (
              "discard" + lib.optionalString (config.discardPolicy != "both") "=${config.discardPolicy}"
            );
          defaultText = "made from the other options";
          example = [ "pri=10" ];
          description = "All options for fstab.";
        };
      };
      config.device = lib.mkIf (config ? label) (lib.mkDefault "/dev/disk/by-label/${config.label}");
    };

  files = builtins.filter (swap: swap.size != null) config.swapDevices;
in
{
  options.swapDevices = mkOption {
    type = types.listOf (types.submodule swapOptions);
    default = [ ];
    example = [
      { device = "/dev/disk/by-label/swap"; }
      {
        device = "/var/swapfile";
        size = 1024;
      }
    ];
    description = "The swap devices and files.";
  };

  config.systemd.services = lib.listToAttrs (
    map (
      swap:
      let
        unit = "${utils.escapeSystemdPath swap.device}.swap";
      in
      lib.nameValuePair "mkswap-${utils.escapeSystemdPath swap.device}" {
        description = "Make the swap file ${swap.device}";
        wantedBy = [ unit ];
        before = [ unit ];
        path = [ pkgs.util-linux ];
        script = ''
          size=$(stat -c %s ${lib.escapeShellArg swap.device} 2>/dev/null || echo 0)
          if [ "$size" != $((${toString swap.size} * 1024 * 1024)) ]; then
            rm -f ${lib.escapeShellArg swap.device}
            ( umask 0077; dd if=/dev/zero of=${lib.escapeShellArg swap.device} bs=1M count=${toString swap.size} status=none )
            mkswap ${lib.escapeShellArg swap.device}
          fi
        '';
        unitConfig.RequiresMountsFor = [ (utils.dirOfPath swap.device) ];
        unitConfig.DefaultDependencies = false;
        serviceConfig.Type = "oneshot";
        restartIfChanged = false;
      }
    ) files
  );
}
