# pkgs.formats, with files as records of their name and text.
{ lib }:

let
  inherit (import ../../../distribution/pkgs/pkgs-lib {
    inherit lib;
    pkgs.writeText = name: text: { inherit name text; };
  }) formats;
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;

  # What an option of the format's type makes of definitions, as text of the file.
  written =
    format: defs:
    (format.generate "file" (
      (lib.evalModules {
        modules = [ { options.settings = lib.mkOption { inherit (format) type; }; } ] ++ map (settings: { inherit settings; }) defs;
      }).config.settings
    )).text;
in
{
  "json" = {
    expr = written (formats.json { }) [ { a = [ 1 2.5 null ]; b = { }; } { c.d = "x\"y"; e = [ ]; } ];
    expected = ''
      {
        "a": [
          1,
          2.5,
          null
        ],
        "b": {},
        "c": {
          "d": "x\"y"
        },
        "e": []
      }
    '';
  };
  "json is JSON" = { expr = builtins.fromJSON (written (formats.json { }) [ { a = [ true { b = 1; } ]; } ]); expected = { a = [ true { b = 1; } ]; }; };
  "json refuses functions" = { expr = fails (written (formats.json { }) [ { a = x: x; } ]); expected = true; };
  "yaml" = { expr = builtins.fromJSON (written (formats.yaml { }) [ [ 1 "a" ] ]); expected = [ 1 "a" ]; };
  "toml" = {
    expr = written (formats.toml { }) [ { title = "x"; server = { port = 80; hosts = [ "a" "b" ]; "odd key" = true; }; users = [ { name = "one"; } { name = "two"; tags = [ ]; } ]; deep.er.est = 1; } ];
    expected = ''
      title = "x"

      [deep.er]
      est = 1

      [server]
      hosts = ["a", "b"]
      "odd key" = true
      port = 80

      [[users]]
      name = "one"

      [[users]]
      name = "two"
      tags = []
    '';
  };
  "toml is TOML" =
    let
      value = { a = 1; b = { c = "x"; d = [ { e = true; } { f.g = [ 1 2 ]; } ]; h.i = { }; }; j = [ [ 1 ] [ 2 ] ]; k = [ { l = 1; } 2 ]; };
    in
    { expr = builtins.fromTOML (written (formats.toml { }) [ value ]); expected = value; };
  "toml refuses null" = { expr = fails (written (formats.toml { }) [ { a = null; } ]); expected = true; };
  "ini" = { expr = written (formats.ini { }) [ { one = { a = 1; b = true; }; } { one.c = "x"; two = { }; } ]; expected = "[one]\na=1\nb=true\nc=x\n\n[two]\n"; };
  "ini with duplicate keys" = { expr = written (formats.ini { listsAsDuplicateKeys = true; }) [ { s.k = [ 1 2 ]; s.l = "x"; } ]; expected = "[s]\nk=1\nk=2\nl=x\n"; };
  "ini with joined lists" = { expr = written (formats.ini { listToValue = lib.concatMapStringsSep "," toString; }) [ { s.k = [ 1 2 ]; } ]; expected = "[s]\nk=1,2\n"; };
  "ini with both is refused" = { expr = fails (formats.ini { listsAsDuplicateKeys = true; listToValue = toString; }).type.description; expected = true; };
  "iniWithGlobalSection" = { expr = written (formats.iniWithGlobalSection { }) [ { globalSection.g = 1; sections.s.k = 2; } ]; expected = "g=1\n\n[s]\nk=2\n"; };
  "systemd" = { expr = written (formats.systemd) [ { Service.ExecStart = [ "" "x" ]; } ]; expected = "[Service]\nExecStart=\nExecStart=x\n"; };
  "gitIni" = { expr = written (formats.gitIni { }) [ { user.name = "x"; url.y.insteadOf = "z"; } ]; expected = "[url \"y\"]\n\tinsteadOf = \"z\"\n\n[user]\n\tname = \"x\"\n"; };
  "keyValue" = { expr = written (formats.keyValue { }) [ { a = 1; b = "x"; } ]; expected = "a=1\nb=x\n"; };
  "javaProperties" = { expr = written (formats.javaProperties { comment = ""; }) [ { "a b" = " x\n"; c = true; d = 1; } ]; expected = "a\\ b = \\ x\\n\nc = true\nd = 1\n"; };
  "pythonVars" = { expr = written (formats.pythonVars { }) [ { A = true; B = [ 1 null ]; } ]; expected = "A = True\nB = [\n  1,\n  None\n]\n"; };
  "lua" = { expr = written (formats.lua { multiline = false; }) [ { a = [ 1 ]; } ]; expected = "return { [\"a\"] = { 1 } }\n"; };
  "descriptions" = { expr = map (f: f.type.description) [ (formats.json { }) (formats.toml { }) (formats.keyValue { }) ]; expected = [ "JSON value" "TOML value" "attribute set of (INI atom (null, bool, int, float or string))" ]; };
}
