/**
 * Nix files that belong to the language: `<nix/fetchurl.nix>`, and what calls flakes. They exist only here, below a
 * directory of their own.
 */
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

/**
 * From the text of a lock file to the value of a flake. `given` has, by node, trees that were fetched already
 * (`sourceInfo`, and `dir`, the flake's directory in it); `fetch` fetches the others when they are used.
 */
const callFlake = `
lockText: given: fetch:
let
  locks = builtins.fromJSON lockText;

  # The node that an edge leads to: a name, or a path of names from the root.
  target = edge: if builtins.isList edge then follow locks.root edge else edge;
  follow = node: path:
    if path == [ ] then node
    else follow (target locks.nodes.\${node}.inputs.\${builtins.head path}) (builtins.tail path);

  join = base: dir: if dir == "" then base else base + "/" + dir;

  flakes = builtins.mapAttrs makeNode locks.nodes;

  makeNode = key: node:
    let
      isGiven = given ? \${key};
      locked = node.locked or { };
      # A path below the tree of the input that names it.
      isInTree = locked.type or "" == "path" && builtins.substring 0 1 locked.path != "/";
      parent = flakes.\${follow locks.root node.parent};

      sourceInfo =
        if isGiven then given.\${key}.sourceInfo
        else if isInTree then parent.sourceInfo
        else fetch (node.info or { } // removeAttrs locked [ "dir" ]);
      root = if isInTree && !isGiven then join parent.outPath locked.path else sourceInfo.outPath;
      outPath = join root (if isGiven then given.\${key}.dir else locked.dir or "");

      inputs = builtins.mapAttrs (_: edge: flakes.\${target edge}.value) (node.inputs or { });
      file = import (outPath + "/flake.nix");
      outputs = file.outputs (inputs // { self = flake; });
      flake = outputs // sourceInfo // { inherit inputs outPath outputs sourceInfo; _type = "flake"; };
    in
    {
      inherit outPath sourceInfo;
      value =
        if !(node.flake or true) then sourceInfo // { inherit outPath sourceInfo; }
        else assert builtins.isFunction file.outputs; flake;
    };
in
flakes.\${locks.root}.value
`;

const sources: ReadonlyMap<string, string> = new Map([
  [`${internalFiles}/fetchurl.nix`, fetchurl],
  [`${internalFiles}/call-flake.nix`, callFlake],
]);

/** The text of an internal file, `undefined` for all other paths. */
export function internalSource(path: string): string | undefined {
  return sources.get(path);
}
