/**
  What `nixos-option` shows of one option (or of a set of options), as data.

  `eval` is the result of `<nixpkgs/nixos>`, `path` a list of attribute names. The result's `kind` is `option`, `set` or
  `missing`; texts of values are in the form in which one would write them.
*/
{
  eval,
  path,
}:
let
  inherit (eval.pkgs) lib;

  walk =
    node: names:
    if names == [ ] then
      { found = node; }
    else if lib.isOption node then
      walkValue node.value names
    else if builtins.isAttrs node && node ? ${builtins.head names} then
      walk node.${builtins.head names} (builtins.tail names)
    else
      {
        missing = builtins.head names;
        names = if builtins.isAttrs node then visible node else [ ];
      };

  # Below an option: its value, which submodules may have made of further options.
  walkValue =
    value: names:
    if names == [ ] then
      { inside = value; }
    else if builtins.isAttrs value && value ? ${builtins.head names} then
      walkValue value.${builtins.head names} (builtins.tail names)
    else
      {
        missing = builtins.head names;
        names = if builtins.isAttrs value then visible value else [ ];
      };

  visible = node: builtins.filter (name: builtins.substring 0 1 name != "_") (builtins.attrNames node);

  # Evaluation may fail (an option without a definition) or meet what has no text; neither is the user's mistake.
  show =
    value:
    let
      attempt = builtins.tryEval (
        builtins.deepSeq (text value) (text value)
      );
    in
    if attempt.success then attempt.value else "(cannot be shown: its evaluation fails)";
  text = lib.generators.toPretty { };

  showDocumented =
    option: name:
    if option ? "${name}Text" then
      rendered option."${name}Text"
    else if option ? ${name} then
      rendered option.${name}
    else
      null;
  rendered =
    value: if builtins.isAttrs value && value ? _type && value ? text then value.text else show value;

  result = walk eval.options path;
  option = result.found;
in
if result ? missing then
  {
    kind = "missing";
    inherit (result) missing names;
  }
else if result ? inside then
  {
    kind = "value";
    value = show result.inside;
  }
else if lib.isOption option then
  {
    kind = "option";
    name = lib.showOption path;
    value = if option.isDefined or true then show option.value else null;
    default = showDocumented option "default";
    example = showDocumented option "example";
    description =
      let
        description = option.description or "";
      in
      if builtins.isAttrs description then description.text or "" else toString description;
    type = option.type.description or "unspecified";
    declaredBy = map toString (option.declarations or [ ]);
    definedBy = map (definition: {
      file = toString definition.file;
      value = show definition.value;
    }) (option.definitionsWithLocations or [ ]);
  }
else
  {
    kind = "set";
    names = visible option;
  }
