/* `stdenv.mkDerivation`: a derivation whose builder runs the phases of setup/.

   Takes a set of attributes, or a function from the final attributes (those that remain after all `overrideAttrs`). */
{ lib, config, stdenv, system, shell }:

let

  inherit (lib) optionalAttrs;

  refusal = import ./check-meta.nix { inherit lib config system; };

  # Attributes that are about the derivation, not of it.
  hidden = [ "meta" "passthru" "pos" "env" "checkInputs" "nativeCheckInputs" "installCheckInputs" "nativeInstallCheckInputs" ];

  inputLists = [
    "nativeBuildInputs" "buildInputs" "propagatedNativeBuildInputs" "propagatedBuildInputs"
    "depsBuildBuild" "depsBuildTarget" "depsHostHost" "depsTargetTarget"
    "depsBuildBuildPropagated" "depsBuildTargetPropagated" "depsHostHostPropagated" "depsTargetTargetPropagated"
  ];

  # Inputs stand for their development output; null and false entries are left out, nested lists flattened.
  inputs = list:
    map lib.getDev (builtins.filter (input: input != null && input != false) (lib.flatten list));

  positionOf = attrs:
    let
      found = attrs.pos or (
        if attrs.meta.description or null != null then builtins.unsafeGetAttrPos "description" attrs.meta
        else if attrs ? version then builtins.unsafeGetAttrPos "version" attrs
        else builtins.unsafeGetAttrPos "name" attrs
      );
    in
    if found == null then null else "${found.file}:${toString found.line}";

  # What `derivation` gets.
  arguments = attrs:
    let
      structured = attrs.__structuredAttrs or (config.structuredAttrsByDefault or false);
      checks = attrs.doCheck or (config.doCheckByDefault or false);
      installChecks = attrs.doInstallCheck or (config.doCheckByDefault or false);
      extra = {
        nativeBuildInputs = lib.optionals checks (attrs.nativeCheckInputs or [ ])
          ++ lib.optionals installChecks (attrs.nativeInstallCheckInputs or [ ]);
        buildInputs = lib.optionals checks (attrs.checkInputs or [ ])
          ++ lib.optionals installChecks (attrs.installCheckInputs or [ ]);
      };
      lists = lib.genAttrs inputLists (name: inputs ((attrs.${name} or [ ]) ++ extra.${name} or [ ]));
      environment = lib.mapAttrs (_name: value: if value == null then "" else value) (attrs.env or { });
      name =
        if attrs ? name then attrs.name
        else if attrs ? pname then "${attrs.pname}-${attrs.version or ""}"
        else throw "mkDerivation needs the attribute 'name', or 'pname' and 'version'";
    in
    removeAttrs attrs hidden
    // lib.filterAttrs (name: list: list != [ ] || name == "nativeBuildInputs" || name == "buildInputs") lists
    // {
      inherit name system stdenv;
      builder = attrs.realBuilder or shell;
      args = attrs.args or [ "-e" (attrs.builder or ./default-builder.sh) ];
      doCheck = checks;
      doInstallCheck = installChecks;
      outputs = attrs.outputs or [ "out" ];
    }
    // (if structured then { __structuredAttrs = true; env = environment; } else environment)
    // optionalAttrs (attrs ? enableParallelBuilding) {
      enableParallelChecking = attrs.enableParallelChecking or attrs.enableParallelBuilding;
      enableParallelInstalling = attrs.enableParallelInstalling or attrs.enableParallelBuilding;
    };

  # `make`: final attributes -> attributes.
  build = make:
    let
      attrs = make (attrs // { finalPackage = package; });
      where = positionOf attrs;
      args = arguments attrs;
      message = refusal (attrs // { inherit (args) name; }) where;
      drv = derivation (removeAttrs args [ "realBuilder" ]);
      meta = {
        inherit (args) name;
        available = message == null;
        outputsToInstall =
          let outputs = args.outputs;
          in [ (if builtins.elem "bin" outputs then "bin" else if builtins.elem "out" outputs then "out" else builtins.head outputs) ]
            ++ lib.optional (builtins.elem "man" outputs) "man";
      } // optionalAttrs (where != null) { position = where; } // attrs.meta or { };
      passthru = attrs.passthru or { };
      package = lib.extendDerivation (if message == null then true else throw message) (
        {
          inherit meta passthru stdenv;
          inherit (args) name;
          overrideAttrs = change: build (final: let previous = make final; in previous // applyChange change final previous);
          inputDerivation = derivation (removeAttrs args [ "realBuilder" "outputHash" "outputHashAlgo" "outputHashMode" ] // {
            name = "inputs-of-${args.name}";
            outputs = [ "out" ];
            args = [ "-c" "export > $out" ];
          });
        }
        // optionalAttrs (attrs ? pname) { inherit (attrs) pname; }
        // optionalAttrs (attrs ? version) { inherit (attrs) version; }
        // passthru
      ) drv;
    in
    package;

  # A set, a function of the old attributes, or of the final and the old ones.
  applyChange = change: final: previous:
    if !lib.isFunction change then change
    else
      let first = change previous;
      in if lib.isFunction first then change final previous else first;

in
given: build (if lib.isFunction given then given else _final: given)
