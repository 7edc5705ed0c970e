# From an option's definitions to its value: select by priority, check against the type, merge.
{ lib }:

let
  inherit (builtins)
    all
    filter
    ;
  inherit (lib.modules) messages selectDefinitions;

  # A type whose `check` was replaced by hand (`type // { check = ...; }`): its `merge.v2` does not know that check.
  hasOwnCheck = type: !(type.check.isV2MergeCoherent or false);

  wrongOnes = check: defs: filter (def: !check def.value) defs;
in
rec {
  /**
    Checks and merges definitions with a type: `{ headError; value; valueMeta; }`. `headError` is null, or what is
    wrong with the definitions themselves: `{ message; defs; }`; what is wrong within `value` is thrown when used.
  */
  checkAndMerge =
    loc: type: defs:
    if type.merge ? v2 then
      let
        result = type.merge.v2 { inherit loc defs; };
        error = checkDefinitions type.check loc defs;
      in
      if hasOwnCheck type && error != null then result // { headError = error; } else result
    else
      {
        headError = checkDefinitions type.check loc defs;
        value = type.merge loc defs;
        valueMeta = { };
      };

  /** Null when all definitions pass a check, else the `headError` that names those that do not. */
  checkDefinitions =
    check: loc: defs:
    if all (def: check def.value) defs then
      null
    else
      let
        wrong = wrongOnes check defs;
      in
      {
        message = "wrong definitions:${messages.definitionLines wrong}";
        defs = wrong;
      };

  /** Like `mergeDefinitions`, of definitions that `selectDefinitions` has selected. */
  mergeSelected = loc: type: selected: rec {
    defsFinal' = selected;
    defsFinal = selected.values;
    isDefined = defsFinal != [ ];

    checkedAndMerged =
      if type.merge ? v2 then
        let
          result = checkAndMerge loc type defsFinal;
        in
        result // { valueMeta = result.valueMeta // { _internal = { inherit type; }; }; }
      else
        {
          headError = null;
          value = mergedValue;
          valueMeta = { };
        };

    mergedValue =
      if !isDefined then
        type.emptyValue.value or (throw (messages.usedButNotDefined loc type))
      else if type.merge ? v2 then
        if checkedAndMerged.headError == null then
          checkedAndMerged.value
        else
          throw (messages.headError loc type defsFinal checkedAndMerged.headError)
      else if all (def: type.check def.value) defsFinal then
        type.merge loc defsFinal
      else
        throw (messages.valueOfWrongType loc type (wrongOnes type.check defsFinal));

    optionalValue = if isDefined then { value = mergedValue; } else { };
  };

  /** All that is known about an option's value: `mergedValue`, `isDefined`, `defsFinal`, `optionalValue`, ... */
  mergeDefinitions =
    loc: type: defs:
    mergeSelected loc type (selectDefinitions defs);
}
