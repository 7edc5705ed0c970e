/* Text of values in formats that `lib.generators` does not have, or has for programs only. */
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
    isString
    match
    toJSON
    typeOf
    ;

  # A value that is text in the end: packages and paths become their store path.
  plain = value: if isAttrs value && value ? outPath then "${value}" else if builtins.isPath value then "${value}" else value;

  # Items between brackets, each on a line of its own.
  block = margin: open: items: close:
    if items == [ ] then open + close
    else "${open}\n${concatStringsSep ",\n" (map (item: "${margin}  ${item}") items)}\n${margin}${close}";

  jsonIn = margin: given:
    let
      value = plain given;
      inner = jsonIn (margin + "  ");
    in
    if isAttrs value then
      block margin "{" (map (name: "${toJSON name}: ${inner value.${name}}") (attrNames value)) "}"
    else if isList value then
      block margin "[" (map inner value) "]"
    else
      toJSON value;

  # TOML.

  tomlKey = name: if match "[A-Za-z0-9_-]+" name != null then name else toJSON name;

  # A table of its own may follow only where no plain key of the table before it comes later.
  isTable = value: isAttrs (plain value);
  isTableList = value: isList value && value != [ ] && lib.all isTable value;
  isPlainKey = value: !isTable value && !isTableList value;

  tomlInline = given:
    let
      value = plain given;
    in
    if isAttrs value then
      "{ ${concatStringsSep ", " (map (name: "${tomlKey name} = ${tomlInline value.${name}}") (attrNames value))} }"
    else if isList value then
      "[${lib.concatMapStringsSep ", " tomlInline value}]"
    else if isFloat value || isInt value || isBool value || isString value then
      toJSON value
    else
      throw "formats.toml: a value of type ${typeOf value} has no form in TOML";

  tomlTable = path: given:
    let
      value = plain given;
      names = attrNames value;
      keys = filter (name: isPlainKey value.${name}) names;
      deeper = filter (name: !isPlainKey value.${name}) names;
      header = concatStringsSep "." (map tomlKey path);
      at = name: path ++ [ name ];
      sub = name:
        let
          below = value.${name};
          heading = concatStringsSep "." (map tomlKey (at name));
          needsHeader = below == { } || lib.any (key: isPlainKey below.${key}) (attrNames below);
        in
        if isList below then
          lib.concatMapStrings (item: "\n[[${heading}]]\n${tomlTable (at name) item}") below
        else
          (if needsHeader then "\n[${heading}]\n" else "") + tomlTable (at name) below;
    in
    lib.concatMapStrings (name: "${tomlKey name} = ${tomlInline value.${name}}\n") keys + lib.concatMapStrings sub deeper;

  # Python.

  pythonIn = margin: given:
    let
      value = plain given;
      inner = pythonIn (margin + "  ");
    in
    if value._type or null == "raw" then
      value.text
    else if isAttrs value then
      block margin "{" (map (name: "${toJSON name}: ${inner value.${name}}") (attrNames value)) "}"
    else if isList value then
      block margin "[" (map inner value) "]"
    else if isBool value then
      if value then "True" else "False"
    else if value == null then
      "None"
    else
      toJSON value;

  propertyEscapes = [ "\\" "\n" "\r" "\t" ];
  escapeProperty = builtins.replaceStrings propertyEscapes [ "\\\\" "\\n" "\\r" "\\t" ];
  escapeKey = name: builtins.replaceStrings [ " " ":" "=" "#" "!" ] [ "\\ " "\\:" "\\=" "\\#" "\\!" ] (escapeProperty name);
  # Spaces at the front of a value would be skipped.
  escapeValue = value:
    let
      split = match "( *)(.*)" (escapeProperty value);
    in
    builtins.replaceStrings [ " " ] [ "\\ " ] (builtins.head split) + builtins.elemAt split 1;

in
{
  /* Indented JSON with a line feed at the end. */
  toJSON = value: jsonIn "" value + "\n";

  toTOML = value:
    if isAttrs (plain value) then lib.removePrefix "\n" (tomlTable [ ] value)
    else throw "formats.toml: the value of a file must be an attribute set, but is of type ${typeOf value}";

  /* Assignments of Python variables. `raw` marks code. */
  toPython = vars: lib.concatStrings (lib.mapAttrsToList (name: value: "${name} = ${pythonIn "" value}\n") vars);
  raw = text: { _type = "raw"; inherit text; };

  toProperties = { comment, boolToString }: properties:
    lib.optionalString (comment != "") (lib.concatMapStrings (line: "# ${line}\n") (lib.splitString "\n" comment) + "\n")
    + lib.concatStrings (
      lib.mapAttrsToList (
        name: value: "${escapeKey name} = ${escapeValue (if isBool value then boolToString value else toString value)}\n"
      ) properties
    );
}
