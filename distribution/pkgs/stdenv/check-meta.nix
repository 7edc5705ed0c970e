/* Decides from a package's `meta` whether it may be used: licence, brokenness, known vulnerabilities, platform.

   Result: null, or a message. The first sentence of each message is NixOS 15.09's. */
{ lib, config, system }:

let

  inherit (lib) any toList optionalString concatMapStrings;

  isOn = attribute: variable: config.${attribute} or false || builtins.getEnv variable == "1";

  allowUnfree = isOn "allowUnfree" "NIXPKGS_ALLOW_UNFREE";
  allowBroken = isOn "allowBroken" "NIXPKGS_ALLOW_BROKEN";
  allowUnsupported = allowBroken || isOn "allowUnsupportedSystem" "NIXPKGS_ALLOW_UNSUPPORTED_SYSTEM";
  allowInsecure = builtins.getEnv "NIXPKGS_ALLOW_INSECURE" == "1";

  # Both generations of names.
  allowedLicenses = config.allowlistedLicenses or (config.whitelistedLicenses or [ ]);
  blockedLicenses = config.blocklistedLicenses or (config.blacklistedLicenses or [ ]);

  licenses = meta: toList (meta.license or [ ]);

  isUnfree = license: if lib.isAttrs license then !(license.free or true) else license == "unfree" || license == "unfree-redistributable";

  showLicense = license: if lib.isAttrs license then license.shortName or "unknown" else license;

  showLicenses = meta: lib.concatMapStringsSep ", " showLicense (licenses meta);

  help = name: ''

    For `nixos-rebuild` you can set
      { nixpkgs.config.${name} = true; }
    in configuration.nix to override this.
    For `nix-env` you can add
      { ${name} = true; }
    to ~/.nixpkgs/config.nix.
  '';

  insecureHelp = name: vulnerabilities: ''

    Known issues:
    ${concatMapStrings (issue: " - ${issue}\n") vulnerabilities}
    For `nixos-rebuild` you can set
      { nixpkgs.config.permittedInsecurePackages = [ "${name}" ]; }
    in configuration.nix to override this.
    For `nix-env` you can add
      { permittedInsecurePackages = [ "${name}" ]; }
    to ~/.nixpkgs/config.nix.
  '';

  mayBeInsecure = attrs: name:
    allowInsecure
    || builtins.elem name (config.permittedInsecurePackages or [ ])
    || (config.allowInsecurePredicate or (_: false)) attrs;

  supports = meta:
    !(meta ? platforms) || builtins.elem system (map (platform: platform.system or platform) meta.platforms);

  isBad = meta: builtins.elem system (map (platform: platform.system or platform) (meta.badPlatforms or [ ]));

in
# `attrs`: the package's attributes (name, meta); `where`: "FILE:LINE" or null.
attrs: where:
let
  meta = attrs.meta or { };
  name = attrs.name or "«name-missing»";
  place = if where == null then "«unknown-file»" else "‘${where}’";
  refuse = what: more: "Package ‘${name}’ in ${place} ${what}, refusing to evaluate.${more}";
in
if any isUnfree (licenses meta) && !allowUnfree && !(config.allowUnfreePredicate or (_: false)) attrs
  && !lib.any (license: builtins.elem license allowedLicenses) (licenses meta) then
  refuse "has an unfree license (‘${showLicenses meta}’)" (help "allowUnfree")
else if lib.any (license: builtins.elem license blockedLicenses) (licenses meta) then
  refuse "has a blacklisted license (‘${showLicenses meta}’)" ""
else if meta.broken or false && !allowBroken then
  refuse "is marked as broken" (help "allowBroken")
else if (!supports meta || isBad meta) && !allowUnsupported then
  refuse "is not supported on ‘${system}’" (help "allowBroken")
else if meta.knownVulnerabilities or [ ] != [ ] && !mayBeInsecure attrs name then
  refuse "is marked as insecure" (insecureHelp name meta.knownVulnerabilities)
else
  null
