/**
  The package manager inside the machine: Firn, with the Node that it runs on, and its configuration.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.nix;
  firn = import ../../../lib/firn-package.nix { inherit lib pkgs; };

  format =
    v:
    if builtins.isBool v then
      lib.boolToString v
    else if builtins.isList v then
      toString v
    else
      toString v;
  settings = lib.concatStrings (lib.mapAttrsToList (name: v: "${name} = ${format v}\n") cfg.settings);
  value = types.oneOf [
    types.bool
    types.int
    types.str
    types.path
    (types.listOf types.str)
  ];
  flag =
    default: description:
    mkOption {
      type = types.bool;
      inherit default description;
      example = !default;
    };
in
{
  options.nix = {
    enable = mkOption {
      type = types.bool;
      default = firn != null;
      defaultText = "whether the channel tree has the program";
      example = false;
      description = "Whether the machine has its package manager.";
    };
    package = mkOption {
      type = types.package;
      default = firn;
      defaultText = "the program of the channel tree";
      example = lib.literalExpression "pkgs.nix";
      description = "The package manager.";
    };
    settings = mkOption {
      type = types.attrsOf value;
      default = { };
      example = {
        max-jobs = 4;
        sandbox = true;
      };
      description = "Settings of `/etc/nix/nix.conf`.";
    };
    extraOptions = mkOption {
      type = types.lines;
      default = "";
      example = "keep-outputs = true";
      description = "Lines for `/etc/nix/nix.conf`.";
    };
    nixPath = mkOption {
      type = types.listOf types.str;
      default = [
        "nixpkgs=/nix/var/nix/profiles/per-user/root/channels/nixos"
        "nixos=/nix/var/nix/profiles/per-user/root/channels/nixos/nixos"
        "nixos-config=/etc/nixos/configuration.nix"
        "/nix/var/nix/profiles/per-user/root/channels"
      ];
      example = [ "nixpkgs=/home/alice/nixpkgs" ];
      description = "The search path of expressions like `<nixpkgs>`.";
    };
    envVars = mkOption {
      type = types.attrsOf types.str;
      internal = true;
      default = { };
      example = { };
      description = "Environment variables of the daemon.";
    };
    nrBuildUsers = mkOption {
      type = types.ints.unsigned;
      default = 8;
      example = 32;
      description = "How many users there are for builds; one build at a time runs as each.";
    };
    daemonNiceLevel = mkOption {
      type = types.ints.between (-20) 19;
      default = 0;
      example = 10;
      description = "How far builds step back behind other processes.";
    };
    daemonIONiceLevel = mkOption {
      type = types.ints.between 0 7;
      default = 0;
      example = 7;
      description = "How far builds step back behind others on the disk.";
    };
    gc = {
      automatic = flag false "Whether garbage is collected at set times.";
      dates = mkOption {
        type = types.either types.str (types.listOf types.str);
        default = "03:15";
        example = "weekly";
        description = "When, in the form of systemd.time(7).";
      };
      options = mkOption {
        type = types.str;
        default = "";
        example = "--delete-older-than 30d";
        description = "Arguments of nix-collect-garbage.";
      };
    };
    optimise = {
      automatic = flag false "Whether equal files of the store are made one at set times.";
      dates = mkOption {
        type = types.listOf types.str;
        default = [ "03:45" ];
        example = [ "weekly" ];
        description = "When, in the form of systemd.time(7).";
      };
    };
    requireSignedBinaryCaches = flag true "Whether what comes from a binary cache must be signed by a trusted key.";
  };

  config = lib.mkIf cfg.enable {
    nix.settings = {
      max-jobs = lib.mkDefault "auto";
      cores = lib.mkDefault 0;
      sandbox = lib.mkDefault true;
      substituters = lib.mkDefault [ ];
      trusted-public-keys = lib.mkDefault [ ];
      trusted-users = lib.mkDefault [ "root" ];
      allowed-users = lib.mkDefault [ "*" ];
      require-sigs = lib.mkDefault cfg.requireSignedBinaryCaches;
      build-users-group = lib.mkDefault "nixbld";
      system-features = lib.mkDefault [
        "nixos-test"
        "benchmark"
        "big-parallel"
        "kvm"
      ];
    };

    environment.systemPackages = [ cfg.package ];
    environment.etc = {
      "nix/nix.conf".text = ''
        # Made from the options nix.*; edit those.
        ${settings}${cfg.extraOptions}
      '';
      "nix/nixpkgs-config.nix".text = ''
        let file = builtins.getEnv "HOME" + "/.config/nixpkgs/config.nix"; in if builtins.pathExists file then import file else { }
      '';
    };
    environment.sessionVariables.NIX_PATH = cfg.nixPath;

    users.users = lib.listToAttrs (
      map (
        n:
        lib.nameValuePair "nixbld${toString n}" {
          uid = 30000 + n;
          group = "nixbld";
          extraGroups = [ "nixbld" ];
          isSystemUser = true;
          description = "Nix build user ${toString n}";
        }
      ) (lib.range 1 cfg.nrBuildUsers)
    );
    users.groups.nixbld.gid = 30000;

    systemd.tmpfiles.rules = [
      "d /nix/var/nix/profiles/per-user/root 0755 root root -"
      "d /nix/var/nix/gcroots/per-user/root 0755 root root -"
      "d /nix/var/nix/temproots 0755 root root -"
      "d /root/.nix-defexpr 0755 root root -"
      "L /root/.nix-defexpr/channels - - - - /nix/var/nix/profiles/per-user/root/channels"
    ];

    systemd.services.nix-gc = {
      description = "Nix Garbage Collector";
      script = "exec ${cfg.package}/bin/nix-collect-garbage ${cfg.gc.options}";
      startAt = if cfg.gc.automatic then cfg.gc.dates else [ ];
      serviceConfig.Type = "oneshot";
    };
    systemd.services.nix-optimise = {
      description = "Nix Store Optimiser";
      script = "exec ${cfg.package}/bin/nix-store --optimise";
      startAt = lib.optionals cfg.optimise.automatic cfg.optimise.dates;
      serviceConfig.Type = "oneshot";
    };
  };
}
