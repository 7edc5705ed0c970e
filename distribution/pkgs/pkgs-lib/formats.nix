/* File formats of programs' settings, for options: `settingsFormat = pkgs.formats.json { };`.

   Each format is a function of its settings and yields `type`, the option type of values that the format can say,
   and `generate "name" value`, a file with the value. The files are for people too: one thing to a line. */
{ lib, pkgs }:

let

  inherit (lib) generators types;
  inherit (types) attrsOf bool either float int listOf nullOr oneOf path str;

  text = import ./format-text.nix { inherit lib; };

  # Values that may hold themselves; `leaves` are the types of single values.
  nested = description: leaves:
    let
      value = oneOf (leaves ++ [ (attrsOf value) (listOf value) ]) // { inherit description; };
    in
    value;

  atom = description: oneOf [ bool int float str ] // { inherit description; };

  file = toText: { generate = name: value: pkgs.writeText name (toText value); };

  # What a key of INI-like files can be set to.
  keyValueAtom = { listsAsDuplicateKeys, listToValue, atom }:
    if listsAsDuplicateKeys && listToValue != null then
      throw "formats: lists are either keys that occur several times or one value, not both"
    else if listsAsDuplicateKeys then
      types.coercedTo atom lib.singleton (listOf atom)
      // { description = "${atom.description} or a list of them for duplicate keys"; }
    else if listToValue != null then
      either atom (listOf atom) // { description = "${atom.description} or a list of them"; }
    else
      atom;

  # Lists become one value by the user's function before anything is written.
  joinLists = listToValue:
    if listToValue == null then lib.id
    else lib.mapAttrs (_: value: if lib.isList value then listToValue value else value);

  iniAtom = nullOr (atom "INI atom (bool, int, float or string)") // { description = "INI atom (null, bool, int, float or string)"; };

in
rec {
  /* JSON, indented. */
  json = { }: file text.toJSON // {
    type = nullOr (nested "JSON value" [ (nullOr bool) int float str path ]) // { description = "JSON value"; };
  };

  /* YAML, of which JSON is a part. */
  yaml = { }: json { } // {
    type = nullOr (nested "YAML value" [ (nullOr bool) int float str path ]) // { description = "YAML value"; };
  };
  yaml_1_1 = yaml;
  yaml_1_2 = yaml;

  /* TOML. */
  toml = { }: file text.toTOML // { type = nested "TOML value" [ bool int float str path ]; };

  /* Sections of keys and values. `listToValue` joins a list into one value; other settings are those of
     `lib.generators.toINI`. */
  ini = { listsAsDuplicateKeys ? false, listToValue ? null, atomsCoercedToLists ? null, ... }@settings:
    let
      value = keyValueAtom { inherit listsAsDuplicateKeys listToValue; atom = iniAtom; };
      write = generators.toINI (removeAttrs settings [ "listToValue" "atomsCoercedToLists" ]);
    in
    file (sections: write (lib.mapAttrs (_: joinLists listToValue) sections)) // {
      type = attrsOf (attrsOf value) // { description = "section of an INI file (attrs of ${value.description})"; };
      lib.types.atom = value;
    };

  /* Like `ini`, with keys before the first section: `{ globalSection; sections; }`. */
  iniWithGlobalSection = { listsAsDuplicateKeys ? false, listToValue ? null, ... }@settings:
    let
      value = keyValueAtom { inherit listsAsDuplicateKeys listToValue; atom = iniAtom; };
      write = generators.toINIWithGlobalSection (removeAttrs settings [ "listToValue" ]);
    in
    file
      (given: write {
        globalSection = joinLists listToValue (given.globalSection or { });
        sections = lib.mapAttrs (_: joinLists listToValue) (given.sections or { });
      })
    // {
      type = types.submodule {
        options = {
          sections = lib.mkOption {
            type = attrsOf (attrsOf value);
            default = { };
            description = "The sections of the INI file.";
          };
          globalSection = lib.mkOption {
            type = attrsOf value;
            default = { };
            description = "Keys before the first section.";
          };
        };
      };
      lib.types.atom = value;
    };

  /* Files of systemd: INI with keys that occur several times. */
  systemd = ini { listsAsDuplicateKeys = true; };

  /* Configuration of git: nested sections. */
  gitIni = { listsAsDuplicateKeys ? false }:
    let
      value = keyValueAtom { inherit listsAsDuplicateKeys; listToValue = null; atom = iniAtom; };
    in
    file generators.toGitINI // { type = attrsOf (attrsOf (either value (attrsOf value))); lib.types.atom = value; };

  /* Keys and values, one on a line. Settings are those of `lib.generators.toKeyValue` and `listToValue`. */
  keyValue = { listsAsDuplicateKeys ? false, listToValue ? null, ... }@settings:
    let
      value = keyValueAtom { inherit listsAsDuplicateKeys listToValue; atom = iniAtom; };
      write = generators.toKeyValue (removeAttrs settings [ "listToValue" ]);
    in
    file (attrs: write (joinLists listToValue attrs)) // { type = attrsOf value; lib.types.atom = value; };

  /* Properties of Java programs. */
  javaProperties = { comment ? "Generated with Nix", boolToString ? lib.boolToString }:
    file (text.toProperties { inherit comment boolToString; }) // {
      type = attrsOf (
        types.coercedTo (oneOf [ bool int float path ]) (value: if lib.isBool value then boolToString value else toString value) str
      );
    };

  /* Assignments of Python. */
  pythonVars = { }: file text.toPython // {
    type = attrsOf (nested "Python value" [ (nullOr bool) int float str path ]);
    lib.mkRaw = text.raw;
  };

  /* Lua: a table that the file returns, or assignments (`asBindings`). */
  lua = { multiline ? true, columnWidth ? 100, indentWidth ? 2, indentUsingTabs ? false, asBindings ? false }:
    file (value: (if asBindings then "" else "return ") + generators.toLua { inherit multiline asBindings; } value + "\n") // {
      type =
        if asBindings then
          attrsOf (nested "Lua value" [ (nullOr bool) int float str path types.luaInline ])
        else
          nullOr (nested "Lua value" [ bool int float str path types.luaInline ]);
      lib.mkRaw = lib.mkLuaInline;
    };

  /* Property list, as macOS has them. */
  plist = { escape ? true }: file (generators.toPlist { inherit escape; }) // {
    type = nullOr (nested "plist value" [ (nullOr bool) int float str path ]) // { description = "plist value"; };
  };
}
