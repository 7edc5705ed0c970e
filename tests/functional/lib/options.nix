# lib.options
{ lib }:

let
  inherit (lib) mkOption types;
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
  defs = values: map (value: { file = "file"; inherit value; }) values;
  merge = values: lib.mergeDefaultOption [ "x" ] (defs values);

  evaluated = lib.evalModules {
    modules = [
      {
        options = {
          plain = mkOption { type = types.int; default = 1; example = 2; description = "A number."; };
          text = mkOption { type = types.str; defaultText = lib.literalExpression "config.plain"; default = throw "not evaluated"; };
          hidden = mkOption { type = types.int; visible = false; internal = true; };
          users = mkOption {
            type = types.attrsOf (types.submodule { options.name = mkOption { type = types.str; readOnly = true; }; });
          };
        };
      }
    ];
  };
  # Without the options of the module system itself, which each submodule has, too.
  documents = lib.filter (d: !lib.elem "_module" d.loc) (lib.optionAttrSetToDocList evaluated.options);
  document = name: lib.findFirst (d: d.name == name) null documents;
in
{
  "mkEnableOption" = { expr = { inherit (lib.mkEnableOption "things") default example description; }; expected = { default = false; example = true; description = "Whether to enable things."; }; };
  "mkPackageOption" = {
    expr =
      let
        pkgs.python.torch = "torch";
        option = lib.mkPackageOption pkgs [ "python" "torch" ] { example = [ "python" "other" ]; };
      in
      { inherit (option) default defaultText description example; };
    expected = {
      default = "torch";
      defaultText = { _type = "literalExpression"; text = "pkgs.python.torch"; };
      description = "The torch package to use.";
      example = { _type = "literalExpression"; text = "pkgs.python.other"; };
    };
  };
  "mkPackageOption without default" = {
    expr = [ (lib.mkPackageOption { } "x" { default = null; } ? default) (lib.mkPackageOption { } "x" { default = null; nullable = true; }).default ];
    expected = [ false null ];
  };
  "isOption" = { expr = map lib.isOption [ (mkOption { }) { } 3 ]; expected = [ true false false ]; };

  "mergeDefaultOption by what the values are" = {
    expr = [ (merge [ [ 1 ] [ 2 ] ]) (merge [ { a = 1; } { b = 2; } ]) (merge [ "a" "b" ]) (merge [ true false ]) (merge [ 3 3 ]) (merge [ (x: [ x ]) (x: [ (x + 1) ]) ] 1) (fails (merge [ 3 4 ])) ];
    expected = [ [ 1 2 ] { a = 1; b = 2; } "ab" true 3 [ 1 2 ] true ];
  };
  "mergeOneOption" = { expr = [ (lib.mergeOneOption [ "x" ] (defs [ 1 ])) (fails (lib.mergeOneOption [ "x" ] (defs [ 1 1 ]))) ]; expected = [ 1 true ]; };
  "mergeEqualOption" = { expr = [ (lib.mergeEqualOption [ "x" ] (defs [ 1 1 ])) (fails (lib.mergeEqualOption [ "x" ] (defs [ 1 2 ]))) ]; expected = [ 1 true ]; };

  "showOption" = {
    expr = map lib.showOption [ [ "a" "b" ] [ "a" "b.c" ] [ "2bwm" ] [ "x" "<name>" "*" ] ];
    expected = [ "a.b" "a.\"b.c\"" "\"2bwm\"" "x.<name>.*" ];
  };
  "showFiles" = { expr = lib.showFiles [ "a" "b" ]; expected = "`a' and `b'"; };

  "documents: names" = { expr = map (d: d.name) documents; expected = [ "hidden" "plain" "text" "users" "users.<name>.name" ]; };
  "documents: a plain option" = {
    expr = { inherit (document "plain") default description example type internal visible readOnly; };
    expected = {
      default = { _type = "literalExpression"; text = "1"; };
      example = { _type = "literalExpression"; text = "2"; };
      description = "A number.";
      type = "signed integer";
      internal = false;
      visible = true;
      readOnly = false;
    };
  };
  "documents: defaultText stands for the default" = { expr = (document "text").default.text; expected = "config.plain"; };
  "documents: hidden ones say so" = { expr = [ (document "hidden").visible (document "hidden").internal ]; expected = [ false true ]; };
  "documents: read-only ones say so" = { expr = (document "users.<name>.name").readOnly; expected = true; };
  "literalExpression wants text" = { expr = fails (lib.literalExpression 3).text; expected = true; };
  "renderOptionValue" = { expr = (lib.options.renderOptionValue { a = true; }).text; expected = "{\n  a = true;\n}"; };
}
