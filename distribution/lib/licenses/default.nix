# Licenses (`meta.license`), and expressions of several: `AND [ mit (OR [ gpl2Only asl20 ]) ]`.
{ lib }:

let
  inherit (builtins) all any elem mapAttrs;

  names = import ./names.nix;

  make =
    shortName: fields:
    let
      free = !elem shortName names.notFree;
    in
    {
      licenseType = "simple";
      inherit shortName free;
      redistributable = free || elem shortName names.redistributable;
      deprecated = elem shortName names.deprecated;
    }
    // fields;

  withId =
    shortName: entry:
    let
      spdxId = builtins.head entry;
    in
    make shortName {
      inherit spdxId;
      fullName = builtins.elemAt entry 1;
      url = "https://spdx.org/licenses/${spdxId}.html";
    };

  # For packages whose license is known in kind only.
  general = {
    free = make "free" { fullName = "Unspecified free software license"; };
    publicDomain = make "publicDomain" { fullName = "Public Domain"; };
    unfree = make "unfree" {
      fullName = "Unfree";
      free = false;
      redistributable = false;
    };
    unfreeRedistributable = make "unfreeRedistributable" {
      fullName = "Unfree redistributable";
      free = false;
    };
    # Runs on devices, not on the machine: counted as free, so that hardware works.
    unfreeRedistributableFirmware = make "unfreeRedistributableFirmware" { fullName = "Unfree redistributable firmware"; };
  };

  compound = operator: licenses: {
    licenseType = "compound";
    inherit operator licenses;
  };

  # Value of an expression, from the values of its simple licenses.
  evaluate =
    simple: permissive:
    let
      inner = evaluate simple permissive;
      either = if permissive then any else all;
      both = if permissive then all else any;
    in
    license:
    {
      simple = simple license;
      compound = (if license.operator == "OR" then either else both) inner license.licenses;
      exception = inner license.license && inner license.exception;
      plus = inner license.license;
    }
    .${license.licenseType or "simple"};
in
mapAttrs withId names.byId
// mapAttrs (shortName: fullName: make shortName { inherit fullName; }) names.others
// general
// rec {
  /** Choice of licenses. */
  OR = compound "OR";

  /** Licenses that all hold. */
  AND = compound "AND";

  /** License with an exception. */
  WITH = license: exception: {
    licenseType = "exception";
    operator = "WITH";
    inherit license exception;
  };

  /** License or any later version of it. */
  PLUS = license: {
    licenseType = "plus";
    operator = "+";
    inherit license;
  };

  /**
    Whether a predicate holds for a license expression. `permissive`: one alternative of a choice is enough and all
    parts must satisfy it; otherwise any part is enough, and all alternatives must satisfy it.
  */
  evaluateProperty = evaluate;

  /** `evaluateProperty` of an attribute that is true or false. */
  evaluateNamedProperty = name: evaluate (license: license.${name});

  /** Whether a license expression is free. */
  isFree = evaluateNamedProperty "free" true;

  /** Whether copies may be passed on under a license expression. */
  isRedistributable = evaluateNamedProperty "redistributable" true;

  /** Whether a license expression cannot be met without one of the given licenses. */
  containsLicenses = licenses: evaluate (license: elem license licenses) false;

  /** License expression as SPDX writes it. */
  toSPDX =
    license:
    let
      type = license.licenseType or "simple";
      inner = l: if elem (l.licenseType or "simple") [ "compound" "exception" ] then "(${toSPDX l})" else toSPDX l;
    in
    if type == "simple" then
      license.spdxId or "LicenseRef-nixos-${license.shortName}"
    else if type == "compound" then
      lib.strings.concatMapStringsSep " ${license.operator} " inner license.licenses
    else if type == "exception" then
      "${inner license.license} WITH ${inner license.exception}"
    else
      "${inner license.license}+";
}
