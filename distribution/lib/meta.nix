# Information about packages (`meta`), and the programs in them.
{ lib }:

let
  inherit (builtins)
    any
    isString
    mapAttrs
    match
    parseDrvName
    typeOf
    ;

  lowercaseSpdx = lib.attrsets.mapAttrs' (id: license: {
    name = lib.strings.toLower id;
    value = license;
  });
in
rec {
  /** Adds to a package's meta. */
  addMetaAttrs =
    more: pkg:
    if pkg ? overrideAttrs then
      pkg.overrideAttrs (old: { meta = old.meta or { } // more; })
    else
      pkg // { meta = pkg.meta or { } // more; };

  /** Package that build services do not build. */
  dontDistribute = addMetaAttrs { hydraPlatforms = [ ]; };

  /** Package with another name; the derivation stays as it is. */
  setName = name: pkg: pkg // { inherit name; };

  /** Package with a name computed from its name. */
  updateName = f: pkg: setName (f pkg.name) pkg;

  /** Puts a suffix between a package's name and its version. */
  appendToName =
    suffix:
    updateName (
      name:
      let
        parsed = parseDrvName name;
      in
      "${parsed.name}-${suffix}-${parsed.version}"
    );

  /** Maps the packages of a set, and leaves everything else in it. */
  mapDerivationAttrset = f: mapAttrs (_: value: if lib.attrsets.isDerivation value then f value else value);

  /** Priority of a package that has none: 5. */
  defaultPriority = 5;

  /** Sets what decides between packages with the same file: the lower number wins. */
  setPrio = priority: addMetaAttrs { inherit priority; };

  /** Package that gives way to others (priority 10). */
  lowPrio = setPrio 10;

  /** Set of packages that give way to others. */
  lowPrioSet = mapDerivationAttrset lowPrio;

  /** Package that others give way to (priority -10). */
  hiPrio = setPrio (-10);

  /** Set of packages that others give way to. */
  hiPrioSet = mapDerivationAttrset hiPrio;

  /** Whether a platform is what an element of `meta.platforms` names: a system, or a pattern of attributes. */
  platformMatch =
    platform: pattern:
    if isString pattern then
      platform.system or null == pattern
    else
      lib.attrsets.matchAttrs (if pattern ? parsed then pattern else { parsed = pattern; }) platform;

  /** Whether a package's meta allows a platform. */
  availableOn =
    platform: pkg:
    let
      meta = pkg.meta or { };
      named = any (platformMatch platform);
    in
    (!meta ? platforms || named meta.platforms) && !(meta ? badPlatforms && named meta.badPlatforms);

  /** Licenses by their SPDX identifier. */
  licensesSpdx = lib.attrsets.mapAttrs' (_: license: {
    name = license.spdxId;
    value = license;
  }) (lib.attrsets.filterAttrs (_: license: license ? spdxId) lib.licenses);

  /** License by its SPDX identifier; warns and makes one up when it is not known. */
  getLicenseFromSpdxId =
    id:
    getLicenseFromSpdxIdOr id (
      lib.warn "getLicenseFromSpdxId: there is no license with the SPDX identifier `${id}'" {
        shortName = id;
        spdxId = id;
      }
    );

  /** License by its SPDX identifier, or the default; small and capital letters are the same. */
  getLicenseFromSpdxIdOr =
    let
      known = lowercaseSpdx licensesSpdx;
    in
    id: default: known.${lib.strings.toLower id} or default;

  /** Path of a package's main program, as `meta.mainProgram` names it. */
  getExe =
    pkg:
    getExe' pkg (
      pkg.meta.mainProgram
        or (lib.warn "getExe: the package ${pkg.meta.name or pkg.pname or pkg.name} has no meta.mainProgram; its name is taken. getExe' takes the name of the program." (
          lib.strings.getName pkg
        ))
    );

  /** Path of a named program of a package. */
  getExe' =
    pkg: program:
    if !lib.attrsets.isDerivation pkg then
      throw "getExe': expected a package as the first argument, but got a value of type ${typeOf pkg}"
    else if !isString program then
      throw "getExe': expected the name of a program, but got a value of type ${typeOf program}"
    else if match ".*/.*" program != null then
      throw "getExe': expected the name of a program, but \"${program}\" is a path"
    else
      "${lib.attrsets.getBin pkg}/bin/${program}";

  /** Vendor and version in CPE form, for programs without an update field. */
  cpeFullVersionWithVendor = vendor: version: {
    inherit vendor version;
    update = "*";
  };
}
