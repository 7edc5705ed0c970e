/**
  `bin/switch-to-configuration` of the toplevel: a script that takes the lock and starts Firn's switch, with this
  generation's own Node, so that a rollback uses the switch that the generation was made with.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  firn = import ../../../lib/firn-package.nix { inherit lib pkgs; };
  d = pkgs.debianPackage;

  text = ''
    #!${pkgs.runtimeShell}
    # Makes this generation the boot default, the running system, or both.
    export FIRN_TOPLEVEL=@out@
    export FIRN_INSTALL_BOOT_LOADER=${lib.escapeShellArg (toString (config.system.build.installBootLoader or ""))}
    export PATH=${
      lib.makeBinPath [
        pkgs.coreutils
        pkgs.util-linux
        config.systemd.package
      ]
    }:${lib.makeSearchPath "sbin" [ pkgs.util-linux (d "mount") ]}
    export LOCALE_ARCHIVE=/run/current-system/sw/lib/locale/locale-archive

    # One switch at a time. The lock is kept open, so that it ends with the last process that the switch started.
    case $1 in
      switch | boot | test)
        if mkdir -p /run/nixos 2> /dev/null && [ -w /run/nixos ]; then
          exec 9> /run/nixos/switch-to-configuration.lock
          if ! flock -n 9; then
            echo "waiting for another switch-to-configuration to end..." >&2
            flock 9
          fi
          export FIRN_SWITCH_LOCKED=1
        fi
        ;;
    esac
    exec ${firn}/libexec/node ${firn}/dist/switch-to-configuration.js "$@"
  '';
in
{
  options.system.switch.enable = mkOption {
    type = types.bool;
    default = firn != null;
    defaultText = "whether the channel tree has the program";
    example = false;
    description = ''
      Whether the system has the means to switch to another configuration and back while it runs. An image that is always
      replaced as a whole may go without.
    '';
  };

  config.system.extraSystemBuilderCmds = lib.mkIf config.system.switch.enable ''
    cat > switch-to-configuration <<'=end of switch='
    ${text}=end of switch=
    install_script switch-to-configuration $out/bin/switch-to-configuration
  '';
}
