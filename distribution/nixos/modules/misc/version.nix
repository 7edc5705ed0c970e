/**
  The version of the system: of the tree that it was made from, and of the state that it started with.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.system.nixos;

  root = ../../..;
  readOr =
    path: default:
    if builtins.pathExists path then lib.removeSuffix "\n" (builtins.readFile path) else default;

  readOnly =
    default: example: description:
    mkOption {
      type = types.str;
      inherit default example description;
    };
in
{
  options.system = {
    stateVersion = mkOption {
      type = types.str;
      default = cfg.release;
      defaultText = lib.literalExpression "config.system.nixos.release";
      example = "15.09";
      description = ''
        The release with which this machine was first installed. Some services keep state whose form depends on the
        release; they look here to keep the form that the machine already has. Do not change it when upgrading.
      '';
    };

    nixos = {
      release = readOnly (readOr (root + "/.version") (readOr ../../release/version "0")) "26.11" "The release, without what was added to it since.";
      versionSuffix =
        readOnly (readOr (root + "/.version-suffix") ".local") ".20261123.0123abc"
          "What follows the release in the version: the date and revision of the channel.";
      version = readOnly (cfg.release + cfg.versionSuffix) "26.11.20261123.0123abc" "The full version.";
      revision = mkOption {
        type = types.nullOr types.str;
        default =
          let
            revision = readOr (root + "/.git-revision") "";
            channel = root + "/debian/channel.nix";
          in
          if revision != "" then
            revision
          else if builtins.pathExists channel then
            (import channel).revision or null
          else
            null;
        defaultText = "the revision recorded in the tree";
        example = "0123abc";
        description = "The revision that the tree was made from, when that is known.";
      };
      codeName = readOnly (readOr ../../release/codename "Sastrugi") "Sastrugi" "The name of the release.";
      label = readOnly (lib.concatStringsSep "-" (config.system.nixos.tags ++ [ cfg.version ])) "with-debug-26.11" "The name of this system in the boot menu.";
      tags = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "with-debug" ];
        description = "Words to put in front of the version in the boot menu.";
      };
      variant_id = mkOption {
        type = types.nullOr types.str;
        default = null;
        example = "installer";
        description = "What kind of system this is, in a word for programs.";
      };
    };

    defaultChannel = mkOption {
      type = types.str;
      internal = true;
      default = "debian:trixie";
      example = "debian:sid";
      description = "The channel that a new machine is subscribed to.";
    };

    configurationRevision = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "b1946ac92492d2347c6235b4d2611184";
      description = "The revision of the configuration that this system was made from; shown by `nixos-version --json`.";
    };
  };

  config = {
    environment.etc."os-release".text = ''
      NAME=NixOS
      ID=nixos
      VERSION="${cfg.version} (${cfg.codeName})"
      VERSION_CODENAME=${lib.toLower cfg.codeName}
      VERSION_ID="${cfg.release}"
      BUILD_ID="${cfg.version}"
      PRETTY_NAME="NixOS ${cfg.release} (${cfg.codeName})"
      ID_LIKE=debian
    ''
    + lib.optionalString (cfg.variant_id != null) "VARIANT_ID=${cfg.variant_id}\n";

    environment.etc."lsb-release".text = ''
      LSB_VERSION=${cfg.release}
      DISTRIB_ID=nixos
      DISTRIB_RELEASE="${cfg.release}"
      DISTRIB_CODENAME=${lib.toLower cfg.codeName}
      DISTRIB_DESCRIPTION="NixOS ${cfg.release} (${cfg.codeName})"
    '';
  };
}
