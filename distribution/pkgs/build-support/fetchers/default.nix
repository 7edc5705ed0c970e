/* Downloads. A hash that is given makes them fixed-output derivations; without one evaluation stops with an error.

   One URL is fetched by Nix itself (`builtin:fetchurl`); several, or anything that unpacks, by curl. */
{ lib, system, config, self, archive }:

let

  inherit (lib) optionals toList;

  mirrors = import ./mirrors.nix { inherit lib config; inherit (archive) channel; };

  proxyVariables = [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" ];

  sanitize = name: lib.strings.sanitizeDerivationName or (n: n) name;

  # { outputHashAlgo; outputHash; } from whichever hash attribute is there; "" stands for an unknown hash.
  hashOf = args:
    let
      zero = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
      given = lib.filter (algorithm: args.${algorithm} or null != null) [ "sha256" "sha512" "sha1" "md5" ];
    in
    if args.outputHash or null != null && args.outputHash != "" then
      { inherit (args) outputHash; outputHashAlgo = args.outputHashAlgo or null; }
    else if args.hash or null != null then
      { outputHash = if args.hash == "" then zero else args.hash; outputHashAlgo = null; }
    else if given != [ ] then
      let algorithm = lib.head given;
      in if args.${algorithm} == "" then { outputHash = zero; outputHashAlgo = null; }
      else { outputHash = args.${algorithm}; outputHashAlgo = algorithm; }
    else
      throw "fetching '${lib.head (urlsOf args)}' needs a hash ('sha256' or 'hash'); an empty one makes the download say which it is";

  # An SRI hash brings its own algorithm.
  hashAttrs = args: let hash = hashOf args; in lib.filterAttrs (_name: value: value != null) hash
    // lib.optionalAttrs (hash.outputHashAlgo == null) { outputHashAlgo = ""; };

  urlsOf = args: lib.concatMap mirrors.resolve (toList (args.urls or (args.url or (throw "fetchurl needs 'url' or 'urls'"))));

  nameOf = args: args.name or (if args ? pname then "${args.pname}-${args.version or ""}" else sanitize (baseNameOf (toString (lib.head (urlsOf args)))));

  viaNix = args:
    let url = lib.head (urlsOf args); in
    self.finishDerivation {
      meta = args.meta or { };
      passthru = { urls = urlsOf args; inherit url; } // args.passthru or { };
      attrs = hashAttrs args // {
        name = nameOf args;
        system = "builtin";
        builder = "builtin:fetchurl";
        inherit url;
        urls = [ url ];
        outputHashMode = if args.executable or false then "recursive" else "flat";
        executable = args.executable or false;
        unpack = false;
        preferLocalBuild = true;
        impureEnvVars = proxyVariables;
      };
    };

  viaCurl = args:
    self.stdenvNoCC.mkDerivation (hashAttrs args // {
      name = nameOf args;
      urls = urlsOf args;
      outputHashMode = args.outputHashMode or (if args.recursiveHash or false || args.executable or false then "recursive" else "flat");
      nativeBuildInputs = [ self.curl self.cacert ] ++ args.nativeBuildInputs or [ ];
      SSL_CERT_FILE = "${self.cacert}/etc/ssl/certs/ca-bundle.crt";
      curlOpts = toString (args.curlOpts or "");
      curlOptsList = lib.escapeShellArgs (args.curlOptsList or [ ]);
      postFetch = args.postFetch or "";
      downloadToTemp = args.downloadToTemp or false;
      executable = args.executable or false;
      showURLs = false;
      buildCommandPath = ./fetch.sh;
      impureEnvVars = proxyVariables ++ args.netrcImpureEnvVars or [ ];
      preferLocalBuild = true;
      passthru = args.passthru or { };
      meta = args.meta or { };
    });

  isPlain = args:
    lib.length (urlsOf args) == 1 && args.postFetch or "" == "" && !(args.recursiveHash or false)
    && args.curlOpts or "" == "" && args.curlOptsList or [ ] == [ ] && args.outputHashMode or "flat" == "flat";

in
rec {
  /* A file from `url`, or the first of `urls` that answers; "mirror://gnu/..." stands for a list of mirrors. */
  fetchurl = lib.makeOverridable (args: if isPlain args then viaNix args else viaCurl args);

  fetchurlBoot = fetchurl;

  /* An archive, unpacked; `stripRoot` drops its only top directory. The hash is that of the unpacked tree. */
  fetchzip = lib.makeOverridable (
    args@{ name ? "source", url ? "", urls ? [ ], stripRoot ? true, postFetch ? "", extension ? null, ... }:
    viaCurl (removeAttrs args [ "stripRoot" "extension" "extraPostFetch" ] // {
      inherit name;
      recursiveHash = true;
      downloadToTemp = true;
      nativeBuildInputs = [ self.unzip ] ++ args.nativeBuildInputs or [ ];
      postFetch = ''
        renamed="$TMPDIR/${if extension != null then "download.${extension}" else baseNameOf (lib.head (urlsOf args))}"
        mv "$downloadedFile" "$renamed"
        mkdir "$TMPDIR/unpack"
        cd "$TMPDIR/unpack"
        unpackFile "$renamed"
        chmod -R +w .
        ${if stripRoot then ''
          if [ "$(ls -A . | wc -l)" != 1 ]; then
            fail "the archive has several files or directories at its top; 'stripRoot = false' keeps them"
          fi
          mv "$(ls -A .)" "$out"
        '' else ''
          mkdir "$out"
          mv * "$out/"
        ''}
        ${args.extraPostFetch or ""}
        ${postFetch}
        chmod 755 "$out"
      '';
    })
  );

  fetchTarball = fetchzip;

  /* A revision of a repository on GitHub, as `fetchzip` of its archive. */
  fetchFromGitHub = lib.makeOverridable (
    args@{ owner, repo, rev ? null, tag ? null, name ? "source", githubBase ? "github.com", ... }:
    let ref = if tag != null then "refs/tags/${tag}" else rev;
    in fetchzip (removeAttrs args [ "owner" "repo" "rev" "tag" "githubBase" "fetchSubmodules" "private" "forceFetchGit" ] // {
      inherit name;
      url = "https://${githubBase}/${owner}/${repo}/archive/${ref}.tar.gz";
      passthru = { inherit owner repo rev tag; } // args.passthru or { };
    })
  );

  fetchFromGitLab = lib.makeOverridable (
    args@{ owner, repo, rev ? null, tag ? null, name ? "source", domain ? "gitlab.com", group ? null, ... }:
    let
      ref = if tag != null then "refs/tags/${tag}" else rev;
      slug = lib.concatStringsSep "%2F" (optionals (group != null) [ group ] ++ [ owner repo ]);
    in
    fetchzip (removeAttrs args [ "owner" "repo" "rev" "tag" "domain" "group" ] // {
      inherit name;
      extension = "tar.gz";
      url = "https://${domain}/api/v4/projects/${slug}/repository/archive.tar.gz?sha=${ref}";
    })
  );

  /* A revision of a Git repository; `sha256` or `hash` is that of the tree without its history. */
  fetchgit = lib.makeOverridable (
    { url, rev ? "HEAD", name ? "source", leaveDotGit ? false, fetchSubmodules ? false, deepClone ? false, meta ? { }, passthru ? { }, ... }@args:
    self.stdenvNoCC.mkDerivation (hashAttrs args // {
      inherit name url rev meta passthru fetchSubmodules leaveDotGit deepClone;
      outputHashMode = "recursive";
      nativeBuildInputs = [ self.git self.cacert ];
      SSL_CERT_FILE = "${self.cacert}/etc/ssl/certs/ca-bundle.crt";
      buildCommandPath = ./fetch-git.sh;
      impureEnvVars = proxyVariables;
      preferLocalBuild = true;
    })
  );

  /* A file of Debian's archive, by its path below the mirror: `fetchDebianFile { file; sha256; }`. */
  fetchDebianFile = archive.fetchFile;

  /* A patch, without the parts of it that change from one download to the next. */
  fetchpatch = lib.makeOverridable (
    args@{ stripLen ? 0, extraPrefix ? null, excludes ? [ ], includes ? [ ], revert ? false, postFetch ? "", ... }:
    viaCurl (removeAttrs args [ "stripLen" "extraPrefix" "excludes" "includes" "revert" ] // {
      downloadToTemp = true;
      nativeBuildInputs = [ self.patchutils ] ++ args.nativeBuildInputs or [ ];
      postFetch = ''
        filterdiff ${lib.concatMapStringsSep " " (name: "-x ${lib.escapeShellArg name}") excludes} \
          ${lib.concatMapStringsSep " " (name: "-i ${lib.escapeShellArg name}") includes} \
          -p1 --clean "$downloadedFile" > "$out"
        ${lib.optionalString revert ''interdiff "$out" /dev/null > "$TMPDIR/reverted"; mv "$TMPDIR/reverted" "$out"''}
        [ -s "$out" ] || fail "the patch is empty"
        ${postFetch}
      '';
    })
  );

  fetchpatch2 = fetchpatch;

  /* A file that the user has to put into the store by hand. */
  requireFile =
    { name ? baseNameOf (toString url), sha256 ? null, sha1 ? null, hash ? null, url ? null, message ? null, hashMode ? "flat" }@args:
    self.stdenvNoCC.mkDerivation (hashAttrs args // {
      inherit name;
      outputHashMode = hashMode;
      preferLocalBuild = true;
      buildCommand = ''
        cat >&2 <<'END'

        ***
        ${if message != null then message else ''
          The file '${name}' cannot be downloaded by itself.
          Please get it from ${toString url} and add it to the store with
            nix-store --add-fixed sha256 ${name}
        ''}
        ***
        END
        exit 1
      '';
    });
}
