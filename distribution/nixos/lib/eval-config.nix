/**
  Evaluates a list of modules on top of the modules of this tree.

  Arguments:
  - `modules`: the user's modules.
  - `baseModules`: the modules that are always there; default: `modules/module-list.nix`.
  - `extraModules`: more of them, by default the file named by `NIXOS_EXTRA_MODULE_PATH`.
  - `system`: the platform of the machine; `null` leaves it to `nixpkgs.hostPlatform`.
  - `pkgs`: a package set to use instead of the one that `nixpkgs.*` options describe.
  - `specialArgs`: arguments of every module that `imports` may use; `extraArgs`: others.
  - `check`: whether a definition without a declaration is an error.
  - `prefix`: the option path under which this system stands (containers, test nodes).

  Result: what `lib.evalModules` gives, and `pkgs`, `lib`, and `extend`, a function from more modules to a new such result.
*/
args@{
  system ? builtins.currentSystem,
  pkgs ? null,
  lib ? import ../../lib,
  baseModules ? import ../modules/module-list.nix,
  extraModules ?
    let
      extra = builtins.getEnv "NIXOS_EXTRA_MODULE_PATH";
    in
    if extra == "" then [ ] else [ (import extra) ],
  modules,
  specialArgs ? { },
  extraArgs ? { },
  check ? true,
  prefix ? [ ],
}:
let
  here = toString ./eval-config.nix;

  platformModule = {
    _file = here;
    key = here;
    config = {
      _module.check = check;
      _module.args =
        {
          inherit baseModules extraModules modules;
          extendSystem = extend;
        }
        // extraArgs;
      nixpkgs.initialSystem = lib.mkIf (system != null) (lib.mkDefault system);
      nixpkgs.pkgs = lib.mkIf (pkgs != null) (lib.mkDefault pkgs);
    };
  };

  extend = more: import ./eval-config.nix (args // { modules = modules ++ more; });

  result = lib.evalModules {
    inherit prefix;
    modules = baseModules ++ extraModules ++ [ platformModule ] ++ modules;
    specialArgs = {
      modulesPath = toString ../modules;
    } // specialArgs;
  };
in
result
// {
  inherit lib extend;
  pkgs = result._module.args.pkgs or result.config._module.args.pkgs;
}
