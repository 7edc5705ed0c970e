/**
  Languages: the locale of the system and the archive of all locales that programs may use.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.i18n;

  # "de_DE.UTF-8/UTF-8" is compiled from the source de_DE; the C locales are part of the C library.
  compiled = builtins.filter (l: !(builtins.elem (lib.head (lib.splitString "/" l)) [ "C.UTF-8" "C" "POSIX" ])) (
    lib.unique cfg.supportedLocales
  );
  commands = lib.concatMapStrings (
    locale:
    let
      parts = lib.splitString "/" locale;
      name = lib.head parts;
      charset = if lib.length parts > 1 then lib.elemAt parts 1 else "UTF-8";
      modifier = lib.splitString "@" name;
      source = lib.head (lib.splitString "." (lib.head modifier)) + lib.optionalString (lib.length modifier > 1) "@${lib.elemAt modifier 1}";
    in
    "make_locale ${lib.escapeShellArg source} ${lib.escapeShellArg charset} ${lib.escapeShellArg name}\n"
  ) compiled;

  archive =
    pkgs.runCommand "locale-archive"
      {
        preferLocalBuild = true;
        nativeBuildInputs = [
          (pkgs.debianPackage "libc-bin")
          pkgs.gzip
        ];
      }
      ''
        mkdir -p $out/lib/locale charmaps
        export I18NPATH=$PWD:${pkgs.debianPackage "locales"}/share/i18n
        make_locale() { # SOURCE CHARSET NAME
          if [ -e ${pkgs.debianPackage "locales"}/share/i18n/charmaps/$2.gz ]; then
            gzip -dc < ${pkgs.debianPackage "locales"}/share/i18n/charmaps/$2.gz > charmaps/$2
          fi
          if [ ! -e ${pkgs.debianPackage "locales"}/share/i18n/locales/$1 ]; then
            echo "error: there is no locale '$1'; i18n.supportedLocales names '$3'" >&2
            exit 1
          fi
          localedef --no-archive -i ${pkgs.debianPackage "locales"}/share/i18n/locales/$1 -f charmaps/$2 ./$3 || [ -e ./$3/LC_CTYPE ]
          localedef --add-to-archive --prefix=$PWD/root --replace ./$3
        }
        mkdir -p root/usr/lib/locale
        ${commands}
        find root -name locale-archive -exec cp {} $out/lib/locale/ \;
      '';
in
{
  options.i18n = {
    defaultLocale = mkOption {
      type = types.str;
      default = "en_US.UTF-8";
      example = "nl_NL.UTF-8";
      description = "The locale: the language of messages, and how dates and numbers look.";
    };
    extraLocaleSettings = mkOption {
      type = types.attrsOf types.str;
      default = { };
      example = {
        LC_TIME = "de_DE.UTF-8";
      };
      description = "Locale variables that differ from `defaultLocale`.";
    };
    supportedLocales = mkOption {
      type = types.listOf types.str;
      default = lib.unique (
        map (l: l + "/UTF-8") (
          [ cfg.defaultLocale ] ++ builtins.filter (l: l != "C") (lib.attrValues (removeAttrs cfg.extraLocaleSettings [ "LANGUAGE" ]))
        )
      );
      defaultText = "the locales that are set";
      example = [
        "en_US.UTF-8/UTF-8"
        "nl_NL/ISO-8859-1"
      ];
      description = "The locales that programs may use, as NAME/CHARSET.";
    };
    glibcLocales = mkOption {
      type = types.package;
      internal = true;
      default = archive;
      defaultText = "an archive of the supported locales";
      example = lib.literalExpression "pkgs.glibcLocales";
      description = "The package with the locale archive.";
    };
  };

  config = {
    environment.systemPackages = lib.optional (compiled != [ ]) cfg.glibcLocales;
    environment.pathsToLink = [ "/lib/locale" ];
    environment.sessionVariables = {
      LANG = cfg.defaultLocale;
      LOCALE_ARCHIVE = "/run/current-system/sw/lib/locale/locale-archive";
    }
    // cfg.extraLocaleSettings;
    systemd.globalEnvironment = {
      LANG = lib.mkDefault cfg.defaultLocale;
    };
    environment.etc."locale.conf".text =
      "LANG=${cfg.defaultLocale}\n"
      + lib.concatStrings (lib.mapAttrsToList (name: value: "${name}=${value}\n") cfg.extraLocaleSettings);
  };
}
