/* Fixed-output downloads from the archive.

   The derivations use Nix's own `builtin:fetchurl`, so that they need nothing that would have to be fetched
   first. Their output path follows from name and SHA-256 alone; the mirror only enters the `.drv`. Further
   mirrors are a setting of the fetcher. */
{ mirrors }:

let

  # Store names allow letters, digits and +-._?= only; Debian's file names also use "~" and "%".
  sanitize = builtins.replaceStrings [ "~" "%" ":" ] [ "-" "-" "-" ];

in
rec {
  /* Download one file of the archive.

     `file` is its path below the mirror, `archive` the key of `mirrors` it belongs to, `sha256` 64 hex digits. */
  fetchFile = { file, archive ? "debian", sha256 }:
    let
      url = "${builtins.head mirrors.${archive}}/${file}";
    in
    derivation {
      name = sanitize (baseNameOf file);
      system = "builtin";
      builder = "builtin:fetchurl";
      inherit url;
      urls = [ url ];
      outputHashAlgo = "sha256";
      outputHashMode = "flat";
      outputHash = sha256;
      executable = false;
      unpack = false;
      preferLocalBuild = true;
      impureEnvVars = [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" ];
    };

  /* Download the .deb of an index entry. */
  fetchDeb = entry: fetchFile { inherit (entry) file archive sha256; };
}
