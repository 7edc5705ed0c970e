# Looking into evaluation, and testing.
{ lib }:

let
  inherit (builtins)
    attrNames
    concatMap
    deepSeq
    elem
    isAttrs
    isList
    length
    map
    mapAttrs
    substring
    ;

  # Value whose parts below a depth are shown as an ellipsis.
  cut =
    depth: value:
    let
      ellipsis = text: {
        __pretty = _value: text;
        val = null;
      };
    in
    if isList value then
      if depth == 0 then ellipsis "[…]" else map (cut (depth - 1)) value
    else if isAttrs value then
      if depth == 0 then ellipsis "{…}" else mapAttrs (_: cut (depth - 1)) value
    else
      value;
in
rec {
  inherit (builtins) addErrorContext trace unsafeGetAttrPos;

  /** Prints the message when the condition holds, and returns the last argument. */
  traceIf =
    condition: message: value:
    if condition then builtins.trace message value else value;

  /** Prints what a function makes of a value, and returns the value. */
  traceValFn = f: value: builtins.trace (f value) value;

  /** Prints a value and returns it. */
  traceVal = traceValFn (value: value);

  /** Prints the first argument, all of it evaluated, and returns the second. */
  traceSeq = shown: builtins.trace (deepSeq shown shown);

  /** Like `traceSeq`, down to a depth. */
  traceSeqN =
    depth: shown: builtins.trace (lib.generators.toPretty { allowPrettyValues = true; } (cut depth shown));

  /** Like `traceValFn`, the value evaluated in depth. */
  traceValSeqFn = f: value: traceValFn f (deepSeq value value);

  /** Like `traceVal`, the value evaluated in depth. */
  traceValSeq = traceValSeqFn (value: value);

  /** Like `traceValSeqFn`, down to a depth. */
  traceValSeqNFn =
    f: depth: value:
    traceSeqN depth (f value) value;

  /** Like `traceValSeq`, down to a depth. */
  traceValSeqN = traceValSeqNFn (value: value);

  /** Calls a function and prints its name, argument and result, down to a depth. */
  traceFnSeqN =
    depth: name: f: from:
    let
      to = f from;
    in
    traceSeqN (depth + 1) {
      fn = name;
      inherit from to;
    } to;

  /**
    Runs tests `{ testName = { expr; expected; }; }` and returns those that fail, `[ { name; expected; result; } ]`.
    Names begin with "test"; an attribute `tests` may list the names to be run instead.
  */
  runTests =
    tests:
    let
      chosen = tests.tests or [ ];
      isChosen = name: if chosen == [ ] then substring 0 4 name == "test" else elem name chosen;
      failure =
        name:
        let
          inherit (tests.${name}) expr expected;
        in
        if expr == expected then
          [ ]
        else
          [
            {
              inherit name expected;
              result = expr;
            }
          ];
    in
    concatMap (name: if isChosen name then failure name else [ ]) (
      builtins.filter (name: name != "tests" || isAttrs tests.tests) (attrNames tests)
    );

  /** Throws when there are failures of `runTests`, and prints each; returns null when there are none. */
  throwTestFailures =
    {
      failures,
      description ? "tests",
      ...
    }:
    let
      show = value: builtins.unsafeDiscardStringContext (lib.generators.toPretty { allowPrettyValues = true; } value);
      report = failure: "FAIL ${show failure.name}:\nExpected:\n${show failure.expected}\nResult:\n${show failure.result}\n";
      printed = builtins.foldl' (_: failure: builtins.trace (report failure) null) null failures;
    in
    if failures == [ ] then
      null
    else
      throw (
        builtins.seq printed "${toString (length failures)} ${description} failed:\n- ${
          lib.strings.concatMapStringsSep "\n- " (failure: failure.name) failures
        }\n\n${builtins.toJSON failures}"
      );

  /** Test that every element of a list is true. */
  testAllTrue = values: {
    expr = values;
    expected = map (_: true) values;
  };
}
