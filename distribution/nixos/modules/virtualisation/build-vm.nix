/**
  `system.build.vm`: the same configuration as a program that runs it in QEMU.
*/
{
  config,
  lib,
  extendSystem,
  ...
}:
let
  inherit (lib) mkOption types;
  variant = modules: (extendSystem modules).config.system.build.vm;
in
{
  options.virtualisation.vmVariant = mkOption {
    type = types.deferredModule;
    default = { };
    example = {
      virtualisation.memorySize = 2048;
    };
    description = "A module that only the machines of `nixos-rebuild build-vm` have.";
  };

  config.system.build = {
    vm = lib.mkDefault (variant [
      ./qemu-vm.nix
      config.virtualisation.vmVariant
    ]);
    vmWithBootLoader = lib.mkDefault (
      variant [
        ./qemu-vm.nix
        { virtualisation.useBootLoader = true; }
        config.virtualisation.vmVariant
      ]
    );
  };
}
