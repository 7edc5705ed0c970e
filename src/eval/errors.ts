/**
 * The evaluator's errors: how they are made, and how traces are added to them on their way out. Messages are
 * byte strings and are those of C++ Nix.
 */
import { AssertionError, EvalError, NixError, suggestNear } from '../diagnostics/index.ts';
import { type PosIdx, resolvePos } from './positions.ts';
import { printForError } from './print.ts';
import { type Lazy, showType, type Thunk } from './value.ts';

export { AssertionError, EvalError, Interrupted, NixError, ThrownError } from '../diagnostics/index.ts';

/** A thunk was forced while it was being computed. */
export class InfiniteRecursion extends EvalError {
  /** The thunk that was met again. */
  readonly thunk: Thunk;
  /** Positions of the thunks under evaluation from the innermost back to `thunk`. */
  readonly steps: PosIdx[] = [];
  /** Whether unwinding has passed the first forcing of `thunk`. */
  closed = false;

  constructor(thunk: Thunk, pos: PosIdx) {
    super('infinite recursion encountered', { pos: resolvePos(pos), code: 'infinite-recursion' });
    this.thunk = thunk;
  }
}

/** The call-depth counter tripped, or JavaScript's own stack ended. Never cached in thunks. */
export class StackOverflow extends EvalError {
  constructor(pos: PosIdx, cause?: unknown) {
    super('stack overflow; max-call-depth exceeded', { pos: resolvePos(pos), code: 'stack-overflow', cause });
  }
}

/** `builtins.abort`; unlike `throw` it is not caught by `tryEval`. */
export class AbortError extends EvalError {}

export interface ErrorDetails {
  readonly hint?: string | undefined;
  readonly code?: string;
  /** A first trace line, as C++ Nix's `withTrace`: what was being done, and where. */
  readonly trace?: string;
  readonly tracePos?: PosIdx;
}

/** An error at `pos` (or nowhere, `noPos`). */
export function evalError(message: string, pos: PosIdx = 0, details: ErrorDetails = {}): EvalError {
  const error = new EvalError(message, {
    pos: resolvePos(pos),
    hint: details.hint,
    code: details.code ?? 'eval',
  });
  if (details.trace !== undefined) error.addTrace(details.trace, resolvePos(details.tracePos ?? 0));
  return error;
}

/** C++ Nix's suggestion of names at most two edits away: "Did you mean one of a, b or c?"; `undefined` without any. */
export function didYouMean(name: string, candidates: readonly string[]): string | undefined {
  const near = suggestNear(name, [...candidates].sort(), 5, 2);
  const last = near.pop();
  if (last === undefined) return undefined;
  return near.length === 0 ? `Did you mean ${last}?` : `Did you mean one of ${near.join(', ')} or ${last}?`;
}

/** "expected an integer but found a string: "x""; `expected` comes with its article. */
export function typeError(expected: string, found: Lazy, pos: PosIdx = 0): EvalError {
  const message = `expected ${expected} but found ${showType(found)}: ${printForError(found)}`;
  return new EvalError(message, { pos: resolvePos(pos), code: 'type' });
}

/** "cannot coerce a function to a string: «lambda @ ...»". */
export function coercionError(found: Lazy, pos: PosIdx, trace: string): EvalError {
  const message = `cannot coerce ${showType(found)} to a string: ${printForError(found)}`;
  const error = new EvalError(message, { code: 'type' });
  return error.addTrace(trace, resolvePos(pos));
}

/**
 * Adds a trace line to an error that passes by: `catch (error) { throw withTrace(error, 'while ...', pos); }`.
 * Whatever is no `NixError` is left alone, save the end of JavaScript's stack, which becomes a `StackOverflow`.
 */
export function withTrace(error: unknown, message: string, pos: PosIdx = 0): unknown {
  const shown = asNixError(error);
  if (shown instanceof NixError && message !== '') shown.addTrace(message, resolvePos(pos));
  return shown;
}

/** JavaScript's own "too much recursion" as the error that users know; everything else unchanged. */
export function asNixError(error: unknown): unknown {
  return error instanceof RangeError && isStackEnd(error) ? new StackOverflow(0) : error;
}

function isStackEnd(error: RangeError): boolean {
  return error.message.startsWith('Maximum call stack');
}

/** Whether `tryEval` turns this error into `{ success = false; }`. */
export function isCatchable(error: unknown): boolean {
  return error instanceof AssertionError || (error instanceof NixError && error.code === 'thrown');
}

/** A copy to be thrown again later: the traces so far, but none of those added afterwards. */
export function copyError(error: NixError): NixError {
  const copy = Object.create(
    Object.getPrototypeOf(error),
    Object.getOwnPropertyDescriptors(error),
  ) as NixError;
  Object.defineProperty(copy, 'traces', { value: [...error.traces], enumerable: true, configurable: true });
  return copy;
}
