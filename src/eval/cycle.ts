/** The cycle of an infinite recursion, as places for people to look at. */
import type { Position } from '../diagnostics/index.ts';
import { type PosIdx, resolvePos } from './positions.ts';

/**
 * The places of a cycle, from the value that was met again through the values that it needs, back to itself. Empty
 * where fewer than two are known: the error's own position says it all then.
 */
export function cycleOf(innermostFirst: readonly PosIdx[]): Position[] {
  const steps = [...innermostFirst].reverse().filter((pos, i, all) => pos !== 0 && pos !== all[i - 1]);
  return steps.length < 2 ? [] : steps.map((pos) => resolvePos(pos)!);
}
