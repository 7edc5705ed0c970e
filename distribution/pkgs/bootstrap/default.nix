/* The first tools: what relocation itself needs, unpacked from the archive's own packages.

   Only a static busybox comes from outside (the channel generator takes it out of a verified .deb). It unpacks
   the .debs of perl and xz, and of the libraries that these need, into one directory. Nothing that is built later
   keeps a reference to it. */
{
  # Static busybox: a path in the channel tree.
  busybox,
  # Index entry of a package name -> its .deb as a derivation.
  debOf,
  system,
  # GNU triplet of the multiarch directories, e.g. x86_64-linux-gnu.
  triplet,
  # Path of the dynamic loader below /, e.g. lib64/ld-linux-x86-64.so.2.
  loader,
}:

let

  packages = [ "libc6" "libcrypt1" "liblzma5" "perl-base" "xz-utils" ];

  # Busybox chooses its applet by the program's own name, so the file keeps it inside a directory.
  busyboxDir = builtins.path {
    name = "busybox";
    path = dirOf busybox;
    filter = path: _type: baseNameOf path == baseNameOf busybox;
  };

  busyboxFile = "${busyboxDir}/${baseNameOf busybox}";

in
{
  busybox = busyboxFile;

  /* bin/{perl,xz} with their libraries in lib/ and perl's modules in share/perl. */
  tools = derivation {
    name = "bootstrap-tools";
    inherit system triplet loader;
    builder = busyboxFile;
    args = [ "sh" ./unpack.sh ];
    busybox = busyboxFile;
    # The programs are relocated as all others are.
    elfPatch = ../debian/relocate/ElfPatch.pm;
    debs = map debOf packages;
    preferLocalBuild = true;
  };
}
