/**
 * How a builtin is declared. Each family exports one table; `builtins/index.ts` joins them.
 *
 * An implementation gets the runtime, the position of the call and its arguments, unforced. It forces what it needs
 * with the functions of `force.ts`, telling what for in C++ Nix's words, e.g.
 * `forceList(list, pos, 'while evaluating the second argument passed to builtins.map')`, and returns a value in weak
 * head normal form. Errors come from `errors.ts`. A failing call gets its "while calling the 'map' builtin" line from
 * the caller.
 */
import type { PosIdx } from '../positions.ts';
import type { Runtime } from '../runtime.ts';
import type { Lazy, Value } from '../value.ts';

export interface BuiltinSpec {
  /**
   * As in C++ Nix: `map` is `builtins.map` and the global `map`; `__add` is `builtins.add` and the global `__add`.
   */
  readonly name: string;
  /** Names of the arguments, at least one. */
  readonly args: readonly string[];
  /** What it does, one or a few sentences in Markdown. */
  readonly doc: string;
  readonly fn: (runtime: Runtime, pos: PosIdx, ...args: Lazy[]) => Value;
  /** The experimental feature without which the builtin does not exist. */
  readonly feature?: string;
  /** `false`: errors that pass get no "while calling" line. Default: true. */
  readonly addTrace?: boolean;
}

/** A builtin that is no function: computed when first used. */
export interface ConstantSpec {
  readonly name: string;
  readonly doc: string;
  readonly value: (runtime: Runtime) => Value;
  /** Not in pure evaluation. */
  readonly impureOnly?: boolean;
}

export type BuiltinTable = readonly BuiltinSpec[];
