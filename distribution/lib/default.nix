# lib: the library of the Nix language that packages and NixOS are written with.
#
# Each file is a sub-library (`lib.strings`, `lib.attrsets`, ...); what is used everywhere also stands at the top.
# Names and behaviour are those of nixpkgs' lib. Only builtins of Nix 2.8 are used.
let
  fixedPoints = import ./fixed-points.nix { inherit lib; };

  library =
    self:
    let
      part = file: import file { lib = self; };
      former = part ./former.nix;
    in
    {
      asserts = part ./asserts.nix;
      attrsets = part ./attrsets.nix // former.attrsets;
      cli = part ./cli.nix;
      customisation = part ./customisation.nix // former.customisation;
      debug = part ./debug.nix // former.debug;
      derivations = part ./derivations.nix;
      fetchers = part ./fetchers.nix;
      filesystem = part ./filesystem.nix;
      fileset = part ./fileset;
      fixedPoints = part ./fixed-points.nix;
      flakes = part ./flakes.nix;
      generators = part ./generators;
      gvariant = part ./gvariant.nix;
      kernel = part ./kernel.nix;
      licenses = part ./licenses;
      lists = part ./lists.nix // former.lists;
      meta = part ./meta.nix;
      misc = part ./misc.nix;
      modules = part ./modules // former.modules;
      network = part ./network.nix;
      options = part ./options.nix;
      path = part ./path.nix;
      sources = part ./sources.nix // former.sources;
      sourceTypes = part ./source-types.nix;
      strings = part ./strings // former.strings;
      stringsWithDeps = part ./strings-with-deps.nix;
      systems = part ./systems;
      trivial = part ./trivial.nix // former.trivial;
      types = part ./types // former.types;
      versions = part ./versions.nix;

      # Of `meta.platforms`: lists of systems by kind.
      platforms = self.systems.doubles;
      maintainers = { };
      teams = { };

      inherit (self.trivial)
        "or" add and bitAnd bitNot bitOr bitXor boolToString boolToYesNo ceil checkListOfEnum compare
        concat const deepSeq defaultTo div flip floor fromHexString functionArgs genericClosure id
        importJSON importTOML info inNixShell inPureEvalMode isBool isFloat isFunction isInOldestRelease
        isInt lessThan mapNullable max mergeAttrs min mirrorFunctionArgs mod mul nixpkgsVersion
        oldestSupportedReleaseIsAtLeast pathExists pipe readFile seq setFunctionArgs showWarnings
        splitByAndCompare sub throwIf throwIfNot toBaseDigits toFunction toHexString version warn warnIf
        warnIfNot xor
        ;
      inherit (self.fixedPoints)
        composeExtensions composeManyExtensions converge extends fix fix' makeExtensible
        makeExtensibleWithCustomName toExtension
        ;
      inherit (self.attrsets)
        attrByPath attrNames attrsToList attrVals attrValues cartesianProduct cartesianProductOfSets
        catAttrs chooseDevOutputs collect concatMapAttrs dontRecurseIntoAttrs filterAttrs
        filterAttrsRecursive foldAttrs foldlAttrs genAttrs genAttrs' getAttr getAttrFromPath getAttrs
        getBin getDev getFirstOutput getInclude getLib getMan getOutput getStatic hasAttr hasAttrByPath
        intersectAttrs isAttrs isDerivation listToAttrs mapAttrs mapAttrs' mapAttrsRecursive
        mapAttrsRecursiveCond mapAttrsToList mapAttrsToListRecursive mapAttrsToListRecursiveCond
        mapCartesianProduct matchAttrs mergeAttrsList nameValuePair optionalAttrs overrideExisting
        recurseIntoAttrs recursiveUpdate recursiveUpdateUntil removeAttrs setAttrByPath showAttrPath
        toDerivation updateManyAttrsByPath zip zipAttrs zipAttrsWith zipAttrsWithNames
        zipWithNames
        ;
      inherit (self.lists)
        all allUnique any compareLists concatAttrValues concatLists concatMap count crossLists drop
        dropEnd elem elemAt filter findFirst findSingle flatten fold foldl foldl' foldr forEach genList
        groupBy groupBy' head ifilter0 imap0 imap1 init intersectLists isList last length listDfs map
        mutuallyExclusive naturalSort optional optionals partition range remove replaceElemAt replicate
        reverseList singleton sort sortOn sublist subtractLists tail take takeEnd toList toposort unique
        uniqueStrings zipLists zipListsWith
        ;
      inherit (self.strings)
        addContextFrom appendContext cmakeBool cmakeFeature cmakeOptionType concatImapStrings
        concatImapStringsSep concatLines concatMapAttrsStringSep concatMapStrings concatMapStringsSep
        concatStrings concatStringsSep enableFeature enableFeatureAs escape escapeRegex escapeShellArg
        escapeShellArgs escapeURL escapeXML fileContents fixedWidthNumber fixedWidthString getName
        getVersion hasInfix hasPrefix hasSuffix intersperse isStorePath isString isStringLike
        isValidPosixName join lowerChars makeBinPath makeIncludePath makeLibraryPath makeSearchPath
        makeSearchPathOutput match mesonBool mesonEnable mesonOption nameFromURL optionalString
        removePrefix removeSuffix replaceString replaceStrings split splitString splitStringBy
        stringAsChars stringLength stringToCharacters substring toCamelCase toInt toIntBase10 toLower
        toSentenceCase toShellVar toShellVars toUpper trim trimWith typeOf unsafeDiscardStringContext
        upperChars versionAtLeast versionOlder withFeature withFeatureAs
        ;
      inherit (self.stringsWithDeps)
        fullDepEntry noDepEntry packEntry stringAfter textClosureList textClosureMap
        ;
      inherit (self.customisation)
        callPackagesWith callPackageWith extendDerivation extendMkDerivation hydraJob makeOverridable
        makeScope makeScopeWithSplicing makeScopeWithSplicing' mapCrossIndex overrideDerivation
        renameCrossIndexFrom renameCrossIndexTo
        ;
      inherit (self.derivations)
        addDrvOutputDependencies lazyDerivation optionalDrvAttr unsafeDiscardOutputDependency
        warnOnInstantiate
        ;
      inherit (self.meta)
        addMetaAttrs appendToName dontDistribute getExe getExe' getLicenseFromSpdxId
        getLicenseFromSpdxIdOr hiPrio hiPrioSet licensesSpdx lowPrio lowPrioSet mapDerivationAttrset
        setName setPrio updateName
        ;
      inherit (self.sources)
        canCleanSource cleanSource cleanSourceFilter cleanSourceWith commitIdFromGitRepo filterSource
        pathHasContext pathIsGitRepo repoRevToName revOrTag sourceByRegex sourceFilesBySuffices
        ;
      inherit (self.filesystem)
        baseNameOf dirOf hashFile isPath packagesFromDirectoryRecursive pathIsDirectory
        pathIsRegularFile pathType readDir readFileType
        ;
      inherit (self.modules)
        applyModuleArgsIfFunction dischargeProperties doRename evalModules filterOverrides
        fixMergeModules fixupOptionType mergeDefinitions mergeModules mergeModules' mergeOptionDecls
        mkAfter mkAliasAndWrapDefinitions mkAliasDefinitions mkAliasOptionModule mkAliasOptionModuleMD
        mkAssert mkBefore mkChangedOptionModule mkDefault mkDefinition mkDerivedConfig mkFixStrictness
        mkForce mkIf mkImageMediaOverride mkMerge mkMergedOptionModule mkOptionDefault mkOrder
        mkOverride mkRemovedOptionModule mkRenamedOptionModule mkRenamedOptionModuleWith mkVMOverride
        pushDownProperties setDefaultModuleLocation sortProperties unifyModuleSyntax
        ;
      inherit (self.options)
        getFiles getValues isOption literalCode literalDocBook literalExample literalExpression
        literalMD mdDoc mergeDefaultOption mergeEqualOption mergeOneOption mergeUniqueOption
        mkEnableOption mkOption mkPackageOption mkPackageOptionMD mkSinkUndeclaredOptions
        optionAttrSetToDocList optionAttrSetToDocList' scrubOptionValue showFiles showOption
        showOptionWithDefLocs unknownModule
        ;
      inherit (self.types)
        defaultFunctor defaultTypeMerge isOptionType isType mkOptionType setType
        ;
      inherit (self.asserts)
        assertMsg assertOneOf
        ;
      inherit (self.debug)
        addErrorContext runTests testAllTrue trace traceFnSeqN traceIf traceSeq traceSeqN traceVal
        traceValFn traceValSeq traceValSeqFn traceValSeqN traceValSeqNFn unsafeGetAttrPos
        ;
      inherit (self.generators)
        mkLuaInline
        ;
      inherit (self.misc)
        checkFlag checkReqs closePropagation condConcat defaultMerge defaultMergeArg fakeHash fakeSha256
        fakeSha512 foldArgs getValue ifEnable imap innerClosePropagation innerModifySumArgs
        lazyGenericClosure maybeAttr maybeAttrNullable maybeEnv mergeAttrBy mergeAttrByFunc
        mergeAttrsByFuncDefaults mergeAttrsByFuncDefaultsClean mergeAttrsConcatenateValues
        mergeAttrsNoOverride mergeAttrsWithFunc modifySumArgs nixType nvs setAttr setAttrMerge uniqList
        uniqListExt
        ;
      inherit (self.versions)
        compareVersions splitVersion
        ;
      inherit (self.network.ipv6)
        mkEUI64Suffix
        ;
      inherit (self.flakes)
        flakeRefToString parseFlakeRef
        ;
      inherit (builtins)
        fromJSON fromTOML getContext hasContext hashString parseDrvName placeholder toFile toJSON
        toString toXML tryEval
        ;
      inherit (self.modules) evalOptionValue;

      # What older releases had at the top.
      inherit (former.attrsets) mapAttrsFlatten deepSeqAttrs;
      inherit (former.lists) deepSeqList;
      inherit (former.strings) replaceChars makePerlPath readPathsFromFile;
      inherit (former.modules) mkStrict applyIfFunction;
      inherit (former.customisation) addPassthru;
      inherit (former.debug)
        strict showVal attrNamesToStr traceShowVal traceShowValMarked traceXMLVal traceXMLValMarked
        traceValIfNot addErrorContextToAttrs traceCall traceCall2 traceCall3 traceCallXml
        ;

      convertHash = import ./convert-hash.nix { lib = self; };
    };

  lib = fixedPoints.makeExtensible library;
in
lib
