/** Positions as values: `__curPos`, `builtins.unsafeGetAttrPos`. */
import { type PosIdx, resolvePos } from './positions.ts';
import { AttrSet, type Value } from './value.ts';

/** `{ file; line; column; }`, or `null` for code that is in no file. */
export function positionSet(pos: PosIdx): Value {
  const position = resolvePos(pos);
  if (position === undefined || position.source.origin.kind !== 'path') return null;
  const { line, column } = position.source.lineColumn(position.offset);
  return AttrSet.from([
    ['file', position.source.origin.path],
    ['line', line],
    ['column', column],
  ]);
}
