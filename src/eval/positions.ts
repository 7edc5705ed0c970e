/**
 * Positions as single integers. Each source gets a range of integers as wide as its text; a position is its
 * range's start plus a byte offset, so that code, attributes and lambdas carry one small number each. 0 is "nowhere".
 */
import type { Position, SourceFile } from '../diagnostics/index.ts';

export type PosIdx = number;
export const noPos: PosIdx = 0;

const bases: number[] = [];
const sources: SourceFile[] = [];
let nextBase = 1;

/** Reserves the range for a source of `size` bytes and returns its start. */
export function registerSource(source: SourceFile, size: number): PosIdx {
  const base = nextBase;
  bases.push(base);
  sources.push(source);
  nextBase += size + 1;
  return base;
}

/** The source and offset of a position; `undefined` for `noPos`. */
export function resolvePos(pos: PosIdx): Position | undefined {
  if (pos <= 0 || pos >= nextBase) return undefined;
  let low = 0;
  let high = bases.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (bases[middle] <= pos) low = middle;
    else high = middle - 1;
  }
  return { source: sources[low], offset: pos - bases[low] };
}
