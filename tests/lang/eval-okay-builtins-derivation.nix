# Derivations of every kind; the paths tell whether their bytes are right.
with builtins;
let
  base = { name = "d"; system = "s"; builder = "/b"; };
  paths = drv: { inherit (drv) drvPath outPath; };
  dependency = derivation (base // { name = "dependency"; outputs = [ "out" "lib" ]; });
in
{
  plain = paths (derivation base);
  arguments = paths (derivation (base // { args = [ "a" 1 true null [ "b" ] ]; n = 1; f = 1.5; t = true; no = false; nothing = null; list = [ 1 "x" ]; }));
  depends = paths (derivation (base // { inherit dependency; inherit (dependency) lib; whole = dependency.drvPath; }));
  outputs = mapAttrs (_: output: output.outPath) { inherit (dependency) out lib; };
  outputNames = [ dependency.outputName dependency.lib.outputName (map (o: o.outputName) dependency.all) ];
  flat = paths (derivation (base // { outputHash = hashString "sha256" "x"; outputHashAlgo = "sha256"; }));
  recursive = paths (derivation (base // { outputHash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="; outputHashMode = "recursive"; }));
  md5 = paths (derivation (base // { outputHash = hashString "md5" "x"; outputHashAlgo = "md5"; outputHashMode = "flat"; }));
  structured = paths (derivation (base // { __structuredAttrs = true; list = [ 1 { a = dependency; } ]; text = "x"; }));
  ignoresNulls = paths (derivation (base // { __ignoreNulls = true; nothing = null; }));
  passed = paths (derivation (base // { passAsFile = [ "text" ]; text = "long"; }));
  exported = paths (derivation (base // { exportReferencesGraph = [ "graph" dependency ]; }));
  overridden = (derivation base).drvAttrs;
  strict = attrNames (derivationStrict base);
  files = [ (toFile "name" "contents") (toFile "refers" "to ${toFile "other" "x"}") ];
  placeholders = [ (placeholder "out") (placeholder "dev") ];
  type = (derivation base).type;
  equal = derivation base == derivation base;
  fetcher = (import <nix/fetchurl.nix> { url = "http://example.org/x"; sha256 = hashString "sha256" ""; }).outPath;
}
