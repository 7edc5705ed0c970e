# Values in other languages.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatStringsSep
    filter
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isPath
    isString
    map
    match
    ;
  inherit (lib.attrsets) isDerivation mapAttrsToList;
in
rec {
  /** JSON. */
  toJSON = { }: builtins.toJSON;

  /** YAML, of which JSON is a part. */
  toYAML = { }: builtins.toJSON;

  /** Lua code that `toLua` takes over as it is. */
  mkLuaInline = expr: {
    _type = "lua-inline";
    inherit expr;
  };

  /** Lua value; `asBindings` makes assignments to variables of a set instead. */
  toLua =
    {
      multiline ? true,
      indent ? "",
      asBindings ? false,
    }:
    let
      table =
        margin: items:
        let
          inner = if multiline then "\n${margin}  " else " ";
          outer = if multiline then "\n${margin}" else " ";
        in
        if items == [ ] then "{}" else "{${inner}${concatStringsSep ",${inner}" items}${outer}}";

      show =
        margin: value:
        let
          deeper = show (margin + "  ");
        in
        if value == null then
          "nil"
        else if isInt value || isFloat value || isString value || isBool value then
          builtins.toJSON value
        else if isPath value || isDerivation value then
          builtins.toJSON "${value}"
        else if isList value then
          table margin (map deeper value)
        else if value._type or null == "lua-inline" then
          "(${value.expr})"
        else if isAttrs value then
          table margin (mapAttrsToList (name: v: "[${builtins.toJSON name}] = ${deeper v}") value)
        else
          abort "generators.toLua: a value of type ${builtins.typeOf value} has no form in Lua";

      isVariable = name: match "[[:alpha:]_][[:alnum:]_]*(\\.[[:alpha:]_][[:alnum:]_]*)*" name != null;

      bindings =
        attrs:
        let
          bad = filter (name: !isVariable name) (attrNames attrs);
        in
        if bad != [ ] then
          throw "generators.toLua: these are no names of Lua variables: ${concatStringsSep ", " bad}"
        else
          lib.strings.concatStrings (mapAttrsToList (name: value: "${indent}${name} = ${show indent value}\n") attrs);
    in
    if asBindings then bindings else show indent;

  /** Dhall value. */
  toDhall =
    { }@settings:
    value:
    let
      inner = toDhall settings;
    in
    if isAttrs value then
      "{ ${concatStringsSep ", " (mapAttrsToList (name: v: "${name} = ${inner v}") value)} }"
    else if isList value then
      "[ ${lib.strings.concatMapStringsSep ", " inner value} ]"
    else if isInt value then
      (if value < 0 then "" else "+") + toString value
    else if isBool value then
      if value then "True" else "False"
    else if builtins.isFunction value then
      abort "generators.toDhall: a function has no form in Dhall"
    else if value == null then
      abort "generators.toDhall: null has no form in Dhall"
    else
      builtins.toJSON value;
}
