# Derivations as values.
{ lib }:

let
  inherit (builtins) isFunction mapAttrs removeAttrs;
in
rec {
  inherit (builtins) unsafeDiscardOutputDependency;

  /** Makes a string's reference to a derivation include its outputs; needs a Nix that has the builtin. */
  addDrvOutputDependencies =
    builtins.addDrvOutputDependencies
      or (_text: throw "addDrvOutputDependencies: this version of Nix has no such builtin (2.20 or newer has it)");

  /**
    Stands for a derivation with little evaluation: attributes that are given here (`meta`, `passthru`, `outputs`) do
    not evaluate it, and others than the usual ones are not passed on.
  */
  lazyDerivation =
    {
      derivation,
      meta ? null,
      passthru ? { },
      outputs ? [ "out" ],
    }@given:
    let
      show = lib.generators.toPretty { multiline = false; };
      checked =
        if derivation.type or null != "derivation" then
          throw "lazyDerivation: input must be a derivation."
        else if derivation.outputs != outputs then
          throw (
            "lazyDerivation: the derivation ${derivation.name or "?"} has other outputs than `outputs' says."
            + "\n  said:   ${show outputs}\n  actual: ${show derivation.outputs}"
            + "\n  hint: pass `outputs = ${show derivation.outputs}', in this order"
          )
        else
          derivation;
    in
    {
      type = "derivation";
      inherit (checked)
        name
        system
        drvPath
        outPath
        outputName
        ;
      inherit outputs;
      meta = given.meta or checked.meta;
    }
    // lib.attrsets.genAttrs outputs (output: checked.${output})
    // passthru;

  /** The value when the condition holds, else null, which derivations leave out of their environment. */
  optionalDrvAttr = condition: value: if condition then value else null;

  /** Derivation that prints a warning when it is instantiated; looking at its name or meta does not. */
  warnOnInstantiate =
    message: drv:
    let
      warned = removeAttrs drv [ "meta" "name" "type" "outputName" ];
    in
    drv
    // mapAttrs (_: lib.warn message) warned
    // (
      if isFunction drv.overrideAttrs or null then
        { overrideAttrs = change: warnOnInstantiate message (drv.overrideAttrs change); }
      else
        { }
    );
}
