# Values as readable Nix text, for messages and for the options manual.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatStringsSep
    elem
    isAttrs
    isList
    map
    mapAttrs
    replaceStrings
    typeOf
    ;
in
rec {
  /**
    Cuts a value off below a depth, so that infinite ones can be shown. Deeper parts become "<unevaluated>", or an
    error when `throwOnDepthLimit` is set.
  */
  withRecursion =
    {
      depthLimit,
      throwOnDepthLimit ? true,
    }:
    assert builtins.isInt depthLimit;
    let
      kept = [ "__functor" "__functionArgs" "__toString" "__pretty" ];
      cut =
        if throwOnDepthLimit then
          throw "generators.withRecursion: the value is nested deeper than the limit of ${toString depthLimit}"
        else
          "<unevaluated>";
      at =
        depth: value:
        if depth > depthLimit then
          cut
        else if isAttrs value then
          mapAttrs (name: inner: if elem name kept then inner else at (depth + 1) inner) value
        else if isList value then
          map (at (depth + 1)) value
        else if depth + 1 > depthLimit then
          # A leaf counts as one level below the place where it stands.
          cut
        else
          value;
    in
    at 0;

  /**
    A value as Nix text. Functions and packages are shown in angle brackets.
    `allowPrettyValues` shows `{ __pretty; val; }` as what `__pretty val` says; `multiline = false` keeps
    everything on one line; `indent` stands before all lines but the first.
  */
  toPretty =
    {
      allowPrettyValues ? false,
      multiline ? true,
      indent ? "",
    }:
    let
      # Opening and closing bracket around items, each item on a line of its own where that is wanted.
      block =
        margin: open: items: close:
        let
          before = if multiline then "\n${margin}  " else " ";
          after = if multiline then "\n${margin}" else " ";
        in
        open + before + concatStringsSep before items + after + close;

      text =
        margin: value:
        let
          lines = lib.strings.splitString "\n" value;
          last = lib.lists.last lines;
          quotedLines = map (replaceStrings [ "\\" "\"" "\${" ] [ "\\\\" "\\\"" "\\\${" ]) lines;
          indentedLines = map (replaceStrings [ "\${" "''" ] [ "''\${" "'''" ]) (
            if last == "" then lib.lists.init lines else lines
          );
        in
        if builtins.length lines == 1 || !multiline then
          "\"" + concatStringsSep "\\n" quotedLines + "\""
        else if last == "" then
          block margin "''" indentedLines "''"
        else
          # Without a line feed at the end the closing quotes follow the text at once.
          lib.strings.removeSuffix "\n${margin}''" (block margin "''" indentedLines "''") + "''";

      function =
        value:
        let
          args = lib.trivial.functionArgs value;
          shown = map (name: if args.${name} then name + "?" else name) (attrNames args);
        in
        if args == { } then "<function>" else "<function, args: {${concatStringsSep ", " shown}}>";

      attribute =
        margin: attrs: name:
        "${lib.strings.escapeNixIdentifier name} = ${
          builtins.addErrorContext "while evaluating the attribute `${name}'" (show (margin + "  ") attrs.${name})
        };";

      set =
        margin: value:
        if allowPrettyValues && value ? __pretty && value ? val then
          value.__pretty value.val
        else if value == { } then
          "{ }"
        else if value.type or null == "derivation" then
          "<derivation ${value.name or "???"}>"
        else
          block margin "{" (map (attribute margin value) (attrNames value)) "}";

      show =
        margin: value:
        let
          type = typeOf value;
        in
        if type == "string" then
          text margin value
        else if type == "list" then
          if value == [ ] then "[ ]" else block margin "[" (map (show (margin + "  ")) value) "]"
        else if lib.trivial.isFunction value then
          function value
        else if type == "set" then
          set margin value
        else if type == "bool" then
          lib.trivial.boolToString value
        else if type == "null" then
          "null"
        else if type == "float" then
          builtins.toJSON value
        else
          toString value;
    in
    show indent;
}
