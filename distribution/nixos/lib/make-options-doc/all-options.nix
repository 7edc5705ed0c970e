/**
  The option tree of a list of modules, evaluated for documentation alone: nobody's configuration takes part, so that the
  result is the same on every machine.

  Packages that option defaults mention are shown by their names ("pkgs.hello") instead of being evaluated.
*/
{
  lib,
  pkgs,
  modules,
  specialArgs ? { },
}:
let
  inherit (builtins) isAttrs mapAttrs tryEval;

  # A set of packages whose packages show as their name, and can be interpolated. Deeper sets likewise.
  shown =
    prefix:
    mapAttrs (
      name: value:
      let
        text = "${prefix}.${lib.strings.escapeNixIdentifier name}";
        attempt = tryEval (isAttrs value);
        placeholder = {
          __pretty = _value: text;
          val = text;
          outPath = "\${${text}}";
          drvPath = "\${${text}}";
        };
      in
      if !attempt.success || !attempt.value then
        value
      else if lib.isDerivation value then
        value // placeholder
      else if value.recurseForDerivations or false || lib.hasSuffix "Packages" name then
        shown text value
      else
        value
    );

  evaluated = lib.evalModules {
    modules = modules ++ [
      {
        _module.check = false;
        _module.args.pkgs = lib.mkForce (shown "pkgs" pkgs // { inherit (pkgs) lib path; });
      }
    ];
    inherit specialArgs;
  };
in
evaluated.options
