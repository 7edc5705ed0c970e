# Changing packages and sets of packages: override, callPackage, scopes.
{ lib }:

let
  inherit (builtins)
    all
    attrNames
    derivation
    filter
    head
    intersectAttrs
    isAttrs
    listToAttrs
    map
    mapAttrs
    removeAttrs
    seq
    unsafeGetAttrPos
    ;
  inherit (lib.trivial)
    functionArgs
    isFunction
    mirrorFunctionArgs
    setFunctionArgs
    ;

  # New arguments: a set is laid over the old ones, a function computes what is laid over them.
  changeArgs = old: change: old // (if isFunction change then change old else change);

  load = fn: if isFunction fn then fn else import fn;

  # Set with an attribute only where the condition holds.
  when = condition: attrs: if condition then attrs else { };

  missingArgument =
    auto: args: f: missing:
    let
      name = head missing;
      pos = unsafeGetAttrPos name (functionArgs f);
      near = lib.modules.messages.nearNames name (attrNames (auto // args));
    in
    "Function called without required argument \"${name}\" at ${
      if pos == null then "<unknown location>" else "${pos.file}:${toString pos.line}"
    }${if near == [ ] then "" else ", did you mean ${lib.modules.messages.alternatives (map (n: "\"${n}\"") near)}?"}";

  crossIndices = [ "buildBuild" "buildHost" "buildTarget" "hostHost" "hostTarget" "targetTarget" ];
  capitalised = name: lib.strings.toUpper (builtins.substring 0 1 name) + builtins.substring 1 (-1) name;
in
rec {
  /**
    Changes the arguments of a derivation: `overrideDerivation drv (old: { ... })`. The old derivation is evaluated
    first, so `overrideAttrs` is to be preferred where the package has it.
  */
  overrideDerivation =
    drv: f:
    let
      changed = derivation (drv.drvAttrs // f drv);
    in
    extendDerivation (seq drv.drvPath true) (
      {
        meta = drv.meta or { };
        passthru = drv.passthru or { };
      }
      // drv.passthru or { }
      // when (drv ? __spliced) { __spliced = mapAttrs (_: spliced: overrideDerivation spliced f) drv.__spliced; }
    ) changed;

  /** Gives a function's results a method `override`, which calls it again with other arguments. */
  makeOverridable =
    f:
    let
      likeF = mirrorFunctionArgs f;
      again = g: makeOverridable (likeF g);
      call =
        args:
        let
          result = f args;
          override = likeF (change: makeOverridable f (changeArgs args change));
        in
        if isAttrs result then
          result
          // {
            inherit override;
            overrideDerivation = change: again (args: overrideDerivation (f args) change) args;
          }
          // when (result ? overrideAttrs) {
            overrideAttrs = change: again (args: (f args).overrideAttrs change) args;
          }
        else if builtins.isFunction result then
          setFunctionArgs result (functionArgs result) // { inherit override; }
        else
          result;
    in
    if isAttrs f then
      # A callable set keeps its attributes; its own `override` yields a function to be made overridable again.
      f // likeF call // when (f ? override) { override = change: makeOverridable (f.override change); }
    else
      likeF call;

  /**
    Calls a function, or the function in a file, with the arguments that it names from a set, and further ones:
    `callPackageWith pkgs ./hello.nix { }`. The result has `override`.
  */
  callPackageWith =
    auto: fn: args:
    let
      f = load fn;
      expected = functionArgs f;
      given = intersectAttrs expected auto // args;
      missing = filter (name: !expected.${name}) (attrNames (removeAttrs expected (attrNames given)));
    in
    if missing == [ ] then makeOverridable f given else abort (missingArgument auto args f missing);

  /** Like `callPackageWith`, for functions that yield a set of packages: each one has `override`. */
  callPackagesWith =
    auto: fn: args:
    let
      f = load fn;
      given = intersectAttrs (functionArgs f) auto // args;
      pkgs = f given;
      one = name: _: makeOverridable (mirrorFunctionArgs f (args: (f args).${name})) given;
    in
    if lib.attrsets.isDerivation pkgs then
      throw "callPackages was called on a function that yields the single package \"${pkgs.name or "?"}\"; callPackage is for those"
    else
      mapAttrs one pkgs;

  /** Adds attributes to a derivation and to each of its outputs; instantiating it asserts the condition. */
  extendDerivation =
    condition: passthru: drv:
    let
      # Paths that are out of reach while the condition does not hold.
      guarded = output: {
        drvPath = assert condition; output.drvPath;
        outPath = assert condition; output.outPath;
      };
      output = outputName: {
        name = outputName;
        value =
          common
          // {
            inherit (drv.${outputName}) type outputName;
            outputSpecified = true;
          }
          // guarded drv.${outputName}
          // when (passthru ? overrideAttrs) { overrideAttrs = change: (passthru.overrideAttrs change).${outputName}; };
      };
      outputs = map output (drv.outputs or [ "out" ]);
      common = drv // listToAttrs outputs // { all = map (o: o.value) outputs; } // passthru // guarded drv;
    in
    common;

  /** Only those attributes of a package that a build service needs; all of them are evaluated. */
  hydraJob =
    drv:
    let
      outputs = drv.outputs or [ "out" ];
      output = outputName: {
        name = outputName;
        value = common // {
          type = "derivation";
          inherit (drv.${outputName}) outPath drvPath;
          inherit outputName;
        };
      };
      byName = listToAttrs (map output outputs);
      common =
        {
          inherit (drv) name system meta;
          inherit outputs;
        }
        // when (drv._hydraAggregate or false) {
          _hydraAggregate = true;
          constituents = map hydraJob (lib.lists.flatten drv.constituents);
        }
        // byName;
      result = byName.${head outputs};
    in
    if drv == null then null else builtins.deepSeq result result;

  /**
    Set of packages that see each other first and then those around them: `makeScope pkgs.newScope (self: { ... })`.
    It has `callPackage`, `newScope`, `overrideScope` and `packages` (the function that was given).
  */
  makeScope =
    newScope: f:
    let
      self = { callPackage = self.newScope { }; } // f self // {
        newScope = more: newScope (self // more);
        overrideScope = overlay: makeScope newScope (lib.fixedPoints.extends overlay f);
        packages = f;
      };
    in
    self;

  /** Former form of `makeScopeWithSplicing'`, with its parameters one by one. */
  makeScopeWithSplicing =
    splicePackages: newScope: otherSplices: keep: extra: f:
    makeScopeWithSplicing' { inherit splicePackages newScope; } {
      inherit
        otherSplices
        keep
        extra
        f
        ;
    };

  /** `makeScope` whose packages are spliced: each carries its variants for other build and host platforms. */
  makeScopeWithSplicing' =
    { splicePackages, newScope }@tools:
    {
      otherSplices,
      keep ? _self: { },
      extra ? _spliced: { },
      f,
    }@scope:
    let
      plain = splicePackages {
        pkgsBuildBuild = otherSplices.selfBuildBuild;
        pkgsBuildHost = otherSplices.selfBuildHost;
        pkgsBuildTarget = otherSplices.selfBuildTarget;
        pkgsHostHost = otherSplices.selfHostHost;
        # The set itself, so that overrides are seen.
        pkgsHostTarget = self;
        pkgsTargetTarget = otherSplices.selfTargetTarget;
      };
      spliced = extra plain // plain // keep self;
      self = f self // {
        newScope = more: newScope (spliced // more);
        callPackage = newScope spliced;
        overrideScope = overlay: makeScopeWithSplicing' tools (scope // { f = lib.fixedPoints.extends overlay f; });
        packages = f;
      };
    in
    self;

  /**
    Makes a builder such as `buildPythonPackage` from one such as `stdenv.mkDerivation` (`constructDrv`).
    `extendDrvArgs final previous` computes arguments that are laid over those given; `excludeDrvArgNames` are not
    handed on; `transformDrv` changes the result. The builder takes a set or a function of the final arguments.
  */
  extendMkDerivation =
    {
      constructDrv,
      extendDrvArgs,
      excludeDrvArgNames ? [ ],
      excludeFunctionArgNames ? [ ],
      inheritFunctionArgs ? true,
      transformDrv ? drv: drv,
    }:
    {
      __functor =
        _self: given:
        transformDrv (
          constructDrv (
            final:
            let
              args = if isFunction given then given final else given;
            in
            removeAttrs args excludeDrvArgNames // extendDrvArgs final args
          )
        );
      __functionArgs = removeAttrs (
        when inheritFunctionArgs (removeAttrs (functionArgs constructDrv) excludeDrvArgNames)
        // functionArgs (extendDrvArgs { })
      ) excludeFunctionArgNames;
      inherit
        constructDrv
        excludeDrvArgNames
        extendDrvArgs
        transformDrv
        ;
    };

  # A "cross index" holds one value for each pair of platforms that a package can be built on and for.

  /** Cross index from attributes with a prefix: `pkgsBuildHost` becomes `buildHost`. */
  renameCrossIndexFrom = prefix: attrs: lib.attrsets.genAttrs crossIndices (name: attrs.${prefix + capitalised name});

  /** Attributes with a prefix from a cross index: `buildHost` becomes `pkgsBuildHost`. */
  renameCrossIndexTo =
    prefix: index:
    listToAttrs (
      map (name: {
        name = prefix + capitalised name;
        value = index.${name};
      }) crossIndices
    );

  /** Maps the values of a cross index. */
  mapCrossIndex = f: index: lib.attrsets.genAttrs crossIndices (name: f index.${name});
}
