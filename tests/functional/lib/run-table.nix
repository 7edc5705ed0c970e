# Runs a table of tests `{ NAME = { expr; expected; }; }` and yields, for each name, null or what went wrong as text.
{
  lib ? import ../../../distribution/lib,
  table,
}:

let
  show =
    value:
    builtins.unsafeDiscardStringContext (
      lib.generators.toPretty { } (
        lib.generators.withRecursion {
          depthLimit = 8;
          throwOnDepthLimit = false;
        } value
      )
    );
  run =
    test:
    let
      result = builtins.tryEval (builtins.deepSeq test.expr test.expr);
    in
    if !result.success then
      "the expression throws"
    else if result.value == test.expected then
      null
    else
      "expected:\n${show test.expected}\nactual:\n${show result.value}";
in
builtins.mapAttrs (_: run) (import table { inherit lib; })
