/**
  Documentation of options: as data, and as files for people and programs.

  Arguments:
  - `options`: the option tree, as `lib.evalModules` returns it.
  - `transformOptions`: function that changes each option's record before it is written.
  - `title`: heading of the documents; `manName`: name of the manual page in section 5; `revision`: shown in them.
  - `roots`: directories whose files are named without the directory: { "/path/to/tree" = "nixpkgs"; }.

  Result:
  - `optionsList`: the records of all options that users see, in the order of the documents.
  - `optionsNix`: set of the records by name: { type; default?; example?; description; declarations; readOnly; loc; }.
  - `optionsJSON`: share/doc/nixos/options.json, the same as JSON.
  - `optionsHTML`, `optionsManpage`, `optionsCommonMark`, `optionsAsciiDoc`: derivations with one document each.
*/
{
  pkgs,
  lib ? pkgs.lib,
  options,
  transformOptions ? lib.id,
  title ? "Configuration Options",
  manName ? "configuration.nix",
  revision ? "",
  roots ? {
    ${toString ../../..} = "";
  },
}:
let
  inherit (builtins) filter listToAttrs map;

  # Options that switch something on come first, then packages, then the rest, at each level.
  before =
    a: b:
    lib.compareLists (lib.splitByAndCompare (lib.hasPrefix "enable") lib.compare (
      lib.splitByAndCompare (lib.hasPrefix "package") lib.compare lib.compare
    )) a.loc b.loc < 0;

  # Files of known trees are named by their path in the tree: manuals do not depend on where it lies.
  shortFile =
    file:
    let
      text = toString file;
      root = lib.findFirst (dir: lib.hasPrefix "${dir}/" text) null (builtins.attrNames roots);
      below = lib.removePrefix "${root}/" text;
    in
    if root == null then
      text
    else if roots.${root} == "" then
      below
    else
      "${roots.${root}}/${below}";

  describePackage =
    given:
    let
      entry = if builtins.isAttrs given then given else { path = lib.toList given; };
      path = entry.path or [ entry.name ];
      name = lib.concatStringsSep "." path;
      package = entry.package or (lib.attrByPath path (throw "the related package `${name}' does not exist") pkgs);
      summary = package.meta.description or "";
    in
    "- ${lib.optionalString (entry ? title) "${entry.title} aka "}`pkgs.${name}`${
      lib.optionalString (summary != "") ": ${summary}"
    }${lib.optionalString (entry ? comment) "\n  ${entry.comment}"}\n";

  record =
    option:
    transformOptions (
      option
      // {
        declarations = map shortFile option.declarations;
      }
      // lib.optionalAttrs (option ? relatedPackages && option.relatedPackages != [ ]) {
        relatedPackages = lib.concatMapStrings describePackage option.relatedPackages;
      }
    );

  records = lib.sort before (
    filter (option: option.visible && !option.internal) (map record (lib.optionAttrSetToDocList options))
  );

  forUsers = option: removeAttrs option [ "name" "visible" "internal" ];

  optionsNix = listToAttrs (
    map (option: {
      inherit (option) name;
      value = forUsers option;
    }) records
  );

  # Values are shown, not used: what they refer to is not needed for reading about them.
  json = value: builtins.toFile "options.json" (builtins.unsafeDiscardStringContext (builtins.toJSON value));

  perl = pkgs.debianPackage "perl-base";

  # A document made by the renderer from the records in their order.
  document =
    {
      format,
      path,
      description,
    }:
    pkgs.runCommand (baseNameOf path)
      {
        records = json records;
        inherit
          format
          path
          title
          manName
          revision
          ;
        renderer = ./render;
        meta = { inherit description; };
      }
      ''
        mkdir -p "$out/$(dirname "$path")"
        ${perl}/bin/perl -I"$renderer" "$renderer/render-options.pl" < "$records" > "$out/$path"
      '';
in
{
  optionsList = records;
  inherit optionsNix;

  optionsJSON =
    pkgs.runCommand "options.json"
      {
        records = json optionsNix;
        meta.description = "List of NixOS options in JSON format";
      }
      ''
        mkdir -p "$out/share/doc/nixos" "$out/nix-support"
        cp "$records" "$out/share/doc/nixos/options.json"
        echo "file json $out/share/doc/nixos/options.json" > "$out/nix-support/hydra-build-products"
      '';

  optionsHTML = document {
    format = "html";
    path = "share/doc/nixos/options.html";
    description = "List of NixOS options as a page to be searched";
  };

  optionsManpage = document {
    format = "man";
    path = "share/man/man5/${manName}.5";
    description = "Manual page of NixOS options";
  };

  optionsCommonMark = document {
    format = "commonmark";
    path = "share/doc/nixos/options.md";
    description = "List of NixOS options in Markdown";
  };

  optionsAsciiDoc = document {
    format = "asciidoc";
    path = "share/doc/nixos/options.adoc";
    description = "List of NixOS options in AsciiDoc";
  };
}
