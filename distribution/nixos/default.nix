/**
  Entry point of the system tree: evaluates one machine's configuration.

  `configuration` is a module (a path, a function or a set); without it the file comes from the environment variable
  `NIXOS_CONFIG` or the search path entry `<nixos-config>`.

  Result: `config`, `options`, `pkgs`, and as shortcuts `system` (the toplevel), `vm` and `vmWithBootLoader` (programs that
  run the same configuration in QEMU).
*/
{
  configuration ? import ./lib/from-env.nix "NIXOS_CONFIG" <nixos-config>,
  system ? builtins.currentSystem,
}:
let
  eval = import ./lib/eval-config.nix {
    inherit system;
    modules = [ configuration ];
  };
in
{
  inherit (eval) config options pkgs;
  system = eval.config.system.build.toplevel;
  vm = eval.config.system.build.vm;
  vmWithBootLoader = eval.config.system.build.vmWithBootLoader;
}
