/** String contexts made real: what a path or a text refers to is built before evaluation reads it. */
import { canonicalPath } from '../syntax/index.ts';
import { coerceToPath } from './coerce.ts';
import { evalError, withTrace } from './errors.ts';
import { displayContextElement } from './force.ts';
import type { PosIdx } from './positions.ts';
import type { Runtime } from './runtime.ts';
import type { Lazy, StringContext } from './value.ts';

/** Splits `!output!/nix/store/x.drv`; `undefined` for the other kinds of context. */
export function parseBuiltElement(element: string): { output: string; drvPath: string } | undefined {
  if (!element.startsWith('!')) return undefined;
  const end = element.indexOf('!', 1);
  return { output: element.slice(1, end), drvPath: element.slice(end + 1) };
}

/**
 * Builds what the context refers to, so that it can be read. Store paths in it must be valid.
 *
 * @throws EvalError if something is not valid, or is to be built while import-from-derivation is off
 */
export function realiseContext(runtime: Runtime, context: StringContext): void {
  const builds: { drvPath: string; outputs: string[] }[] = [];
  for (const element of context) {
    const built = parseBuiltElement(element);
    const path = built?.drvPath ?? (element.startsWith('=') ? element.slice(1) : element);
    if (!runtime.io.isValidPath(path)) {
      throw evalError(`path '${path}' is not valid`, 0, { code: 'invalid-path' });
    }
    if (built) builds.push({ drvPath: built.drvPath, outputs: [built.output] });
  }
  if (builds.length === 0) return;
  if (!runtime.settings.allowImportFromDerivation) {
    const what = displayContextElement(context.find((element) => element.startsWith('!'))!);
    throw evalError(
      `cannot build '${what}' during evaluation because the option 'allow-import-from-derivation' is disabled`,
      0,
      { code: 'import-from-derivation' },
    );
  }
  for (const path of runtime.io.build(builds) ?? []) runtime.allowPath(path);
}

/** The path that a value stands for, ready to be read: coerced, built, and allowed. Links are not resolved. */
export function realisePath(runtime: Runtime, lazy: Lazy, pos: PosIdx): string {
  const { path, context } = coerceToPath(runtime, lazy, 0, 'while realising the context of a path');
  try {
    if (context.length > 0) realiseContext(runtime, context);
    return runtime.checkPath(canonicalPath(path), pos);
  } catch (error) {
    throw withTrace(error, `while realising the context of path '${path}'`);
  }
}
