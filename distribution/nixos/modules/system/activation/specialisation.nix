/**
  `specialisation.NAME`: variants of the system that are built along with it, stand in its toplevel, and are chosen when it
  boots or with `nixos-rebuild switch --specialisation NAME`.
*/
{
  config,
  lib,
  pkgs,
  extendSystem,
  ...
}:
let
  inherit (lib) mkOption types;

  # A variant has no variants of its own.
  plain.specialisation = lib.mkOverride 0 { };

  systemOf =
    variant:
    if variant.inheritParentConfig then
      extendSystem [
        variant.configuration
        plain
      ]
    else
      import ../../../lib/eval-config.nix {
        system = pkgs.stdenv.hostPlatform.system;
        modules = [
          variant.configuration
          plain
        ];
      };

  variantOptions.options = {
    inheritParentConfig = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the variant has everything that the system itself has.";
    };
    configuration = mkOption {
      type = types.deferredModule;
      default = { };
      example = {
        services.openssh.enable = true;
      };
      description = "What the variant is made of; with `inheritParentConfig` what it has beside the rest.";
    };
  };

  badNames = builtins.filter (name: builtins.match "[A-Za-z0-9_][A-Za-z0-9_.-]*" name == null) (
    lib.attrNames config.specialisation
  );
in
{
  options.specialisation = mkOption {
    type = types.attrsOf (types.submodule variantOptions);
    default = { };
    example = lib.literalExpression "{ rescue.configuration.services.openssh.enable = true; }";
    description = "Variants of this system, by name. Each gets an entry of its own in the boot menu.";
  };

  config = {
    assertions = [
      {
        assertion = badNames == [ ];
        message = "specialisation names may hold letters, digits, '_', '.' and '-' only, not ${
          lib.concatMapStringsSep ", " (name: "'${name}'") badNames
        }";
      }
    ];

    system.extraSystemBuilderCmds = lib.mkIf (config.specialisation != { } && badNames == [ ]) ''
      mkdir $out/specialisation
      ${lib.concatStrings (
        lib.mapAttrsToList (name: variant: ''
          ln -s ${(systemOf variant).config.system.build.toplevel} $out/specialisation/${name}
        '') config.specialisation
      )}
    '';
  };
}
