/**
  The machines of a test.
*/
{ config, lib, ... }:
let
  inherit (lib) mkOption types;

  evaluate =
    names: name: module:
    (import ../eval-config.nix {
      inherit lib;
      system = null;
      pkgs = config.node.pkgs;
      specialArgs = config.node.specialArgs // {
        nodes = config.nodes;
      };
      modules = [
        ../../modules/virtualisation/qemu-vm.nix
        ../../modules/testing/test-instrumentation.nix
        ../../modules/testing/test-network.nix
        {
          _file = "the test '${config.name}'";
          virtualisation.test = {
            nodeName = name;
            nodeNumber = lib.lists.findFirstIndex (each: each == name) null names + 1;
            allNodes = names;
            inherit (config) nodes;
          };
          nixpkgs.initialSystem = config.hostPkgs.stdenv.hostPlatform.system;
        }
        config.extraBaseModules
        config.defaults
        module
      ];
    });
in
{
  options = {
    nodes = mkOption {
      type = types.lazyAttrsOf types.deferredModule;
      default = { };
      apply = modules: lib.mapAttrs (name: module: (evaluate (lib.attrNames modules) name module).config) modules;
      example = lib.literalExpression ''
        {
          server = { services.openssh.enable = true; };
          client = { };
        }
      '';
      description = "The configurations of the machines.";
    };

    machine = mkOption {
      type = types.nullOr types.deferredModule;
      default = null;
      example = lib.literalExpression "{ services.openssh.enable = true; }";
      description = "The configuration of the only machine, which is called `machine`.";
    };

    defaults = mkOption {
      type = types.deferredModule;
      default = { };
      example = lib.literalExpression "{ environment.systemPackages = [ pkgs.curl ]; }";
      description = "A module that all machines have.";
    };

    extraBaseModules = mkOption {
      type = types.deferredModule;
      default = { };
      internal = true;
      example = lib.literalExpression "{ }";
      description = "Another one, for those who run tests.";
    };

    node.pkgs = mkOption {
      type = types.nullOr types.raw;
      default = null;
      example = lib.literalExpression "pkgs";
      description = "A package set that all machines use as it is; `null`: each follows its `nixpkgs` options.";
    };

    node.specialArgs = mkOption {
      type = types.lazyAttrsOf types.raw;
      default = { };
      example = lib.literalExpression "{ inherit inputs; }";
      description = "More arguments of the machines' modules, which `imports` may use.";
    };

    nodesCompat = mkOption {
      type = types.lazyAttrsOf types.raw;
      internal = true;
      readOnly = true;
      description = "The machines as older scripts expect them, with the attribute `config`.";
    };
  };

  config = {
    nodes = lib.mkIf (config.machine != null) { machine = config.machine; };
    nodesCompat = lib.mapAttrs (_: node: node // { config = node; }) config.nodes;
  };
}
