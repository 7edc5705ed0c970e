/**
 * What bounds an evaluation: the depth of calls, and the wish to stop. One for the thread: evaluation is synchronous.
 */
import { Interrupted } from '../diagnostics/index.ts';
import { StackOverflow } from './errors.ts';
import type { PosIdx } from './positions.ts';

export const limits = {
  /** Calls under way. Whoever catches an error and goes on restores the value that it had before. */
  depth: 0,
  maxDepth: 10_000,
  /** Calls so far. */
  calls: 0,
  /** More calls than this are refused like an interruption. */
  maxCalls: Number.POSITIVE_INFINITY,
  /** Non-zero at index 0: stop. Usually shared with another thread. */
  interrupt: new Int32Array(1) as Int32Array,
  /** Whether errors collect a line for each call that they leave (`--show-trace`). */
  traceCalls: false,
};

/** One call deeper; the caller takes it back with `limits.depth--`. */
export function enterCall(pos: PosIdx): void {
  if (limits.depth++ > limits.maxDepth) throw new StackOverflow(pos);
  if (limits.interrupt[0] !== 0 || limits.calls++ > limits.maxCalls) throw new Interrupted();
}

/** Runs `action` one call deeper. For recursion that is no call of the language: coercion, comparison, deep forcing. */
export function deeper<T>(pos: PosIdx, action: () => T): T {
  enterCall(pos);
  const result = action();
  limits.depth--;
  return result;
}
