/* Linux kernels and what is built for each, as sets of packages: `linuxPackages`, `linuxPackages_rt`, and
   `linuxPackages_X_Y` for the series that they belong to.

   The archive's metapackages say which kernels are current. `linuxKernel.packages` has every kernel of the archive;
   only that reads all names. */
{ lib, archive }:

self: _super:

let

  inherit (archive) get index channel;

  inherit (channel) architecture;

  prefix = "linux-image-";

  # Release ("6.12.48+deb13-amd64") that a metapackage's kernel has, or null.
  currentRelease = flavour:
    let
      meta = index.entry "${prefix}${flavour}";
      images = lib.filter (name: builtins.match "${prefix}[0-9].*" name != null) (if meta == null then [ ] else meta.depends);
    in
    if images == [ ] then null else lib.removePrefix prefix (lib.head images);

  current = lib.filterAttrs (_name: release: release != null) {
    linux = currentRelease architecture;
    linux_rt = currentRelease "rt-${architecture}";
    linux_cloud = currentRelease "cloud-${architecture}";
  };

  # "6.12.48+deb13-amd64" -> "6_12".
  seriesOf = release: lib.concatStringsSep "_" (lib.take 2 (lib.splitVersion release));

  kernelOf = release:
    let image = get "${prefix}${release}";
    in
    image // {
      # What `uname -r` prints, and the name of the directory of its modules.
      modDirVersion = release;
      # Upstream's version.
      kernelVersion = lib.head (builtins.match "([0-9.]+).*" release);
      isModular = true;
      features = { };
      # Debian's kernels have nearly everything as a module, so that checks of single options succeed.
      config = lib.genAttrs [ "isSet" "isYes" "isEnabled" "isModule" ] (_name: _option: true)
        // lib.genAttrs [ "isDisabled" "isNo" ] (_name: _option: false);
      override = change: configured release (if lib.isFunction change then change { } else change);
    };

  # Debian's kernels come as they are configured; another configuration is compiled from Debian's source.
  configured = release: change:
    if change.extraConfig or "" == "" then kernelOf release
    else self.callPackage ../os-specific/kernel-from-source.nix {
      inherit archive;
      base = kernelOf release;
      inherit (change) extraConfig;
    };

  packagesFor = kernel: {
    inherit kernel;
    callPackage = self.newScope { inherit kernel; };
    kernelOlder = lib.versionOlder kernel.kernelVersion;
    kernelAtLeast = lib.versionAtLeast kernel.kernelVersion;
    isZen = false;
    isHardened = false;
    isLibre = true;
    perf = get "linux-perf";
    cpupower = get "linux-cpupower";
    bpftool = get "bpftool";
    extend = overlay: lib.fix (lib.extends overlay (_final: packagesFor kernel));
  };

  # Attributes for the series of the current kernels; an ordinary kernel goes before one with a flavour.
  bySeries = function: attributePrefix:
    lib.mapAttrs' (_name: release: lib.nameValuePair "${attributePrefix}_${seriesOf release}" (function release))
      (lib.filterAttrs (name: _release: name == "linux") current);

  # All kernels of the archive by their release.
  everyRelease = lib.filter (release: lib.hasSuffix "-${architecture}" release)
    (map (lib.removePrefix prefix) (lib.filter (name: builtins.match "${prefix}[0-9].*" name != null) index.names));

in
bySeries kernelOf "linux"
// bySeries (release: packagesFor (kernelOf release)) "linuxPackages"
// lib.mapAttrs (_name: kernelOf) current
// lib.mapAttrs' (name: _release: lib.nameValuePair (lib.replaceStrings [ "linux" ] [ "linuxPackages" ] name) (packagesFor self.${name})) current
// {
  # The newest that the release has; a stable release has one series.
  linux_latest = self.linux;
  linuxPackages_latest = packagesFor self.linux_latest;
  linuxPackagesFor = packagesFor;
  linuxHeaders = get "linux-libc-dev";
  linuxKernel = {
    inherit packagesFor;
    kernels = lib.genAttrs everyRelease kernelOf;
    packages = lib.genAttrs everyRelease (release: packagesFor (kernelOf release));
  };
}
