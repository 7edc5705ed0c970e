# Recursive sets and their extensions ("overlays").
{ lib }:

let
  inherit (builtins) foldl';
in
rec {
  /** Least fixed point: gives a function its own result as the argument. */
  fix =
    f:
    let
      result = f result;
    in
    result;

  /** Like `fix`, for functions that yield sets; the function stays reachable as `__unfix__`. */
  fix' =
    f:
    let
      result = f result // {
        __unfix__ = f;
      };
    in
    result;

  /** Applies a function again and again until nothing changes any more. */
  converge =
    f: value:
    let
      next = f value;
    in
    if next == value then value else converge f next;

  /**
    Puts an overlay (`final: prev: { ... }`) on top of a recursive set's function (`final: { ... }`).
    The result is again a function of the final set.
  */
  extends =
    overlay: base: final:
    let
      prev = base final;
    in
    prev // overlay final prev;

  /** One overlay that applies two, the first one first. */
  composeExtensions =
    first: second: final: prev:
    let
      changed = first final prev;
    in
    changed // second final (prev // changed);

  /** One overlay that applies a list of them in order. */
  composeManyExtensions =
    overlays: final: prev:
    (foldl' (
      state: overlay:
      let
        more = overlay final state.all;
      in
      {
        all = state.all // more;
        changed = state.changed // more;
      }
    ) { all = prev; changed = { }; } overlays).changed;

  /** Fixed point with a method `extend` that puts an overlay on top. */
  makeExtensible = makeExtensibleWithCustomName "extend";

  /** Like `makeExtensible`; the method has the given name. */
  makeExtensibleWithCustomName =
    method: base:
    fix' (
      final:
      base final
      // {
        ${method} = overlay: makeExtensibleWithCustomName method (extends overlay base);
      }
    );

  /** Makes an overlay from one, from `prev: { ... }`, or from a plain set. */
  toExtension =
    given:
    if !lib.isFunction given then
      final: prev: given
    else
      final: prev:
      let
        once = given prev;
      in
      # `prev: { ... }` has answered already; an overlay waits for its second argument.
      if lib.isFunction once then given final prev else once;
}
