/**
  Files of `/etc` that the configuration makes. `/etc/static` is a link to a tree in the store, and every file in `/etc`
  is a link to its place beneath `/etc/static`: a new generation replaces that one link, and only files that come or go
  are touched. Files with a `mode` are copied, so that programs that insist on it find a plain file.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) escapeShellArg mkOption types;

  entries = builtins.filter (entry: entry.enable) (lib.attrValues config.environment.etc);

  copied = entry: entry.mode != "symlink" && entry.mode != "direct-symlink";
  owner = entry: if lib.hasPrefix "+" entry.user then lib.removePrefix "+" entry.user else entry.user;
  group = entry: if lib.hasPrefix "+" entry.group then lib.removePrefix "+" entry.group else entry.group;

  emit =
    entry:
    if copied entry then
      "copy ${escapeShellArg "${entry.source}"} ${escapeShellArg entry.target} ${escapeShellArg entry.mode} ${escapeShellArg (owner entry)} ${escapeShellArg (group entry)}\n"
    else
      "link ${escapeShellArg "${entry.source}"} ${escapeShellArg entry.target}\n";

  /*
    `$out/etc` is what `/etc/static` points to, `$out/links` the links for `/etc` itself, `$out/list` the names of those, and
    `$out/copies` one line `TARGET<tab>MODE<tab>USER<tab>GROUP` for each file to copy.
  */
  etc =
    pkgs.runCommand "etc"
      {
        preferLocalBuild = true;
        allowSubstitutes = false;
        commands = lib.concatMapStrings emit (lib.sort (a: b: a.target < b.target) entries);
        passAsFile = [ "commands" ];
      }
      ''
        mkdir -p $out/etc $out/links
        : > $out/copies
        cd $out

        place() { # SOURCE TARGET
          mkdir -p "$(dirname "etc/$2")"
          if [ -e "etc/$2" ] || [ -L "etc/$2" ]; then
            if [ "$(readlink "etc/$2")" != "$1" ]; then
              echo "error: two different sources for the file '/etc/$2': '$(readlink "etc/$2")' and '$1'" >&2
              exit 1
            fi
          fi
          ln -sfn "$1" "etc/$2"
        }

        link() {
          local source=$1 target=$2 file
          case $source in
            *'*'*)
              for file in $source; do
                link "$file" "$target/''${file##*/}"
              done
              return
              ;;
          esac
          place "$source" "$target"
          mkdir -p "$(dirname "links/$target")"
          ln -sfn "/etc/static/$target" "links/$target"
        }

        copy() { # SOURCE TARGET MODE USER GROUP
          place "$1" "$2"
          printf '%s\t%s\t%s\t%s\n' "$2" "$3" "$4" "$5" >> copies
        }

        . "$commandsPath"
        (cd links && find . -type l -printf '%P\n' | sort) > list
      '';
in
{
  options.environment.etc = mkOption {
    default = { };
    example = lib.literalExpression ''
      {
        "example.conf".text = "colour = blue";
        "example.secret" = { source = ./secret; mode = "0400"; };
      }
    '';
    description = "Files to place in `/etc`, by their path beneath it.";
    type = types.attrsOf (
      types.submodule (
        { name, config, ... }:
        {
          options = {
            enable = mkOption {
              type = types.bool;
              default = true;
              example = false;
              description = "Whether the file is there.";
            };
            target = mkOption {
              type = types.str;
              default = name;
              defaultText = "the attribute's name";
              example = "example/example.conf";
              description = "Where the file is, relative to `/etc`.";
            };
            text = mkOption {
              type = types.nullOr types.lines;
              default = null;
              example = "colour = blue";
              description = "The content of the file.";
            };
            source = mkOption {
              type = types.oneOf [
                types.path
                types.package
              ];
              example = lib.literalExpression "./example.conf";
              description = "The file or directory that the entry points to.";
            };
            mode = mkOption {
              type = types.strMatching "symlink|direct-symlink|[0-7]{3,5}";
              default = "symlink";
              example = "0600";
              description = "`symlink`, or the permissions of a copy that is made instead of a link.";
            };
            uid = mkOption {
              type = types.int;
              default = 0;
              example = 1000;
              description = "The number of the copy's owner.";
            };
            gid = mkOption {
              type = types.int;
              default = 0;
              example = 100;
              description = "The number of the copy's group.";
            };
            user = mkOption {
              type = types.str;
              default = "+${toString config.uid}";
              defaultText = "`uid`";
              example = "alice";
              description = "The name of the copy's owner; it wins over `uid`.";
            };
            group = mkOption {
              type = types.str;
              default = "+${toString config.gid}";
              defaultText = "`gid`";
              example = "users";
              description = "The name of the copy's group; it wins over `gid`.";
            };
          };

          # A text without references becomes a file of the store at once, without a build.
          config.source = lib.mkIf (config.text != null) (
            let
              fileName = "etc-" + builtins.replaceStrings [ "/" "@" ":" "\\" " " "~" ] [ "-" "-" "-" "-" "-" "-" ] name;
            in
            if builtins.hasContext config.text then
              pkgs.writeText fileName config.text
            else
              builtins.toFile fileName config.text
          );
        }
      )
    );
  };

  config = {
    system.build.etc = etc;

    system.activationScripts.etc = {
      deps = [ "users" "groups" ];
      supportsDryActivation = false;
      text = ''
        # Links and copies of /etc.
        echo "setting up /etc..."
        ${pkgs.runtimeShell} ${./setup-etc.sh} ${etc}
      '';
    };
  };
}
