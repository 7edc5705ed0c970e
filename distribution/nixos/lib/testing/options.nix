/**
  What a test is: its name, its script and how that is to be run.
*/
{ config, lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options = {
    name = mkOption {
      type = types.str;
      default = "unnamed";
      example = "login";
      description = "The name of the test.";
    };

    testScript = mkOption {
      type = types.either types.str (types.functionTo types.str);
      example = ''
        machine.wait_for_unit("multi-user.target")
        machine.succeed("uname")
      '';
      description = ''
        The script of the test; or a function from a set with `nodes`, the configurations of the machines, to it.
      '';
    };

    testScriptLanguage = mkOption {
      type = types.enum [
        "python"
        "perl"
        "typescript"
      ];
      default = "python";
      example = "typescript";
      description = "The language of the script. JavaScript is TypeScript too.";
    };

    enableOCR = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the script reads text from the machines' displays.";
    };

    skipLint = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether the script is built without a look at its syntax and names.";
    };

    skipTypeCheck = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Accepted for tests written elsewhere: types of scripts are not checked.";
    };

    globalTimeout = mkOption {
      type = types.ints.positive;
      default = 3600;
      example = 600;
      description = "The seconds after which the test has failed.";
    };

    extraPythonPackages = mkOption {
      type = types.functionTo (types.listOf types.package);
      default = _: [ ];
      defaultText = lib.literalExpression "packages: [ ]";
      example = lib.literalExpression "packages: [ packages.yaml ]";
      description = "Python packages that the script imports.";
    };

    extraDriverArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "--keep-vm-state" ];
      description = "More arguments of the driver.";
    };

    interactive = mkOption {
      type = types.deferredModule;
      default = { };
      example = lib.literalExpression "{ defaults.services.openssh.enable = true; }";
      description = "What differs in `driverInteractive`: a module of the test.";
    };

    meta = mkOption {
      type = types.attrsOf types.unspecified;
      default = { };
      example = lib.literalExpression "{ maintainers = [ ]; timeout = 900; }";
      description = "Notes about the test: who looks after it (`maintainers`), whether it is broken, its time-out.";
    };

    passthru = mkOption {
      type = types.lazyAttrsOf types.raw;
      default = { };
      example = lib.literalExpression "{ nodes = config.nodes; }";
      description = "Attributes that the test's derivation gets.";
    };

    hostPkgs = mkOption {
      type = types.raw;
      default = import ../../.. { };
      defaultText = lib.literalExpression "import <nixpkgs> { }";
      example = lib.literalExpression "pkgs";
      description = "The packages that the driver, and QEMU, are made of.";
    };

    result = mkOption {
      type = types.raw;
      internal = true;
      readOnly = true;
      description = "What to build: the test, or one of its parts.";
    };
  };

  config.result = config.test;
}
