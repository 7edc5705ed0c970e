# Assertions with a message.
{ lib }:

rec {
  /** True when the condition holds, else throws the message: `assert assertMsg (x > 0) "x must be positive"; ...`. */
  assertMsg = condition: message: if condition then true else throw message;

  /** Asserts that a value is one of several. */
  assertOneOf =
    name: value: allowed:
    assertMsg (builtins.elem value allowed) (
      let
        show = lib.generators.toPretty { multiline = false; };
      in
      "${name} must be one of ${show allowed}, but is: ${show value}"
    );

  /** Asserts that every element of a list is one of several values. */
  assertEachOneOf = name: values: allowed: builtins.all (value: assertOneOf name value allowed) values;

  /**
    Returns the last argument after checking `assertions` ([ { assertion; message; } ]) and printing `warnings`: what
    NixOS does with the options of these names.
  */
  checkAssertWarn =
    assertions: warnings: value:
    let
      failed = builtins.filter (a: !a.assertion) assertions;
    in
    if failed == [ ] then
      lib.trivial.showWarnings warnings value
    else
      throw "\nFailed assertions:\n${lib.strings.concatMapStringsSep "\n" (a: "- ${a.message}") failed}";
}
