# Names that older releases (15.09 to 20.09) had, by sub-library, so that configurations written for them evaluate.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatStringsSep
    isAttrs
    isFunction
    isList
    mapAttrs
    toXML
    trace
    ;

  # Prints the arguments of the first calls of a function, and its result.
  traceCalls =
    show: count: name: f: a:
    if count == 0 then
      let
        result = f a;
      in
      trace "${name}: last argument ${show a}, result ${show result}" result
    else
      trace "${name}: argument ${show a}" (traceCalls show (count - 1) name (f a));
in
rec {
  attrsets = {
    /** Now `mapAttrsToList`. */
    mapAttrsFlatten = lib.attrsets.mapAttrsToList;
    /** Evaluates a set's values in depth, then the second argument. */
    deepSeqAttrs = builtins.deepSeq;
  };

  lists = {
    /** Now `imap1`. */
    imap = lib.lists.imap1;
    /** Evaluates a list in depth, then the second argument. */
    deepSeqList = builtins.deepSeq;
  };

  strings = {
    /** Now `replaceStrings`. */
    replaceChars = builtins.replaceStrings;
    /** Now `isConvertibleWithToString`. */
    isCoercibleToString = lib.strings.isConvertibleWithToString;
    /** Search path of Perl modules. */
    makePerlPath = lib.strings.makeSearchPathOutput "out" "lib/perl5/site_perl";
    /** Lines of a file as paths below a root; lines that begin with `#` are left out. */
    readPathsFromFile =
      root: file:
      map (line: root + "/${line}") (
        builtins.filter (line: line != "" && !lib.strings.hasPrefix "#" line) (
          lib.strings.splitString "\n" (builtins.readFile file)
        )
      );
  };

  trivial.fix = lib.fixedPoints.fix;

  types = {
    /** Now `listOf`. */
    list = lib.types.listOf;
  };

  modules = {
    /** Had an effect before the configuration was lazy. */
    mkStrict = value: value;
    /** Now `applyModuleArgsIfFunction`. */
    applyIfFunction = lib.modules.applyModuleArgsIfFunction;
    /** Now `defaultOverridePriority`. */
    defaultPriority = lib.modules.defaultOverridePriority;
  };

  sources = { inherit (lib.filesystem) pathType pathIsDirectory pathIsRegularFile; };

  customisation = {
    /** Now `extendDerivation`. */
    addPassthru = drv: passthru: lib.customisation.extendDerivation true passthru drv;
  };

  debug = rec {
    /** Value, fully evaluated. */
    strict = value: builtins.deepSeq value value;
    /** Short text for a value. */
    showVal =
      value:
      if isAttrs value then
        if lib.attrsets.isDerivation value then "<derivation ${value.name or "?"}>" else "{ ${attrNamesToStr value} }"
      else if isList value then
        "[ ${lib.strings.concatMapStringsSep " " showVal value} ]"
      else if isFunction value then
        "<function>"
      else
        builtins.toJSON value;
    /** Names of a set. */
    attrNamesToStr = attrs: concatStringsSep "; " (attrNames attrs);
    /** Prints `showVal` of a value, and returns it. */
    traceShowVal = value: trace (showVal value) value;
    /** The same after some text. */
    traceShowValMarked = text: value: trace (text + showVal value) value;
    /** Prints a value as XML, and returns it. */
    traceXMLVal = value: trace (toXML value) value;
    /** The same after some text. */
    traceXMLValMarked = text: value: trace (text + toXML value) value;
    /** Whether a predicate holds for a value, which is printed when it does not. */
    traceValIfNot = pred: value: if pred value then true else trace (showVal value) false;
    /** Adds an error context with its name to each attribute. */
    addErrorContextToAttrs = mapAttrs (name: builtins.addErrorContext "while evaluating the attribute `${name}':");
    /** Prints a function's argument and result. */
    traceCall = traceCalls showVal 0;
    /** The same, of a function with two arguments. */
    traceCall2 = traceCalls showVal 1;
    /** The same, of a function with three arguments. */
    traceCall3 = traceCalls showVal 2;
    /** Like `traceCall`, as XML. */
    traceCallXml = traceCalls toXML 0;
  };
}
