# Values of Linux kernel configuration options.
{ lib }:

let
  inherit (lib.strings) versionAtLeast versionOlder;
  state = tristate: {
    inherit tristate;
    optional = false;
  };
in
{
  /** Option that is left out where the kernel does not have it. */
  option = value: value // { optional = true; };

  /** Built in. */
  yes = state "y";

  /** Not built. */
  no = state "n";

  /** Built as a module. */
  module = state "m";

  /** As the kernel's default says. */
  unset = state null;

  /** Any text or number. */
  freeform = value: {
    freeform = value;
    optional = false;
  };

  /** Conditions on a kernel version, for definitions. */
  whenHelpers = version: {
    whenAtLeast = least: lib.modules.mkIf (versionAtLeast version least);
    whenOlder = than: lib.modules.mkIf (versionOlder version than);
    whenBetween = least: than: lib.modules.mkIf (versionAtLeast version least && versionOlder version than);
  };
}
