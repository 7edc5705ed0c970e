/* What "mirror://SITE/PATH" stands for.

   The channel says where Debian's archive is. `config.mirrors.SITE` or the environment variable NIX_MIRRORS_SITE (a list
   separated by spaces) replaces a site's list. */
{ lib, config, channel }:

let

  # The projects' own addresses.
  sites = {
    apache = [ "https://dlcdn.apache.org/" "https://archive.apache.org/dist/" ];
    cpan = [ "https://cpan.metacpan.org/" ];
    debian = map (url: "${url}/") channel.mirrors.debian;
    gnome = [ "https://download.gnome.org/" ];
    gnu = [ "https://ftpmirror.gnu.org/" "https://ftp.gnu.org/pub/gnu/" ];
    gnupg = [ "https://gnupg.org/ftp/gcrypt/" ];
    kde = [ "https://download.kde.org/" ];
    kernel = [ "https://cdn.kernel.org/pub/" ];
    pypi = [ "https://pypi.io/packages/source/" ];
    savannah = [ "https://download.savannah.gnu.org/releases/" ];
    sourceforge = [ "https://downloads.sourceforge.net/" ];
    xorg = [ "https://xorg.freedesktop.org/releases/" ];
  };

  mirrorsOf = site:
    let fromEnvironment = builtins.getEnv "NIX_MIRRORS_${site}";
    in
    if fromEnvironment != "" then lib.splitString " " fromEnvironment
    else config.mirrors.${site} or sites.${site} or (throw ''
      the mirror site '${site}' is not known; one of ${lib.concatStringsSep ", " (lib.attrNames sites)} was expected
      hint: set nixpkgs.config.mirrors.${site} to a list of URLs'');

in
{
  /* URL -> list of URLs. */
  resolve = url:
    let parts = builtins.match "mirror://([^/]+)/(.*)" url;
    in if parts == null then [ url ]
    else map (base: base + lib.elemAt parts 1) (mirrorsOf (lib.head parts));
}
