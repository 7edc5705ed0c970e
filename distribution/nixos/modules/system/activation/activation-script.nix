/**
  The activation script: shell fragments, in an order given by their dependencies, that bring the running system's files in
  line with a configuration. It runs at boot, before systemd, and on every switch; each fragment may run again at any time.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;

  fragmentType = types.submodule {
    options = {
      deps = mkOption {
        type = types.listOf types.str;
        default = [ ];
        example = [ "users" ];
        description = "The fragments that run before this one.";
      };
      text = mkOption {
        type = types.lines;
        default = "";
        example = "mkdir -p /var/lib/example";
        description = "The shell commands.";
      };
      supportsDryActivation = mkOption {
        type = types.bool;
        default = false;
        example = true;
        description = ''
          Whether the fragment runs in `dry-activate` too. It must then change nothing when `NIXOS_ACTION` is
          `dry-activate`.
        '';
      };
    };
  };

  # A plain string is a fragment without dependencies.
  stringOrFragment = types.coercedTo types.lines (text: { inherit text; }) fragmentType;

  guarded = name: fragment: {
    inherit (fragment) deps;
    text = ''
      #### ${name}
      _localstatus=0
      ${fragment.text}

      if [ "$_localstatus" -gt 0 ]; then
        echo "Activation script snippet '${name}' failed ($_localstatus)" >&2
      fi
    '';
  };

  header = ''
    #!${pkgs.runtimeShell}

    systemConfig=@out@
    export PATH=${
      lib.makeBinPath config.system.activationPath
      + ":"
      + lib.makeSearchPath "sbin" config.system.activationPath
    }

    # A failing command does not end the activation; the exit status tells at the end.
    _status=0
    trap '_localstatus=$?; _status=1' ERR
    umask 0022

  '';

  closure = fragments: lib.textClosureMap lib.id fragments (lib.attrNames fragments);

  footer = ''

    # The generation that is active now, and its protection from garbage collection.
    mkdir -p /nix/var/nix/gcroots
    ln -sfn "$(readlink -f "$systemConfig")" /run/.current-system.tmp
    mv -T /run/.current-system.tmp /run/current-system
    ln -sfn /run/current-system /nix/var/nix/gcroots/current-system

    exit $_status
  '';

  all = lib.mapAttrs guarded config.system.activationScripts;
  dry = lib.mapAttrs (
    name: fragment:
    if config.system.activationScripts.${name}.supportsDryActivation then
      fragment
    else
      fragment // { text = "#### ${name} does not run dry\n"; }
  ) all;
in
{
  options.system = {
    activationScripts = mkOption {
      type = types.attrsOf stringOrFragment;
      default = { };
      example = lib.literalExpression ''
        {
          motto = stringAfter [ "etc" ] "echo hello > /run/motto";
        }
      '';
      description = "The fragments of the activation script, by name. `lib.stringAfter` makes one with dependencies.";
    };

    userActivationScripts = mkOption {
      type = types.attrsOf stringOrFragment;
      default = { };
      example = lib.literalExpression ''{ cache.text = "mkdir -p ~/.cache"; }'';
      description = "Fragments that each user's manager runs when a session starts and after a switch.";
    };

    activationPath = mkOption {
      type = types.listOf types.package;
      internal = true;
      default = [ ];
      example = lib.literalExpression "[ pkgs.coreutils ]";
      description = "The packages whose commands the activation script may use.";
    };

    activatable = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether the system has an activation script; an image that is never switched may go without.";
    };
  };

  config = {
    system.activationPath = [
      pkgs.coreutils
      pkgs.findutils
      pkgs.gnugrep
      pkgs.gnused
      pkgs.util-linux
      (pkgs.debianPackage "mount")
    ];

    system.build.activationText = header + closure all + footer;
    system.build.dryActivationText = header + closure dry + "\nexit $_status\n";

    system.activationScripts = {
      # Directories that belong on every machine.
      stdio = "";
      var = ''
        mkdir -m 0755 -p /var /var/lib /var/lib/nixos /var/cache /var/log /var/spool
        mkdir -m 1777 -p /var/tmp /tmp
        mkdir -m 0755 -p /var/empty
        ln -sfn /run /var/run 2>/dev/null || true
      '';
      specialfs = ''
        mkdir -m 0755 -p /root /home /mnt
        chmod 0700 /root
      '';
      usr = ''
        # The places where programs that know nothing of the store look for files.
        for link in "/usr run/current-system/usr" "/bin usr/bin" "/sbin usr/sbin" "/lib usr/lib" "/lib64 usr/lib64"; do
          set -- $link
          if [ "$(readlink "$1" 2>/dev/null)" != "$2" ] && { [ -L "$1" ] || [ ! -e "$1" ]; }; then
            ln -sfnT "$2" "$1"
          fi
        done
      '';
    };

    systemd.user.services.nixos-activation = lib.mkIf (config.system.userActivationScripts != { }) {
      description = "Activation of the user's part of the system";
      wantedBy = [ "default.target" ];
      unitConfig.ConditionUser = "!@system";
      script = closure (lib.mapAttrs guarded config.system.userActivationScripts);
      serviceConfig.Type = "oneshot";
      serviceConfig.RemainAfterExit = true;
    };
  };
}
