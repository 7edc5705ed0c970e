# Arguments of functions that fetch sources.
{ lib }:

let
  inherit (builtins)
    attrNames
    elem
    filter
    head
    length
    removeAttrs
    ;

  fake = {
    hash = lib.fakeHash;
    sha256 = lib.fakeSha256;
    sha512 = lib.fakeSha512;
  };
in
rec {
  /** Environment variables that fetchers take from the user: proxies and certificates. */
  proxyImpureEnvVars =
    let
      names = [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" ];
    in
    names ++ map lib.strings.toUpper names ++ [ "NIX_SSL_CERT_FILE" ];

  /**
    Arguments with `outputHash` and `outputHashAlgo` in place of `hash` or of an attribute named after an algorithm
    (`hashTypes`). An empty hash becomes one that fits nothing, so that the build tells the right one.
  */
  normalizeHash =
    {
      hashTypes ? [ "sha256" ],
      required ? true,
    }:
    let
      names = [ "hash" ] ++ hashTypes;
    in
    args:
    let
      given = filter (name: elem name names) (attrNames args);
      name = head given;
      value = args.${name};
    in
    if args ? outputHash then
      args
    else if given == [ ] then
      lib.throwIf required "fetcher called without `hash'" args
    else if length given > 1 then
      throw "fetcher called with several hashes: ${lib.strings.concatMapStringsSep ", " (n: "`${n}'") given}; one is expected"
    else
      removeAttrs args names
      // {
        outputHashAlgo = if name == "hash" then null else name;
        outputHash =
          if value == "" then fake.${name} or (throw "there is no placeholder for an empty `${name}'") else value;
      };

  /** Fetcher of `outputHash` and `outputHashAlgo` made one that takes `hash` and friends. */
  withNormalizedHash =
    {
      hashTypes ? [ "sha256" ],
    }:
    fetcher:
    let
      args = lib.trivial.functionArgs fetcher;
      normalize = normalizeHash {
        inherit hashTypes;
        required = !args.outputHash;
      };
    in
    assert args ? outputHash && args ? outputHashAlgo;
    assert lib.lists.mutuallyExclusive (attrNames args) ([ "hash" ] ++ hashTypes);
    lib.trivial.setFunctionArgs (given: fetcher (normalize given)) (
      removeAttrs args [ "outputHash" "outputHashAlgo" ] // { hash = args.outputHash; }
    );
}
