/* Debian's archive as a package set.

   Each package is the archive's own .deb, relocated into the store (see relocate/). Nothing is forced before it is
   asked for: an entry is read from its shard, a package is made, and only its `drvPath` makes its dependencies. */
{
  # `debian/` of the channel tree.
  indexDir,
  # Static busybox of the channel tree.
  busybox,
}:

let

  index = import ./index.nix { inherit indexDir; };
  inherit (index) channel;
  platform = (import ./platform.nix).${channel.architecture};
  inherit (import ./fetch-deb.nix { inherit (channel) mirrors; }) fetchDeb fetchFile;
  inherit (import ./groups.nix { inherit (index) entry components; }) membersOf;
  corrections = import ./corrections.nix;

  bootstrap = import ../bootstrap {
    inherit busybox;
    inherit (platform) triplet loader;
    system = channel.nixSystem;
    debOf = name: fetchDeb (index.entry name);
  };

  makePackage = import ./package.nix {
    inherit platform fetchDeb bootstrap membersOf corrections find;
    system = channel.nixSystem;
    entryOf = index.entry;
  };

  /* The package of a real name, or null. */
  find = index.memoise makePackage;

  /* The package `name`, real or virtual; an error that suggests what to do when the archive has none. */
  get = name:
    let
      real = find name;
      provider = index.provides.${name} or null;
    in
    if real != null then real
    else if provider != null then find provider
    else
      throw ''
        the package '${name}' is not in the channel debian:${channel.suite} of ${channel.date}
        hint: search for it with 'nix-env -qaP', or update the channel with 'nix-channel --update'
      '';

in
{
  inherit find get index bootstrap platform fetchDeb fetchFile channel;

  /* Every package of the archive by its name. Making this set reads all names; `get` does not. */
  all = builtins.listToAttrs (map (name: { inherit name; value = find name; }) index.names);
}
