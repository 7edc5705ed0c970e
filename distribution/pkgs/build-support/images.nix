/* Images of store closures, made without root. */
{ lib, self }:

{
  /* An ext4 file system with the closure of `contents` at /nix/store (and `registration` for `nix-store --load-db` at
     /nix-path-registration). The same closure gives the same bytes.

     `freeMiB`: room beyond the contents; `label`, `uuid`: of the file system; `populate`: shell commands that add
     files below `./root`; `compress`: xz, zstd or null. */
  makeExt4StoreImage = {
    name ? "store.ext4",
    contents,
    label ? "nix-store",
    uuid ? "44444444-4444-4444-8888-888888888888",
    freeMiB ? 16,
    storeDirectory ? "/nix/store",
    populate ? "",
    features ? "^metadata_csum_seed,^orphan_file",
    compress ? null,
  }:
    let closure = self.closureInfo { rootPaths = contents; };
    in
    self.runCommand name {
      nativeBuildInputs = [ self.e2fsprogs ] ++ lib.optional (compress == "zstd") self.zstd;
      inherit closure label uuid freeMiB storeDirectory features populate;
      compress = toString compress;
      preferLocalBuild = true;
      passthru = { inherit closure; };
    } (builtins.readFile ./make-ext4-store-image.sh);
}
