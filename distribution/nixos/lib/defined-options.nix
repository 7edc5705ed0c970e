/**
  The options that the user's own files define, as data: which file sets what. It goes into every generation, so that two
  of them can be compared without evaluating either.

  Result: a list of `{ name, value, files }`. Sets and submodules are taken apart into their leaves; texts of values are short
  and free of references; what looks like a secret is not shown.
*/
{
  lib,
  options,
  # Prefix of the files that are not the user's.
  tree,
}:
let
  inherit (builtins)
    filter
    isAttrs
    isFunction
    isList
    tryEval
    ;
  isUsers = definition: !(lib.hasPrefix "${tree}/" (toString definition.file));

  # Names whose values nobody should find in a comparison.
  isSecret = name: builtins.match ".*([pP]assword|[sS]ecret|[tT]oken|psk|[pP]rivateKey).*" name != null;

  # A value's text; what is not plain data is named by its kind.
  show =
    depth: value:
    if isFunction value then
      "<function>"
    else if lib.isDerivation value then
      "<${value.name or "derivation"}>"
    else if isAttrs value then
      if depth == 0 || value ? _type then
        "{ ... }"
      else
        "{ ${lib.concatStringsSep " " (lib.mapAttrsToList (name: each: "${name} = ${show (depth - 1) each};") value)} }"
    else if isList value then
      if depth == 0 then "[ ... ]" else "[ ${lib.concatMapStringsSep " " (show (depth - 1)) value} ]"
    else if builtins.isString value then
      builtins.toJSON (builtins.unsafeDiscardStringContext value)
    else if builtins.isPath value then
      toString value
    else
      builtins.toJSON value;

  shown =
    name: value:
    let
      attempt = tryEval (
        let
          text = builtins.unsafeDiscardStringContext (show 2 value);
        in
        builtins.seq (builtins.stringLength text) text
      );
      text = if attempt.success then attempt.value else "<error>";
    in
    if isSecret name then
      "<hidden>"
    else if builtins.stringLength text > 300 then
      "${builtins.substring 0 280 text}... (${builtins.substring 0 8 (builtins.hashString "sha256" text)})"
    else
      text;

  opened = [
    "attrsOf"
    "lazyAttrsOf"
    "submodule"
  ];

  # Leaves of a definition: through sets of submodules, and through what `mkIf`, `mkForce` and the like wrap.
  leaves =
    path: depth: value:
    let
      attempt = tryEval (isAttrs value);
    in
    if !attempt.success then
      [ ]
    else if attempt.value && value._type or null == "override" then
      leaves path depth value.content
    else if attempt.value && value._type or null == "order" then
      leaves path depth value.content
    else if attempt.value && value._type or null == "if" then
      let
        condition = tryEval value.condition;
      in
      if condition.success && condition.value then leaves path depth value.content else [ ]
    else if attempt.value && value._type or null == "merge" then
      lib.concatMap (leaves path depth) value.contents
    else if attempt.value && depth > 0 && !(value ? _type) && !(lib.isDerivation value) then
      lib.concatLists (lib.mapAttrsToList (name: leaves (path ++ [ name ]) (depth - 1)) value)
    else
      let
        name = lib.showOption path;
      in
      [
        {
          inherit name;
          value = shown name value;
        }
      ];

  ofOption =
    path: option:
    let
      attempt = tryEval (filter isUsers (option.definitionsWithLocations or [ ]));
      depth = if builtins.elem (option.type.name or "") opened then 4 else 0;
    in
    lib.concatMap (
      definition: map (leaf: leaf // { file = toString definition.file; }) (leaves path depth definition.value)
    ) (lib.optionals attempt.success attempt.value);

  collect =
    path: node:
    lib.concatLists (
      lib.mapAttrsToList (
        name: child:
        let
          inner = path ++ [ name ];
        in
        if name == "_module" then
          [ ]
        # Internal options are ours, and one of them holds this very list.
        else if lib.isOption child then
          lib.optionals (!(child.internal or false)) (ofOption inner child)
        else if isAttrs child then
          collect inner child
        else
          [ ]
      ) node
    );
in
collect [ ] options
