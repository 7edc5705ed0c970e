/**
  The manual of the options: `man configuration.nix`, a page to search, and the list as JSON for programs.
*/
{
  config,
  lib,
  pkgs,
  baseModules,
  extraModules,
  modulesPath,
  ...
}:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.documentation;

  # Evaluated apart from this configuration, so that every machine with the same modules has the same manual.
  documented = import ../../lib/make-options-doc {
    inherit pkgs lib;
    options = import ../../lib/make-options-doc/all-options.nix {
      inherit lib pkgs;
      modules =
        baseModules
        ++ cfg.nixos.extraModules
        ++ lib.optionals cfg.nixos.includeAllModules extraModules
        ++ [
          {
            _module.args = {
              inherit baseModules extraModules;
              modules = [ ];
            };
          }
        ];
      specialArgs = {
        inherit modulesPath;
      };
    };
    title = "NixOS Configuration Options";
    revision = config.system.nixos.version;
  };

  page = "${documented.optionsHTML}/share/doc/nixos/options.html";

  help = pkgs.writeShellScriptBin "nixos-help" ''
    # Opens the manual in whatever shows web pages here, else says where it is.
    for browser in ''${BROWSER-} xdg-open firefox w3m lynx links; do
      command -v "''${browser%% *}" > /dev/null && exec $browser ${page}
    done
    echo "$0: no program to show web pages with; the manual is in ${page}"
    echo "also: man configuration.nix"
  '';
in
{
  imports = [
    (lib.mkRenamedOptionModule [ "services" "nixosManual" "enable" ] [ "documentation" "nixos" "enable" ])
    (lib.mkRenamedOptionModule [ "programs" "man" "enable" ] [ "documentation" "man" "enable" ])
  ];

  options.documentation = {
    enable = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether documentation is installed at all.";
    };

    man.enable = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether manual pages are installed.";
    };

    nixos = {
      enable = mkOption {
        type = types.bool;
        default = true;
        example = false;
        description = "Whether the manual of the options is installed: {manpage}`configuration.nix(5)` and {command}`nixos-help`.";
      };

      extraModules = mkOption {
        type = types.listOf types.raw;
        default = [ ];
        example = lib.literalExpression "[ ./my-service.nix ]";
        description = "Further modules whose options are in the manual.";
      };

      includeAllModules = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = "Whether the modules that {env}`NIXOS_EXTRA_MODULE_PATH` adds are in the manual.";
      };
    };
  };

  config = {
    system.build.manual = {
      manual = documented.optionsHTML;
      manualHTML = documented.optionsHTML;
      manpages = documented.optionsManpage;
      inherit (documented) optionsJSON optionsCommonMark optionsAsciiDoc;
    };

    environment.systemPackages = mkIf (cfg.enable && cfg.nixos.enable) (
      [
        documented.optionsHTML
        help
      ]
      ++ lib.optional cfg.man.enable documented.optionsManpage
    );
  };
}
