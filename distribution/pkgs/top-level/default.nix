/* Puts the package set together.

   Arguments: `system` (or `localSystem`), `config` (a set or a function of `pkgs`; by default the user's
   configuration file), `overlays` (by default the user's), `channelDir` (a channel tree; by default the one that this
   file is part of).

   Later parts see and replace what earlier ones have: builders, curated names, aliases, `config.packageOverrides`,
   overlays. */
{
  localSystem ? { system = args.system or builtins.currentSystem; },
  system ? localSystem.system or localSystem,
  crossSystem ? null,
  config ? import ./impure-config.nix,
  overlays ? import ./impure-overlays.nix,
  crossOverlays ? [ ],
  channelDir ? ../..,
}@args:

let

  lib = import ../../lib;

  archive = import ../debian {
    indexDir = channelDir + "/debian";
    busybox = channelDir + "/bootstrap/bin/busybox";
  };

  evaluatedConfig =
    let plain = if lib.isFunction config then config { pkgs = set; } else config;
    in { packageOverrides = _super: { }; } // plain;

  checkPlatform = result:
    if crossSystem != null then
      throw "packages for another platform than the one that builds them cannot be made: they come from Debian's binary archive"
    else if system != archive.channel.nixSystem then
      throw ''
        this channel has packages for '${archive.channel.nixSystem}', not for '${system}'
        hint: add a channel for that architecture with 'nix-channel --add'
      ''
    else result;

  base = self: {
    inherit lib system overlays;
    config = evaluatedConfig;
    path = channelDir;
    pkgs = self;

    # Attribute sets of packages that are part of another one.
    recurseIntoAttrs = lib.recurseIntoAttrs or (attrs: attrs // { recurseForDerivations = true; });

    /* The same set with further overlays, or with other arguments. */
    extend = overlay: self.appendOverlays [ overlay ];
    appendOverlays = more:
      if more == [ ] then self else import ./. (args // { overlays = overlays ++ more; });

    /* All of the archive by Debian's names; reading this set reads all 69,000 names, `debianPackage` does not. */
    debian = archive.all;

    /* `debianPackage "NAME"`: the archive's package of this name, real or virtual. */
    debianPackage = archive.get;

    /* Where packages of this platform have their libraries (`lib/TRIPLET`), and the dynamic loader (a file). */
    debianPlatform = {
      inherit (archive.platform) triplet;
      loader = "${archive.get "libc6"}/lib/${archive.platform.triplet}/${baseNameOf archive.platform.loader}";
    };
  };

  parts = [
    (import ./builders.nix { inherit lib system archive; config = evaluatedConfig; })
    (import ./all-packages.nix { inherit lib archive; })
    (import ./kernels.nix { inherit lib archive; })
    (import ./aliases.nix { inherit lib; })
    (_self: super: evaluatedConfig.packageOverrides super)
  ] ++ overlays ++ crossOverlays;

  set = lib.fix (lib.foldl' (lib.flip lib.extends) base parts);

in
checkPlatform set
