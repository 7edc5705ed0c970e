# evalModules over many modules: each declares options of common types and defines some of its own and its
# neighbours'. Strict evaluation of `sum` forces every option once.
#   nix-instantiate --eval --strict bench/nix/modules-500.nix -A sum
{
  lib ? import ../../distribution/lib,
  modules ? 500,
  options ? 10,
}:

let
  inherit (builtins) genList toString;
  inherit (lib) mkOption types;

  name = n: "module${toString n}";

  # One of a handful of types by number, with a value that several definitions of it can share.
  optionOfKind = [
    {
      option = mkOption { type = types.bool; default = false; };
      value = n: lib.mkIf (n >= 0) true;
    }
    {
      option = mkOption { type = types.int; default = 1; };
      value = n: lib.mkForce n;
    }
    {
      option = mkOption { type = types.str; default = "text"; };
      value = n: "text ${toString n}";
    }
    {
      option = mkOption { type = types.listOf types.str; default = [ ]; };
      value = n: lib.mkBefore [ "first" (toString n) ];
    }
    {
      option = mkOption { type = types.attrsOf types.int; default = { }; };
      value = n: { a = n; b = lib.mkDefault n; };
    }
    {
      option = mkOption { type = types.nullOr types.path; default = null; };
      value = _: null;
    }
    {
      option = mkOption { type = types.lines; default = ""; };
      value = n: lib.mkMerge [ "one" (lib.mkAfter "two") ];
    }
    {
      option = mkOption {
        default = { };
        type = types.attrsOf (
          types.submodule (
            { name, ... }:
            {
              options.label = mkOption { type = types.str; default = name; };
              options.port = mkOption { type = types.port; default = 80; };
            }
          )
        );
      };
      value = n: { web.port = 8080; };
    }
    {
      option = mkOption { type = types.enum [ "small" "large" ]; default = "small"; };
      value = _: lib.mkDefault "large";
    }
    {
      option = mkOption { type = types.either types.int types.str; default = 0; };
      value = n: n;
    }
  ];
  kind = i: builtins.elemAt optionOfKind (lib.mod i 10);

  module = n: { config, lib, ... }: {
    options.services.${name n} = {
      enable = lib.mkEnableOption (name n);
      settings = builtins.listToAttrs (
        genList (i: {
          name = "option${toString i}";
          value = (kind i).option;
        }) (options - 1)
      );
    };
    # Each module switches on the next one, so that the conditions form a chain.
    config = lib.mkIf config.services.${name n}.enable (lib.recursiveUpdate {
      services.${name n}.settings = builtins.listToAttrs (
        genList (i: {
          name = "option${toString i}";
          value = (kind i).value n;
        }) (options - 1)
      );
    } (lib.optionalAttrs (n + 1 < modules) { services.${name (n + 1)}.enable = true; }));
  };

  evaluated = lib.evalModules {
    modules = genList module modules ++ [ { services.module0.enable = true; } ];
  };

  values = lib.attrValues evaluated.config.services;
in
{
  inherit (evaluated) config;
  sum = builtins.deepSeq evaluated.config (
    builtins.foldl' (total: service: total + (if service.enable then service.settings.option1 else 0)) 0 values
  );
}
