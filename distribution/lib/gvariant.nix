# Values of GVariant, the types that dconf stores, as text.
{ lib }:

let
  inherit (builtins)
    all
    concatStringsSep
    filter
    head
    isAttrs
    isBool
    isFloat
    isInt
    isList
    isString
    map
    typeOf
    ;

  make = type: value: show: {
    _type = "gvariant";
    inherit type value;
    __toString = _self: show;
  };
  # Number with its type before it.
  typed = type: value: make type value "@${type} ${toString value}";
  joined = values: concatStringsSep "," (map toString values);
in
rec {
  /** Type strings. */
  type = {
    string = "s";
    boolean = "b";
    uchar = "y";
    int16 = "n";
    uint16 = "q";
    int32 = "i";
    uint32 = "u";
    int64 = "x";
    uint64 = "t";
    double = "d";
    variant = "v";
    arrayOf = inner: "a${inner}";
    maybeOf = inner: "m${inner}";
    tupleOf = inner: "(${concatStringsSep "" inner})";
    dictionaryEntryOf = key: value: "{${key}${value}}";
  };

  /** Whether a value was made by one of these functions. */
  isGVariant = value: value._type or "" == "gvariant";

  /** Functions for whole numbers, with the range of each (null: as far as Nix counts). */
  intConstructors =
    let
      constructor = name: type: min: max: {
        inherit
          name
          type
          min
          max
          ;
      };
    in
    [
      (constructor "mkInt32" type.int32 (-2147483648) 2147483647)
      (constructor "mkUint32" type.uint32 0 4294967295)
      (constructor "mkInt64" type.int64 null null)
      (constructor "mkUint64" type.uint64 0 null)
      (constructor "mkInt16" type.int16 (-32768) 32767)
      (constructor "mkUint16" type.uint16 0 65535)
      (constructor "mkUchar" type.uchar 0 255)
    ];

  /** GVariant of a boolean, float, string or list; one stays as it is. Whole numbers must say their type. */
  mkValue =
    value:
    let
      fits = c: (c.min == null || c.min <= value) && (c.max == null || value <= c.max);
    in
    if isGVariant value then
      value
    else if isBool value then
      mkBoolean value
    else if isFloat value then
      mkDouble value
    else if isString value then
      mkString value
    else if isList value then
      mkArray value
    else if isInt value then
      throw "gvariant: the number ${toString value} can be of several types; say which by ${
        lib.modules.messages.alternatives (map (c: "`lib.gvariant.${c.name}'") (filter fits intConstructors))
      }"
    else if isAttrs value then
      throw "gvariant: an attribute set has no type; a dictionary is a list of `lib.gvariant.mkDictionaryEntry'"
    else
      throw "gvariant: a value of type ${typeOf value} has no form";

  /** Array of elements of one type. */
  mkArray =
    elements:
    let
      values = map mkValue elements;
      inner = (head values).type;
    in
    if elements == [ ] then
      throw "gvariant: an empty list has no type; use `lib.gvariant.mkEmptyArray'"
    else if !all (value: value.type == inner) values then
      throw "gvariant: the elements of a list must be of one type, but are of ${
        lib.modules.messages.alternatives (lib.lists.unique (map (value: "`${value.type}'") values))
      }"
    else
      make (type.arrayOf inner) values "@${type.arrayOf inner} [${joined values}]";

  /** Array without elements, of an element type. */
  mkEmptyArray = inner: make (type.arrayOf inner) [ ] "@${type.arrayOf inner} []";

  /** Value of any type in a box. */
  mkVariant =
    element:
    let
      value = mkValue element;
    in
    make type.variant value "<${toString value}>";

  /** Entry of a dictionary, which is an array of such. */
  mkDictionaryEntry =
    key: value:
    let
      key' = mkValue key;
      value' = mkValue value;
      entry = type.dictionaryEntryOf key'.type value'.type;
    in
    make entry {
      name = key;
      inherit value;
    } "@${entry} {${toString key'},${toString value'}}";

  /** Value that may be missing (null). */
  mkMaybe =
    inner: value:
    make (type.maybeOf inner) value (if value == null then "@${type.maybeOf inner} nothing" else "just ${toString value}");

  /** Missing value. */
  mkNothing = inner: mkMaybe inner null;

  /** Value where one may be missing. */
  mkJust =
    element:
    let
      value = mkValue element;
    in
    mkMaybe value.type value;

  /** Tuple of values of any types. */
  mkTuple =
    elements:
    let
      values = map mkValue elements;
      tuple = type.tupleOf (map (value: value.type) values);
    in
    make tuple values "@${tuple} (${joined values})";

  /** Boolean. */
  mkBoolean = value: make type.boolean value (lib.trivial.boolToString value);

  /** String. */
  mkString = value: make type.string value "'${builtins.replaceStrings [ "\\" "'" "\n" ] [ "\\\\" "\\'" "\\n" ] value}'";

  /** D-Bus object path. */
  mkObjectpath = value: make type.string value "objectpath '${lib.strings.escape [ "'" ] value}'";

  /** Byte. */
  mkUchar = typed type.uchar;
  /** Whole number of 16 bits. */
  mkInt16 = typed type.int16;
  /** Whole number of 16 bits, not negative. */
  mkUint16 = typed type.uint16;
  /** Whole number of 32 bits, which needs no type in the text. */
  mkInt32 = value: make type.int32 value (toString value);
  /** Whole number of 32 bits, not negative. */
  mkUint32 = typed type.uint32;
  /** Whole number of 64 bits. */
  mkInt64 = typed type.int64;
  /** Whole number of 64 bits, not negative. */
  mkUint64 = typed type.uint64;
  /** Floating point number. */
  mkDouble = value: make type.double value (toString value);
}
