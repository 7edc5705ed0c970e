/**
  What `nixos-rebuild plan` needs to know of a configuration before anything is built: plain data, with store paths as
  texts. `eval` is the result of `<nixpkgs/nixos>`.
*/
{ eval }:
let
  inherit (eval) config;
  inherit (eval.pkgs) lib;
  text = value: builtins.unsafeDiscardStringContext (toString value);
  boots = config.boot.kernel.enable;
  unit = _: unit: {
    inherit (unit) enable overrideStrategy;
    text = if unit.text == null then null else text unit.text;
  };
in
{
  drvPath = text eval.system.drvPath;
  toplevel = text eval.system.outPath;
  units = lib.mapAttrs unit config.systemd.units;
  userUnits = lib.mapAttrs unit (config.systemd.user.units or { });
  fstab = text (config.environment.etc.fstab.text or "");
  systemd = text config.systemd.package;
  initInterface = config.boot.init-interface-version;
  # What the running kernel was started with; another value takes effect after a reboot.
  boot = lib.optionalAttrs boots {
    kernel = text config.boot.kernelPackages.kernel;
    initrd = text config.system.build.initialRamdisk;
    parameters = toString config.boot.kernelParams;
  };
  options = config.system.build.definedOptions;
  packages = map (package: package.name or "") config.environment.systemPackages;
}
