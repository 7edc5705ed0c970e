/** The cycle of an infinite recursion, drawn for people: each step with its place and the line that stands there. */
import { type PosIdx, resolvePos } from './positions.ts';

/** Longer cycles are shown by their beginning and their end. */
const mostSteps = 16;

/**
 * The steps of a cycle, from the value that was met again through the values that it needs, back to itself.
 * `undefined` where fewer than two places are known: the error's own position says it all then.
 */
export function describeCycle(innermostFirst: readonly PosIdx[]): string | undefined {
  const steps = [...innermostFirst].reverse().filter((pos, i, all) => pos !== 0 && pos !== all[i - 1]);
  if (steps.length < 2) return undefined;
  const lines = steps.map((pos) => `  ${describeStep(pos)}`);
  if (lines.length > mostSteps) {
    const left = lines.length - mostSteps;
    lines.splice(mostSteps - 4, left, `  (${left} more steps)`);
  }
  return ['each of these needs the next, and the last one the first:', ...lines].join('\n');
}

function describeStep(pos: PosIdx): string {
  const position = resolvePos(pos)!;
  const { line, column } = position.source.lineColumn(position.offset);
  const code = position.source.line(line)?.trim() ?? '';
  return `${position.source.displayName}:${line}:${column}: ${code}`;
}
