# Records of a module with everything that descriptions and values can hold.
let
  lib = import ../../../distribution/lib;
  inherit (lib) mkOption types;

  module = {
    _file = toString ./records.nix;
    options.services.example = {
      enable = lib.mkEnableOption "the `example` service";
      package = mkOption {
        type = types.package;
        defaultText = lib.literalExpression "pkgs.example";
        description = "The package to use.";
      };
      settings = mkOption {
        type = types.attrsOf (types.nullOr types.int);
        default = { };
        example = {
          workers = 2;
          limit = null;
        };
        description = ''
          Settings of {file}`/etc/example.conf`, see {manpage}`example.conf(5)` and [the site](https://example.org/docs?a=1&b=2).

          - First point, with **strong** and *emphasised* words.
          - Second point:

            ```ini
            [section]
            key = <value>
            ```

          ::: {.warning}
          Do not use `--force`; {option}`services.example.enable` does it.
          :::

          1. One.
          2. Two.
        '';
      };
      hosts = mkOption {
        type = types.attrsOf (
          types.submodule {
            options."host name" = mkOption {
              type = types.str;
              readOnly = true;
              description = "A name with `` ` `` and \\ and 1 < 2.";
            };
          }
        );
        default = { };
        defaultText = lib.literalMD "one host for *each* address";
        description = ''
          <para>Text as 15.09 had it, with <literal>code</literal>, an <option>option</option> and &lt;brackets&gt;.</para>
          <para>.A line that begins with a dot.</para>
        '';
      };
      secret = mkOption {
        type = types.str;
        internal = true;
        description = "Not for users.";
      };
      old = mkOption {
        type = types.str;
        visible = false;
        description = "Not shown.";
      };
    };
  };

  document = import ../../../distribution/nixos/lib/make-options-doc {
    pkgs = { };
    inherit lib;
    options = removeAttrs (lib.evalModules { modules = [ module ]; }).options [ "_module" ];
    roots.${toString ../../..} = "tree";
  };
in
document.optionsList
