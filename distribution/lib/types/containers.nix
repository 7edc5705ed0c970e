# Types of lists and attribute sets.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatLists
    concatMap
    filter
    foldl'
    head
    isAttrs
    isList
    length
    map
    mapAttrs
    sort
    zipAttrsWith
    ;
  inherit (lib.lists) imap1;
  inherit (lib.modules)
    checkDefinitions
    defaultOrderPriority
    defaultOverridePriority
    mergeDefinitions
    mkDefinition
    mkOrder
    ;
  inherit (lib.types)
    addCheck
    coherentCheck
    defaultFunctor
    elemTypeFunctor
    mergeByRecord
    mkOptionType
    optionDescriptionPhrase
    errorNounPhrase
    ;

  phrase = optionDescriptionPhrase (class: class == "noun" || class == "composite");

  # What types that hold elements have in common.
  over =
    make: elemType: placeholder:
    {
      descriptionClass = "composite";
      getSubOptions = prefix: elemType.getSubOptions (prefix ++ [ placeholder ]);
      inherit (elemType) getSubModules;
      substSubModules = modules: make (elemType.substSubModules modules);
      nestedTypes.elemType = elemType;
    };
in
rec {
  /** List; several definitions are joined. */
  listOf =
    elemType:
    mkOptionType (
      over listOf elemType "*"
      // rec {
        name = "listOf";
        description = "list of ${phrase elemType}";
        errorNoun = "list of ${errorNounPhrase elemType}s";
        check = coherentCheck isList;
        merge = mergeByRecord (
          { loc, defs }:
          let
            element =
              def: n: m: value:
              mergeDefinitions (loc ++ [ "[definition ${toString n}-entry ${toString m}]" ]) elemType [
                (def // { inherit value; })
              ];
            elements = filter (element: element.isDefined) (
              concatLists (imap1 (n: def: imap1 (element def n) def.value) defs)
            );
          in
          {
            headError = checkDefinitions isList loc defs;
            value = map (element: element.mergedValue) elements;
            valueMeta.list = map (element: element.checkedAndMerged.valueMeta) elements;
          }
        );
        emptyValue.value = [ ];
        functor = elemTypeFunctor name listOf elemType;
      }
    );

  /** List with at least one element. */
  nonEmptyListOf =
    elemType:
    let
      type = addCheck (listOf elemType) (value: value != [ ]);
    in
    type
    // {
      description = "non-empty ${optionDescriptionPhrase (class: class == "noun") type}";
      emptyValue = { };
      substSubModules = modules: nonEmptyListOf (elemType.substSubModules modules);
    };

  /** Attribute set of anything; later definitions of an attribute win. No properties within it. */
  attrs = mkOptionType {
    name = "attrs";
    description = "attribute set";
    check = isAttrs;
    merge = _loc: foldl' (merged: def: merged // def.value) { };
    emptyValue.value = { };
  };

  /** Attribute set; several definitions merge attribute by attribute. */
  attrsOf = elemType: attrsWith { inherit elemType; };

  /**
    Attribute set whose names do not depend on its values: `mkIf false` leaves its attribute behind, with the
    element type's empty value or an error when it is used.
  */
  lazyAttrsOf =
    elemType:
    attrsWith {
      inherit elemType;
      lazy = true;
    };

  /** `attrsOf` and `lazyAttrsOf` in one; `placeholder` is what manuals call the names. */
  attrsWith =
    {
      elemType,
      lazy ? false,
      placeholder ? "name",
    }:
    mkOptionType (
      over (elemType: attrsWith { inherit elemType lazy placeholder; }) elemType "<${placeholder}>"
      // {
        name = if lazy then "lazyAttrsOf" else "attrsOf";
        description = "${if lazy then "lazy " else ""}attribute set of ${phrase elemType}";
        errorNoun = "attribute set of ${errorNounPhrase elemType}s";
        check = coherentCheck isAttrs;
        merge = mergeByRecord (
          { loc, defs }:
          let
            byName = zipAttrsWith (name: mergeDefinitions (loc ++ [ name ]) elemType) (
              map (
                def:
                mapAttrs (name: value: {
                  inherit (def) file;
                  inherit value;
                  pos = builtins.unsafeGetAttrPos name def.value;
                }) def.value
              ) defs
            );
            present = if lazy then byName else lib.attrsets.filterAttrs (_: element: element.isDefined) byName;
          in
          {
            headError = checkDefinitions isAttrs loc defs;
            value = mapAttrs (_: element: element.mergedValue) present;
            valueMeta.attrs = mapAttrs (_: element: element.checkedAndMerged.valueMeta) present;
          }
        );
        emptyValue.value = { };
        functor = defaultFunctor "attrsWith" // {
          type = attrsWith;
          payload = { inherit elemType lazy placeholder; };
          binOp =
            a: b:
            let
              merged = a.elemType.typeMerge b.elemType.functor;
            in
            if
              merged == null
              || a.lazy != b.lazy
              || (a.placeholder != b.placeholder && a.placeholder != "name" && b.placeholder != "name")
            then
              null
            else
              {
                elemType = merged;
                inherit (a) lazy;
                placeholder = if a.placeholder == "name" then b.placeholder else a.placeholder;
              };
        };
      }
    );

  /** Ordered pairs: a list of sets with one attribute each, or a set. */
  attrListOf = elemType: attrListWith { inherit elemType; };

  /**
    Like `attrListOf`; `asAttrs` turns the value into a set, in which `mergeAttrValues name values` joins what has
    the same name. Items may have `mkOrder` and priorities of their own.
  */
  attrListWith =
    {
      elemType,
      asAttrs ? false,
      mergeAttrValues ? _name: values: values,
    }:
    let
      description = "attribute list of ${phrase elemType}";

      # Order and priority of a value under any nesting of the two; the override stays, for the element's merge.
      measure =
        value:
        let
          type = value._type or "";
          inner = measure value.content;
        in
        if type == "order" then
          inner // { order = value.priority; }
        else if type == "override" then
          # Looked into only when it wins.
          {
            inherit (inner) order;
            inherit (value) priority;
            value = value // { content = inner.value; };
          }
        else
          {
            inherit value;
            order = defaultOrderPriority;
            priority = defaultOverridePriority;
          };

      refuse =
        loc: def: raw: problem:
        throw (
          lib.modules.messages.valueOfWrongType loc { inherit description; } [ (def // { value = raw; }) ]
          + "\n  ${problem}"
        );

      # One list element: a set of one attribute, perhaps within `mkOrder`.
      item =
        loc: def: raw:
        let
          ordered = raw._type or "" == "order";
          set = if ordered then raw.content else raw;
          names = attrNames set;
        in
        if !isAttrs set then
          refuse loc def raw "Each list element must be an attribute set, but got ${builtins.typeOf set}"
        else if length names != 1 then
          refuse loc def raw "Each list element must be a single-key attribute set, but got ${toString (length names)} keys"
        else
          measure set.${head names}
          // { inherit def; key = head names; }
          // (if ordered then { order = raw.priority; } else { });

      itemsOf =
        loc: def:
        if isList def.value then
          map (item loc def) def.value
        else
          map (key: measure def.value.${key} // { inherit def key; }) (attrNames def.value);
    in
    mkOptionType (
      over (elemType: attrListWith { inherit elemType asAttrs mergeAttrValues; }) elemType "*"
      // {
        name = "attrListOf";
        inherit description;
        check = coherentCheck (value: isList value || isAttrs value);
        merge = mergeByRecord (
          { loc, defs }:
          let
            items = concatMap (itemsOf loc) defs;
            lowest = zipAttrsWith (_: foldl' lib.trivial.min defaultOverridePriority) (
              map (item: { ${item.key} = item.priority; }) items
            );
            kept = sort (a: b: a.order < b.order) (filter (item: item.priority == lowest.${item.key}) items);
            merged = filter (item: item.result.isDefined) (
              map (
                item:
                item
                // {
                  result = mergeDefinitions (loc ++ [ item.key ]) elemType [ (item.def // { inherit (item) value; }) ];
                }
              ) kept
            );
            pair = item: { ${item.key} = item.result.mergedValue; };
            pairs = map pair merged;
          in
          {
            headError = checkDefinitions (value: isList value || isAttrs value) loc defs;
            value = if asAttrs then zipAttrsWith mergeAttrValues pairs else pairs;
            valueMeta = {
              attrList = map (item: item.result.checkedAndMerged.valueMeta) merged;
              attrListValue = pairs;
              definitions = map (
                item:
                mkDefinition {
                  inherit (item.def) file;
                  value = mkOrder item.order (pair item);
                }
              ) merged;
            };
          }
        );
        emptyValue.value = if asAttrs then { } else [ ];
        typeMerge = _functor: null;
      }
    );
}
