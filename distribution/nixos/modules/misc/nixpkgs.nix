/**
  The package set that modules receive as `pkgs`: where it comes from, its configuration and overlays.
*/
{
  config,
  options,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.nixpkgs;

  # Definitions are merged deeply; `packageOverrides` of several of them are applied one after the other.
  configType = lib.mkOptionType {
    name = "nixpkgs-config";
    description = "nixpkgs config";
    check = value: builtins.isAttrs value || builtins.isFunction value;
    merge =
      _: defs:
      let
        call = value: if builtins.isFunction value then value { } else value;
        values = map (def: call def.value) defs;
        overrides = builtins.filter (f: f != null) (map (value: value.packageOverrides or null) values);
        merged = lib.foldl' lib.recursiveUpdate { } values;
      in
      merged
      // lib.optionalAttrs (overrides != [ ]) {
        packageOverrides = pkgs: lib.foldl' (result: f: result // f (pkgs // result)) { } overrides;
      };
  };

  platformName = platform: if builtins.isAttrs platform then platform.system else platform;

  wantedSystem =
    if cfg.hostPlatform != null then
      platformName cfg.hostPlatform
    else if cfg.system != null then
      cfg.system
    else
      cfg.initialSystem;

  generated = import ../../../default.nix {
    inherit (cfg) config overlays;
    system = wantedSystem;
  };
in
{
  options.nixpkgs = {
    pkgs = mkOption {
      type = types.unspecified;
      example = lib.literalExpression "import <nixpkgs> { }";
      description = ''
        A package set to use as it is. Without a definition, `nixpkgs.config`, `nixpkgs.overlays` and `nixpkgs.hostPlatform`
        describe the set.
      '';
    };

    config = mkOption {
      type = configType;
      default = { };
      example = lib.literalExpression "{ allowUnfree = true; }";
      description = "The configuration of the package set, as in `~/.config/nixpkgs/config.nix`.";
    };

    overlays = mkOption {
      type = types.listOf types.unspecified;
      default = [ ];
      example = lib.literalExpression "[ (final: prev: { openssh = prev.openssh.override { }; }) ]";
      description = "Functions `final: prev: { ... }` that add packages to the set or change them.";
    };

    hostPlatform = mkOption {
      type = types.nullOr (types.either types.str types.attrs);
      default = null;
      example = "aarch64-linux";
      description = "The platform that the system runs on; `null` means that of the evaluation.";
    };

    system = mkOption {
      type = types.nullOr types.str;
      default = null;
      example = "x86_64-linux";
      description = "The older way of naming the platform; `nixpkgs.hostPlatform` wins over it.";
    };

    initialSystem = mkOption {
      type = types.str;
      internal = true;
      default = builtins.currentSystem;
      defaultText = lib.literalExpression "builtins.currentSystem";
      example = "x86_64-linux";
      description = "The platform that the evaluation was started for.";
    };
  };

  config._module.args.pkgs = if options.nixpkgs.pkgs.isDefined then cfg.pkgs else generated;
}
