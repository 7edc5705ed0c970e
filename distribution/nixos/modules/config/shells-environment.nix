/**
  Environment variables and start-up files of shells.
*/
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.environment;

  valueType = types.oneOf [
    types.str
    types.int
    types.path
    types.package
    (types.listOf types.str)
  ];
  formatValue = value: if builtins.isList value then lib.concatStringsSep ":" value else toString value;

  exports =
    variables:
    lib.concatStrings (lib.mapAttrsToList (name: value: "export ${name}=\"${formatValue value}\"\n") variables);

  lines =
    description:
    mkOption {
      type = types.lines;
      default = "";
      example = "export EDITOR=nano";
      inherit description;
    };

  pathOfProfiles = suffix: lib.concatMapStringsSep ":" (profile: "${profile}/${suffix}") cfg.profiles;
in
{
  options.environment = {
    variables = mkOption {
      type = types.attrsOf (types.nullOr valueType);
      default = { };
      example = {
        EDITOR = "nano";
      };
      description = "Variables that every shell sets. Lists are joined by colons.";
      apply = lib.filterAttrs (_: value: value != null);
    };
    sessionVariables = mkOption {
      type = types.attrsOf (types.nullOr valueType);
      default = { };
      example = {
        LANG = "C.UTF-8";
      };
      description = "Variables of every login, set by PAM before any shell.";
      apply = lib.filterAttrs (_: value: value != null);
    };
    profiles = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "/opt/tools" ];
      description = "Directories laid out as profiles whose programs are on `PATH`; the first wins.";
    };
    shells = mkOption {
      type = types.listOf (types.either types.package types.str);
      default = [ ];
      example = lib.literalExpression "[ pkgs.zsh ]";
      description = "The shells that users may choose.";
    };
    shellAliases = mkOption {
      type = types.attrsOf (types.nullOr types.str);
      default = { };
      example = {
        l = null;
        ll = "ls -l";
      };
      description = "Abbreviations for interactive shells.";
    };
    shellInit = lines "Commands of every shell.";
    loginShellInit = lines "Commands of login shells.";
    interactiveShellInit = lines "Commands of interactive shells.";
    extraInit = lines "Commands of every shell that set its environment, after the others.";
    homeBinInPath = mkOption {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether `~/bin` is on `PATH`.";
    };
  };

  options.programs.bash = {
    enable = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether bash has its start-up files in `/etc`.";
    };
    shellAliases = mkOption {
      type = types.attrsOf (types.nullOr types.str);
      default = { };
      example = {
        ll = "ls -l";
      };
      description = "Abbreviations for bash, beside `environment.shellAliases`.";
    };
    shellInit = lines "Commands of every bash.";
    loginShellInit = lines "Commands of bash as login shell.";
    interactiveShellInit = lines "Commands of interactive bash.";
    promptInit = mkOption {
      type = types.lines;
      default = ''
        if [ "$TERM" != dumb ] || [ -n "$INSIDE_EMACS" ]; then
          if [ "$UID" = 0 ]; then colour=31; else colour=32; fi
          PS1="\n\[\033[1;''${colour}m\][\u@\h:\w]\\$\[\033[0m\] "
          unset colour
        fi
      '';
      example = "PS1='$ '";
      description = "The commands that set the prompt.";
    };
    enableCompletion = mkOption {
      type = types.bool;
      default = true;
      example = false;
      description = "Whether interactive bash completes the arguments of commands.";
    };
    completion.enable = mkOption {
      type = types.bool;
      default = config.programs.bash.enableCompletion;
      defaultText = lib.literalExpression "config.programs.bash.enableCompletion";
      example = false;
      description = "Whether interactive bash completes the arguments of commands.";
    };
  };

  config = {
    environment.profiles = lib.mkAfter [
      "$HOME/.nix-profile"
      "/etc/profiles/per-user/$USER"
      "/nix/var/nix/profiles/default"
      "/run/current-system/sw"
    ];
    environment.variables = {
      NIXPKGS_CONFIG = "/etc/nix/nixpkgs-config.nix";
      PAGER = lib.mkDefault "less";
      EDITOR = lib.mkDefault "nano";
      XDG_DATA_DIRS = [ (pathOfProfiles "share") ];
      XDG_CONFIG_DIRS = [ "/etc/xdg" ];
      TERMINFO_DIRS = [ (pathOfProfiles "share/terminfo") ];
    };
    environment.shellAliases = {
      ls = lib.mkDefault "ls --color=tty";
      ll = lib.mkDefault "ls -l";
      l = lib.mkDefault "ls -alh";
    };
    environment.shells = [
      "/run/current-system/sw/bin/bash"
      "/run/current-system/sw/bin/sh"
      "/bin/bash"
      "/bin/sh"
    ];

    system.build.setEnvironment = pkgs.writeText "set-environment" ''
      # Made from the options environment.*; edit those.
      ${exports config.environment.sessionVariables}${exports cfg.variables}
      export PATH="/run/wrappers/bin:${pathOfProfiles "bin"}:${pathOfProfiles "sbin"}:/usr/sbin:/usr/bin"
      ${lib.optionalString cfg.homeBinInPath ''export PATH="$HOME/bin:$PATH"''}
      ${cfg.extraInit}
      export __NIXOS_SET_ENVIRONMENT_DONE=1
    '';

    environment.etc = {
      shells.text = lib.concatMapStrings (shell: (if lib.isDerivation shell then "${shell}/bin/${shell.pname}" else shell) + "\n") (lib.unique cfg.shells);
      "set-environment".source = config.system.build.setEnvironment;
      "pam/environment".text = lib.concatStrings (
        lib.mapAttrsToList (name: value: "${name} DEFAULT=\"${formatValue value}\"\n") cfg.sessionVariables
      )
      + "PATH DEFAULT=\"/run/wrappers/bin:/nix/var/nix/profiles/default/bin:/run/current-system/sw/bin:/usr/sbin:/usr/bin\"\n";
      profile.text = ''
        # /etc/profile: read by login shells.
        if [ -z "$__NIXOS_SET_ENVIRONMENT_DONE" ]; then
          . /etc/set-environment
        fi
        ${cfg.shellInit}
        ${cfg.loginShellInit}
        ${config.programs.bash.shellInit}
        ${config.programs.bash.loginShellInit}
        if [ -r /etc/profile.local ]; then
          . /etc/profile.local
        fi
        if [ -n "''${BASH_VERSION:-}" ]; then
          . /etc/bashrc
        fi
      '';
      bashrc.text = ''
        # /etc/bashrc: read by interactive bash.
        if [ -n "$__ETC_BASHRC_SOURCED" ]; then return; fi
        __ETC_BASHRC_SOURCED=1
        if [ -z "$__NIXOS_SET_ENVIRONMENT_DONE" ]; then
          . /etc/set-environment
        fi
        if [ -n "$PS1" ]; then
          shopt -s checkwinsize
          ${config.programs.bash.promptInit}
          ${lib.concatStrings (
            lib.mapAttrsToList (name: value: lib.optionalString (value != null) "alias -- ${name}=${lib.escapeShellArg value}\n") (
              cfg.shellAliases // config.programs.bash.shellAliases
            )
          )}
          ${cfg.interactiveShellInit}
          ${config.programs.bash.interactiveShellInit}
        fi
        if [ -r /etc/bashrc.local ]; then
          . /etc/bashrc.local
        fi
      '';
      "bash.bashrc".text = ''
        # Debian's bash reads this file; the settings are in /etc/bashrc.
        . /etc/bashrc
      '';
      inputrc.text = ''
        set bell-style none
        set colored-stats on
        "\e[1~": beginning-of-line
        "\e[4~": end-of-line
        "\e[3~": delete-char
      '';
    };
  };
}
