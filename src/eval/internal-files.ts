/** Nix files that belong to the language: `<nix/fetchurl.nix>`. They exist only here, below a directory of their own. */
import { internalFiles } from './search-path.ts';

/**
 * A derivation for the builtin fetcher. Of the older arguments `md5`, `sha1`, `sha256` and `sha512` at most one is
 * given; `hash` is the form for all of them. The attributes and their values decide the `.drv`, hence the ones that
 * do nothing any more.
 */
const fetchurl = `
{ url
, name ? baseNameOf (toString url)
, hash ? ""
, md5 ? "", sha1 ? "", sha256 ? "", sha512 ? ""
, outputHash ? builtins.foldl' (found: this: if found != "" then found else this) "" [ hash sha512 sha1 md5 sha256 ]
, outputHashAlgo ?
    if hash != "" then ""
    else if sha512 != "" then "sha512"
    else if sha1 != "" then "sha1"
    else if md5 != "" then "md5"
    else "sha256"
, executable ? false
, unpack ? false
, impure ? false
, system ? ""
}:
let
  content = if impure then { __impure = true; } else { inherit outputHash outputHashAlgo; };
  proxies = map (scheme: scheme + "_proxy") [ "http" "https" "ftp" "all" "no" ];
in
derivation (content // {
  inherit name url executable unpack;
  system = "builtin";
  builder = "builtin:fetchurl";
  outputHashMode = if executable || unpack then "recursive" else "flat";
  preferLocalBuild = true;
  impureEnvVars = proxies;
  urls = [ url ];
})
`;

/** The text of an internal file, `undefined` for all other paths. */
export function internalSource(path: string): string | undefined {
  return path === `${internalFiles}/fetchurl.nix` ? fetchurl : undefined;
}
