# lib.customisation, lib.derivations, lib.meta, lib.licenses, lib.fetchers
{ lib }:

let
  fails = value: !(builtins.tryEval (builtins.deepSeq value value)).success;
  # Something like a derivation, without a store.
  fake = name: more: { type = "derivation"; inherit name; drvPath = "/${name}.drv"; outPath = "/${name}"; outputName = "out"; outputs = [ "out" ]; system = "x86_64-linux"; } // more;
in
{
  "callPackageWith fills arguments in" = { expr = (lib.callPackageWith { a = 1; b = 2; } ({ a, b, c ? 3 }: { sum = a + b + c; }) { b = 10; }).sum; expected = 14; };
  "callPackageWith loads files" = { expr = (lib.callPackageWith { number = 5; } ./files/packages/first.nix { }).value; expected = 5; };
  "override" = {
    expr =
      let
        pkg = lib.callPackageWith { a = 1; } ({ a, b ? 0 }: { sum = a + b; }) { };
      in
      [ (pkg.override { a = 5; }).sum (pkg.override (old: { a = old.a + 1; b = 1; })).sum ((pkg.override { a = 5; }).override { b = 1; }).sum ];
    expected = [ 5 3 6 ];
  };
  "override knows its arguments" = { expr = lib.functionArgs (lib.makeOverridable ({ a, b ? 1 }: { }) { a = 1; }).override; expected = { a = false; b = true; }; };
  "callPackagesWith makes each one overridable" = {
    expr =
      let
        pkgs = lib.callPackagesWith { v = 1; } ({ v }: { a.version = v; b.version = v + 1; }) { };
      in
      [ pkgs.b.version (pkgs.b.override { v = 5; }).version ];
    expected = [ 2 6 ];
  };
  "callPackagesWith refuses a single package" = { expr = fails (lib.callPackagesWith { } ({ }: fake "x" { }) { }); expected = true; };
  "makeScope" = {
    expr =
      let
        outer = { a = 1; b = 2; };
        newScope = scope: lib.callPackageWith (outer // scope);
        scope = lib.makeScope newScope (self: { b = 20; sum = self.callPackage ({ a, b }: { value = a + b; }) { }; });
        changed = scope.overrideScope (final: prev: { b = prev.b + 1; });
      in
      [ scope.sum.value changed.sum.value ];
    expected = [ 21 22 ];
  };
  "extendDerivation guards the paths" = {
    expr =
      let
        drv = lib.extendDerivation (throw "not allowed") { note = 1; } (fake "x" { out = fake "x" { }; });
      in
      [ drv.note drv.name drv.out.outputSpecified (fails drv.outPath) ];
    expected = [ 1 "x" true true ];
  };
  "extendMkDerivation" = {
    expr =
      let
        mkBase = args: lib.fix (final: if lib.isFunction args then args final else args);
        mkMore = lib.extendMkDerivation {
          constructDrv = mkBase;
          excludeDrvArgNames = [ "secret" ];
          extendDrvArgs = final: { name, secret ? 0, ... }: { name = "more-${name}"; doubled = 2 * secret; };
        };
      in
      [ (mkMore { name = "x"; secret = 4; }) (mkMore (final: { name = "y"; other = final.doubled; })) (lib.functionArgs mkMore) ];
    expected = [ { name = "more-x"; doubled = 8; } { name = "more-y"; doubled = 0; other = 0; } { name = false; secret = true; } ];
  };
  "cross indices" = {
    expr = lib.renameCrossIndexFrom "pkgs" (lib.renameCrossIndexTo "pkgs" (lib.mapCrossIndex (x: x + 1) { buildBuild = 0; buildHost = 1; buildTarget = 2; hostHost = 3; hostTarget = 4; targetTarget = 5; }));
    expected = { buildBuild = 1; buildHost = 2; buildTarget = 3; hostHost = 4; hostTarget = 5; targetTarget = 6; };
  };
  "hydraJob keeps what a build service needs" = { expr = builtins.attrNames (lib.hydraJob (fake "x" { meta = { }; out = fake "x" { }; extra = 1; })); expected = [ "drvPath" "meta" "name" "out" "outPath" "outputName" "outputs" "system" "type" ]; };

  "lazyDerivation does not evaluate for what is given" = { expr = (lib.lazyDerivation { derivation = throw "evaluated"; meta.a = 1; passthru.b = 2; }).meta.a; expected = 1; };
  "lazyDerivation checks the outputs" = { expr = fails (lib.lazyDerivation { derivation = fake "x" { outputs = [ "out" "dev" ]; }; }).outPath; expected = true; };
  "optionalDrvAttr" = { expr = [ (lib.optionalDrvAttr true 1) (lib.optionalDrvAttr false 1) ]; expected = [ 1 null ]; };

  "priorities and names" = {
    expr = [ (lib.lowPrio (fake "x" { })).meta.priority (lib.hiPrio (fake "x" { })).meta.priority (lib.appendToName "doc" (fake "x-1" { })).name (lib.dontDistribute (fake "x" { })).meta.hydraPlatforms ];
    expected = [ 10 (-10) "x-doc-1" [ ] ];
  };
  "getExe" = {
    expr = [ (lib.getExe (fake "x" { meta.mainProgram = "prog"; })) (lib.getExe' (fake "x" { bin = "/x-bin"; }) "y") (fails (lib.getExe' "x" "y")) (fails (lib.getExe' (fake "x" { }) "a/b")) ];
    expected = [ "/x/bin/prog" "/x-bin/bin/y" true true ];
  };
  "availableOn" = {
    expr =
      let
        linux = lib.systems.elaborate "x86_64-linux";
        arm = lib.systems.elaborate "aarch64-linux";
      in
      [ (lib.meta.availableOn linux (fake "x" { })) (lib.meta.availableOn linux (fake "x" { meta.platforms = lib.platforms.darwin; })) (lib.meta.availableOn arm (fake "x" { meta.platforms = lib.platforms.linux; meta.badPlatforms = [ "aarch64-linux" ]; })) (lib.meta.availableOn arm (fake "x" { meta.platforms = [ { cpu.family = "arm"; } ]; })) ];
    expected = [ true false false true ];
  };

  "licenses" = { expr = { inherit (lib.licenses.mit) shortName spdxId free deprecated; }; expected = { shortName = "mit"; spdxId = "MIT"; free = true; deprecated = false; }; };
  "licenses that are not free" = { expr = map (l: [ l.free l.redistributable ]) [ lib.licenses.unfree lib.licenses.unfreeRedistributable lib.licenses.unfreeRedistributableFirmware lib.licenses.gpl3Plus ]; expected = [ [ false false ] [ false true ] [ true true ] [ true true ] ]; };
  "license expressions" = {
    expr =
      with lib.licenses;
      [ (isFree (AND [ mit (OR [ unfree asl20 ]) ])) (isFree (AND [ mit unfree ])) (toSPDX (AND [ mit (WITH asl20 llvm-exception) (PLUS eupl11) ])) (containsLicenses [ mit ] (OR [ mit asl20 ])) ];
    expected = [ true false "MIT AND (Apache-2.0 WITH LLVM-exception) AND EUPL-1.1+" false ];
  };
  "getLicenseFromSpdxId" = { expr = [ (lib.getLicenseFromSpdxId "mit").shortName (lib.getLicenseFromSpdxIdOr "nothing" null) ]; expected = [ "mit" null ]; };

  "normalizeHash" = {
    expr = [ (lib.fetchers.normalizeHash { } { sha256 = ""; url = "u"; }) (lib.fetchers.normalizeHash { } { hash = "sha256-x"; }) (fails (lib.fetchers.normalizeHash { } { })) (fails (lib.fetchers.normalizeHash { } { hash = "a"; sha256 = "b"; })) ];
    expected = [ { url = "u"; outputHashAlgo = "sha256"; outputHash = lib.fakeSha256; } { outputHashAlgo = null; outputHash = "sha256-x"; } true true ];
  };
  "withNormalizedHash" = { expr = lib.fetchers.withNormalizedHash { } ({ outputHash, outputHashAlgo, url }: "${url} ${outputHashAlgo} ${outputHash}") { url = "u"; sha256 = "x"; }; expected = "u sha256 x"; };
  "convertHash" = {
    expr = map (toHashFormat: lib.convertHash { hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"; hashAlgo = "sha256"; inherit toHashFormat; }) [ "base16" "nix32" "base64" "sri" ];
    expected = [ "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73" "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" ];
  };
  "convertHash there and back" = {
    expr = map (hash: lib.convertHash { inherit hash; hashAlgo = "sha512"; toHashFormat = "base16"; } == builtins.hashString "sha512" "abc") (map (toHashFormat: lib.convertHash { hash = "sha512:${builtins.hashString "sha512" "abc"}"; inherit toHashFormat; }) [ "base16" "nix32" "base64" "sri" ]);
    expected = [ true true true true ];
  };
  "convertHash refuses what is no hash" = { expr = map fails [ (lib.convertHash { hash = "abc"; hashAlgo = "sha256"; toHashFormat = "sri"; }) (lib.convertHash { hash = lib.fakeSha256; toHashFormat = "sri"; }) ]; expected = [ true true ]; };
}
