# Types that are one of several: enum, either, nullOr, attrTag, coercedTo; and functions.
{ lib }:

let
  inherit (builtins)
    addErrorContext
    all
    attrNames
    elem
    elemAt
    filter
    foldl'
    head
    isAttrs
    isString
    length
    map
    mapAttrs
    tail
    unsafeGetAttrPos
    ;
  inherit (lib.modules)
    checkAndMerge
    mergeDefinitions
    messages
    ;
  inherit (lib.options)
    getFiles
    getValues
    mergeEqualOrUniqueOption
    showFiles
    showOption
    ;
  inherit (lib.strings) escapeNixIdentifier;
  inherit (lib.types)
    coherentCheck
    defaultFunctor
    elemTypeFunctor
    mergeByRecord
    mkOptionType
    optionDescriptionPhrase
    errorNounOf
    errorNounPhrase
    ;

  among = classes: optionDescriptionPhrase (class: elem class classes);

  # Options below the type itself are those of one type within it.
  through =
    make: inner: {
      inherit (inner) getSubOptions getSubModules;
      substSubModules = modules: make (inner.substSubModules modules);
    };
in
rec {
  /** One of the given values. */
  enum =
    values:
    let
      show = value: if isString value then "\"${value}\"" else if elem (builtins.typeOf value) [ "int" "bool" ] then builtins.toJSON value else "<${builtins.typeOf value}>";
      shown = map show values;
      n = length values;
    in
    mkOptionType rec {
      name = "enum";
      description =
        if n == 0 then
          "impossible (empty enum)"
        else if n == 1 then
          "value ${head shown} (singular enum)"
        else
          "one of ${builtins.concatStringsSep ", " shown}";
      descriptionClass = if n < 2 then "noun" else "conjunction";
      errorNoun = "one of ${builtins.concatStringsSep ", " shown}";
      check = value: elem value values;
      merge = mergeEqualOrUniqueOption;
      functor = defaultFunctor name // {
        type = payload: enum payload.values;
        payload = { inherit values; };
        binOp = a: b: { values = lib.lists.unique (a.values ++ b.values); };
      };
    };

  /** A value of the first type, else of the second. */
  either =
    t1: t2:
    mkOptionType rec {
      name = "either";
      description =
        if t1.descriptionClass or null == "nonRestrictiveClause" then
          "${t1.description}, or ${among [ "noun" "conjunction" ] t2}"
        else
          "${among [ "noun" "conjunction" ] t1} or ${among [ "noun" "conjunction" "composite" ] t2}";
      descriptionClass = "conjunction";
      errorNoun = "${errorNounOf t1} or ${errorNounOf t2}";
      check = coherentCheck (value: t1.check value || t2.check value);
      merge = mergeByRecord (
        { loc, defs }:
        let
          first = checkAndMerge loc t1 defs;
          second = checkAndMerge loc t2 defs;
          neither = {
            message = "each definition is of one type, but no type holds them all:${messages.definitionLines defs}";
            inherit defs;
          };
        in
        if first.headError == null then
          first
        else if second.headError == null then
          second
        else
          {
            headError = neither;
            value = throw (messages.valueOfWrongType loc (either t1 t2) defs);
            valueMeta.headError = neither;
          }
      );
      typeMerge =
        other:
        let
          left = t1.typeMerge (elemAt other.payload.elemType 0).functor;
          right = t2.typeMerge (elemAt other.payload.elemType 1).functor;
        in
        if other.name != name || left == null || right == null then null else either left right;
      functor = defaultFunctor name // {
        type = either;
        payload.elemType = [ t1 t2 ];
      };
      nestedTypes = {
        left = t1;
        right = t2;
      };
    };

  /** A value of one of several types; the first that fits counts. */
  oneOf =
    types:
    if types == [ ] then throw "types.oneOf: the list of types must not be empty" else foldl' either (head types) (tail types);

  /** null, or a value of the given type. */
  nullOr =
    elemType:
    mkOptionType (
      through nullOr elemType
      // rec {
        name = "nullOr";
        description = "null or ${among [ "noun" "conjunction" ] elemType}";
        descriptionClass = "conjunction";
        errorNoun = "null or ${errorNounOf elemType}";
        check = value: value == null || elemType.check value;
        merge =
          loc: defs:
          let
            nulls = filter (def: def.value == null) defs;
          in
          if nulls == [ ] then
            elemType.merge loc defs
          else if length nulls == length defs then
            null
          else
            throw (messages.nullAndNotNull loc defs);
        emptyValue.value = null;
        functor = elemTypeFunctor name nullOr elemType;
        nestedTypes.elemType = elemType;
      }
    );

  /** A value of `finalType`, or one of `coercedType`, which `coerce` turns into such. */
  coercedTo =
    coercedType: coerce: finalType:
    lib.throwIf (coercedType.getSubModules != null)
      "types.coercedTo: the type that is converted must not hold modules, but it is: ${coercedType.description}"
      (
        mkOptionType (
          through (coercedTo coercedType coerce) finalType
          // rec {
            name = "coercedTo";
            description = "${among [ "noun" ] finalType} or ${among [ "noun" ] coercedType} convertible to it";
            errorNoun = "${errorNounPhrase finalType} or ${errorNounPhrase coercedType} convertible to it";
            check = coherentCheck (
              value: finalType.check value || (coercedType.check value && finalType.check (coerce value))
            );
            merge = mergeByRecord (
              { loc, defs }:
              let
                fits = def: (checkAndMerge loc coercedType [ def ]).headError == null;
                converted = map (def: if fits def then def // { value = coerce def.value; } else def) defs;
              in
              checkAndMerge loc finalType converted
            );
            inherit (finalType) emptyValue;
            typeMerge = _functor: null;
            functor = defaultFunctor name;
            nestedTypes = { inherit coercedType finalType; };
          }
        )
      );

  /** Function whose result is of the given type; several definitions merge by their results. */
  functionTo =
    elemType:
    mkOptionType (
      through functionTo elemType
      // rec {
        name = "functionTo";
        description = "function that evaluates to a(n) ${among [ "noun" "composite" ] elemType}";
        descriptionClass = "composite";
        check = lib.trivial.isFunction;
        getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ "<function body>" ]);
        merge = loc: defs: {
          # An argument is optional when every definition can do without it.
          __functionArgs = builtins.zipAttrsWith (_: all (optional: optional)) (
            map lib.trivial.functionArgs (getValues defs)
          );
          __functor =
            _self: arg:
            (mergeDefinitions (loc ++ [ "<function body>" ]) elemType (
              map (def: def // { value = def.value arg; }) defs
            )).mergedValue;
        };
        functor = elemTypeFunctor name functionTo elemType;
        nestedTypes.elemType = elemType;
      }
    );

  /** Set of one attribute, whose name is one of the given tags; each tag is an option. */
  attrTag =
    given:
    let
      positionOf = name: unsafeGetAttrPos name given;
      checked =
        name: option:
        let
          pos = positionOf name;
          known = fallback: if pos == null then [ ] else [ fallback ];
        in
        addErrorContext "while checking that the attrTag tag ${escapeNixIdentifier name} is an option${
          if pos == null then "" else " at ${pos.file}:${toString pos.line}:${toString pos.column}"
        }" (
          if option._type or null != "option" then
            throw "types.attrTag: the tag ${escapeNixIdentifier name} must be an option, as mkOption makes it, but is ${
              if option._type or null == "option-type" then
                "a type"
              else
                "something else"
            }"
          else
            option
            // {
              declarations = option.declarations or (known pos.file);
              declarationPositions = option.declarationPositions or (known pos);
            }
        );
      tags = mapAttrs checked given;
      choices = lib.strings.concatMapStringsSep ", " escapeNixIdentifier (attrNames tags);
      tagOf = def: head (attrNames def.value);
    in
    mkOptionType {
      name = "attrTag";
      description = "attribute-tagged union with choices: ${choices}";
      descriptionClass = "noun";
      getSubOptions = prefix: mapAttrs (name: option: option // { loc = prefix ++ [ name ]; }) tags;
      check = value: isAttrs value && length (attrNames value) == 1 && tags ? ${head (attrNames value)};
      merge =
        loc: defs:
        let
          tag = tagOf (head defs);
          other = lib.lists.findFirst (def: tagOf def != tag) null defs;
        in
        if other != null then
          throw (
            "The option `${showOption loc}' is defined both as `${tag}' and `${tagOf other}', in ${showFiles (getFiles defs)}."
            + messages.definitionLines defs
            + messages.priorityHint
          )
        else
          {
            ${tag} =
              (lib.modules.evalOptionValue (loc ++ [ tag ]) (lib.modules.fixupOptionType (loc ++ [ tag ]) ({ options = [ ]; } // tags.${tag} // { type = tags.${tag}.type or lib.types.unspecified; })) (
                map (def: def // { value = def.value.${tag}; }) defs
              )).value;
          };
      nestedTypes = tags;
      functor = defaultFunctor "attrTag" // {
        type = payload: attrTag payload.tags;
        payload = { inherit tags; };
        binOp =
          a: b:
          let
            declaration = option: {
              options = option;
              _file = "<attrTag {...}>";
              pos = null;
            };
            merge =
              name: _:
              lib.modules.mergeOptionDecls [ name ] [
                (declaration a.tags.${name})
                (declaration b.tags.${name})
              ]
              // {
                declarations = a.tags.${name}.declarations ++ b.tags.${name}.declarations;
                declarationPositions = a.tags.${name}.declarationPositions ++ b.tags.${name}.declarationPositions;
              };
          in
          {
            tags = a.tags // b.tags // mapAttrs merge (builtins.intersectAttrs a.tags b.tags);
          };
      };
    };
}
