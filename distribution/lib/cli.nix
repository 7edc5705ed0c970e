# Command lines from attribute sets.
{ lib }:

let
  inherit (builtins)
    concatLists
    concatMap
    isBool
    isList
    stringLength
    ;
  inherit (lib.attrsets) mapAttrsToList;

  text = lib.generators.mkValueStringDefault { };
  toShell = render: settings: attrs: lib.strings.escapeShellArgs (render settings attrs);
in
rec {
  /**
    Arguments from a set. `format name` says how an option is written: `{ option; sep; explicitBool; formatArg; }`;
    with `sep = null` the value is an argument of its own. null leaves an option out, lists repeat it; unless
    `explicitBool`, true is the option alone and false leaves it out.
  */
  toCommandLine =
    format: attrs:
    let
      one =
        name: value:
        let
          inherit (format name) option sep explicitBool;
          formatArg = (format name).formatArg or text;
          arg = formatArg value;
        in
        if value == null then
          [ ]
        else if isBool value && !explicitBool then
          lib.lists.optional value option
        else if sep == null then
          [ option arg ]
        else
          [ (option + sep + arg) ];
      all =
        name: value:
        if name == "" then
          throw "lib.cli.toCommandLine: the name of an option must not be empty"
        else
          concatMap (one name) (lib.lists.toList value);
    in
    concatLists (mapAttrsToList all attrs);

  /** `toCommandLine` as a piece of a shell command. */
  toCommandLineShell = toShell toCommandLine;

  /** Arguments as GNU programs take them: `-o VALUE` in one word for short options, `--option=VALUE` for long ones. */
  toCommandLineGNU =
    {
      isLong ? name: stringLength name > 1,
      explicitBool ? false,
      formatArg ? text,
    }:
    toCommandLine (name: {
      option = if isLong name then "--${name}" else "-${name}";
      sep = if isLong name then "=" else "";
      inherit explicitBool formatArg;
    });

  /** `toCommandLineGNU` as a piece of a shell command. */
  toCommandLineShellGNU = toShell toCommandLineGNU;

  /** Former way: every part of the rendering can be replaced; values are arguments of their own by default. */
  toGNUCommandLine =
    {
      mkOptionName ? name: if stringLength name == 1 then "-${name}" else "--${name}",
      mkBool ? name: value: lib.lists.optional value (mkOptionName name),
      mkList ? name: concatMap (mkOption name),
      mkOption ?
        name: value:
        if value == null then
          [ ]
        else if optionValueSeparator == null then
          [ (mkOptionName name) (text value) ]
        else
          [ (mkOptionName name + optionValueSeparator + text value) ],
      optionValueSeparator ? null,
    }:
    attrs:
    concatLists (
      mapAttrsToList (
        name: value:
        if isBool value then
          mkBool name value
        else if isList value then
          mkList name value
        else
          mkOption name value
      ) attrs
    );

  /** `toGNUCommandLine` as a piece of a shell command. */
  toGNUCommandLineShell = toShell toGNUCommandLine;
}
