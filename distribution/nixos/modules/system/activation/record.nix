/**
  What a generation records of the configuration that it was made from: the options that the user's files define. With it
  `nixos-rebuild plan` and `nixos-rebuild diff` say what changed, and in which file.
*/
{
  config,
  lib,
  options,
  ...
}:
let
  defined = import ../../../lib/defined-options.nix {
    inherit lib options;
    tree = toString ../../../..;
  };
in
{
  options.system.recordOptions = lib.mkOption {
    type = lib.types.bool;
    default = true;
    example = false;
    description = "Whether the system holds a list of the options that its configuration defines, for comparisons.";
  };

  config = {
    system.build.definedOptions = defined;
    system.extraSystemBuilderCmds = lib.mkIf config.system.recordOptions ''
      cat > $out/defined-options.json <<'=end of options='
      ${builtins.unsafeDiscardStringContext (builtins.toJSON defined)}
      =end of options=
    '';
  };
}
