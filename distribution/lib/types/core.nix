# What an option type is, and how types are combined.
#
# A type checks definitions (`check`) and merges them (`merge loc defs`). A `merge` that is a set with `v2` takes
# { loc; defs; } and returns { headError; value; valueMeta; } at once; such a type's `check` says so by
# `isV2MergeCoherent`, which a hand-written `type // { check = ...; }` lacks (lib/modules/merging.nix sees to that).
{ lib }:

let
  inherit (lib.modules) checkAndMerge checkDefinitions;
in
rec {
  /** Whether a value has the given `_type`. */
  isType = type: value: value._type or "" == type;

  /** Gives a set a `_type`. */
  setType = type: attrs: attrs // { _type = type; };

  /** Whether a value is an option type. */
  isOptionType = isType "option-type";

  /** Functor of a type without parameters: two types of the same name are the same type. */
  defaultFunctor = name: {
    inherit name;
    type = lib.types.${name} or null;
    payload = null;
    binOp = _a: _b: null;
  };

  /** Functor of a type over another: element types merge. */
  elemTypeFunctor =
    name: make: elemType:
    defaultFunctor name
    // {
      type = payload: make payload.elemType;
      payload = { inherit elemType; };
      binOp =
        a: b:
        let
          merged = a.elemType.typeMerge b.elemType.functor;
        in
        if merged == null then null else { elemType = merged; };
    };

  /** Merges two types by their functors, or yields null: by name, and by the payload where there is one. */
  defaultTypeMerge =
    a: b:
    let
      payload = a.binOp a.payload b.payload;
    in
    if a.name != b.name then
      null
    else if a.payload == null && b.payload == null then
      a.type
    else if a.payload == null || b.payload == null || payload == null then
      null
    else
      a.type payload;

  /** The type that two types merge to, or `{ _type = "merge-error"; }`. */
  mergeTypes =
    a: b:
    let
      merged = a.typeMerge b.functor;
    in
    assert isOptionType a && isOptionType b;
    if merged == null then setType "merge-error" { error = "Cannot merge types"; } else merged;

  /**
    Makes an option type. `name` is all that is needed.
    `description` and `descriptionClass` ("noun", "composite", "conjunction", "nonRestrictiveClause") are for manuals;
    `errorNoun` is what errors call it ("is not a ..."), where that is not the description; `check value`; `merge loc defs`; `emptyValue` ({ value; })
    stands for no definition at all; `getSubOptions prefix`, `getSubModules` and `substSubModules` are for types that
    hold modules; `typeMerge` and `functor` say what two declarations of one option come to.
  */
  mkOptionType =
    {
      name,
      description ? null,
      descriptionClass ? null,
      errorNoun ? null,
      check ? _value: true,
      merge ? lib.options.mergeDefaultOption,
      emptyValue ? { },
      getSubOptions ? _prefix: { },
      getSubModules ? null,
      substSubModules ? _modules: null,
      typeMerge ? defaultTypeMerge functor,
      functor ? defaultFunctor name,
      deprecationMessage ? null,
      nestedTypes ? { },
    }:
    {
      _type = "option-type";
      inherit
        name
        descriptionClass
        check
        merge
        emptyValue
        getSubOptions
        getSubModules
        substSubModules
        typeMerge
        functor
        deprecationMessage
        nestedTypes
        ;
      description = if description == null then name else description;
      # Counts as long as nobody gives the type another description (lib.types.errorNounOf).
      errorNoun = {
        of = if description == null then name else description;
        noun = errorNoun;
      };
    };

  /** `check` of a type whose `merge` checks by itself. */
  coherentCheck = check: {
    __functor = _self: check;
    isV2MergeCoherent = true;
  };

  /** `merge` from a function of { loc; defs; } that yields { headError; value; valueMeta; }. */
  mergeByRecord = v2: {
    __functor =
      _self: loc: defs:
      (v2 { inherit loc defs; }).value;
    inherit v2;
  };

  /** Description of a type for use within another's: in brackets unless `plain descriptionClass` holds. */
  optionDescriptionPhrase =
    plain: type: if plain (type.descriptionClass or null) then type.description else "(${type.description})";

  /** What errors call a type: the noun that 15.09 used, else the description. */
  errorNounOf = errorNounWithin (_class: true);

  /** Like `errorNounOf`, for use within another type's noun. */
  errorNounPhrase = errorNounWithin (class: class == "noun");

  errorNounWithin =
    plain: type:
    let
      known = type.errorNoun or { };
    in
    # In this order: the noun of a type that contains itself under another description never ends.
    if known ? of && known.of == type.description && known.noun != null then
      known.noun
    else
      optionDescriptionPhrase plain (type // { description = type.description or type.name; });

  /** Type with one more condition for values. */
  addCheck =
    type: condition:
    if type.merge ? v2 then
      type
      // {
        check = coherentCheck (value: type.check value && condition value);
        merge = mergeByRecord (
          { loc, defs }:
          let
            result = checkAndMerge loc type defs;
          in
          if result.headError == null then
            result // { headError = checkDefinitions condition loc defs; }
          else
            result
        );
      }
    else
      type // { check = value: type.check value && condition value; };

  /** Type that allows one definition only; `message` becomes part of the error for several. */
  unique =
    { message }:
    type:
    mkOptionType {
      name = "unique";
      errorNoun = errorNounOf type;
      inherit (type)
        description
        descriptionClass
        check
        emptyValue
        getSubOptions
        getSubModules
        ;
      merge = lib.options.mergeUniqueOption {
        inherit message;
        inherit (type) merge;
      };
      substSubModules = modules: unique { inherit message; } (type.substSubModules modules);
      functor = elemTypeFunctor "unique" (unique { inherit message; }) type;
      nestedTypes.elemType = type;
    };

  /** Type that allows one definition only. */
  uniq = unique { message = ""; };
}
