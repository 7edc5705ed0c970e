/** Reading files for builtins: only regular ones, so that no FIFO or device is ever opened. */
import { evalError } from './errors.ts';
import type { PosIdx } from './positions.ts';
import { realisePath } from './realise.ts';
import type { Runtime } from './runtime.ts';
import type { Lazy } from './value.ts';

/**
 * The contents of the file that a path value stands for, and its path with links resolved.
 *
 * @throws EvalError "file 'x' does not exist", "file 'x' is not a regular file", and those of access rules
 */
export function readRegularFile(runtime: Runtime, lazy: Lazy, pos: PosIdx): { path: string; text: string } {
  const path = runtime.resolveLinks(realisePath(runtime, lazy, pos));
  const type = runtime.io.lstat(path);
  if (type === undefined) throw evalError(`path '${path}' does not exist`, 0, { code: 'missing-file' });
  if (type !== 'regular') throw evalError(`file '${path}' is not a regular file`, 0, { code: 'not-a-file' });
  return { path, text: runtime.io.readFile(path) };
}
