# Property lists (XML), as macOS uses them.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    filter
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isPath
    isString
    ;
in
{
  /** Property list; `escape` says that strings are text and not XML. Attributes that are null are left out. */
  toPlist =
    {
      escape ? false,
    }:
    let
      text = if escape then lib.strings.escapeXML else x: x;

      element = tag: content: "<${tag}>${content}</${tag}>";

      # Lines of a value, without margin.
      lines =
        value:
        if value == null then
          [ "" ]
        else if isBool value then
          [ (if value then "<true/>" else "<false/>") ]
        else if isInt value then
          [ (element "integer" (toString value)) ]
        else if isString value || isPath value then
          [ (element "string" (text (toString value))) ]
        else if isList value then
          block "array" (concatMap lines value)
        else if isAttrs value then
          block "dict" (
            concatMap (name: [ (element "key" (text name)) ] ++ lines value.${name}) (
              filter (name: name != "_module" && value.${name} != null) (attrNames value)
            )
          )
        else if isFloat value then
          [ (element "real" (toString value)) ]
        else
          abort "generators.toPlist: a value of type ${builtins.typeOf value} has no form in a property list";

      # An empty block has an empty line in it, as in files written so far.
      block =
        tag: inner:
        [ "<${tag}>" ] ++ (if inner == [ ] then [ "" ] else map (line: if line == "" then "" else "\t${line}") inner) ++ [ "</${tag}>" ];
    in
    lib.warnIf (!escape) "generators.toPlist without `escape = true' takes strings as XML; set it" (
      value:
      ''
        <?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
        <plist version="1.0">
        ${concatStringsSep "\n" (lines value)}
        </plist>''
    );
}
