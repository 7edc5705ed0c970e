/** `import` and `scopedImport`, also of derivations in the store. */
import { isInStore, parseDerivation } from '../../formats/index.ts';
import { forceAttrs } from '../force.ts';
import type { PosIdx } from '../positions.ts';
import { realisePath } from '../realise.ts';
import type { Runtime } from '../runtime.ts';
import { AttrSet, ContextString, type Lazy, type Value } from '../value.ts';
import { derivationOutputs } from './derivation-wrapper.ts';
import type { BuiltinTable } from './registry.ts';

/**
 * A set for a `.drv` file in the store, as `derivation` would have made it: `drvPath`, `outputs`, and for each output
 * a set of its own, the first output's being the result.
 */
export function importDerivation(runtime: Runtime, path: string): Value {
  const derivation = parseDerivation(runtime.io.readDerivation(path));
  const names = [...derivation.outputs.keys()];
  const outputs = new Map<string, Lazy>();
  for (const [name, output] of derivation.outputs) {
    outputs.set(name, new ContextString(output.path ?? '', [`!${name}!${path}`]));
  }
  const attrs: [string, Lazy][] = [
    ['drvPath', new ContextString(path, [`=${path}`])],
    ['name', derivation.env.get('name') ?? ''],
    ['outputs', names],
    ...outputs,
  ];
  return derivationOutputs({
    attrs: AttrSet.from(attrs),
    names,
    withDrvAttrs: false,
    drvPath: () => attrs[0][1],
    outPath: (name) => outputs.get(name)!,
  });
}

function isDerivationInStore(runtime: Runtime, path: string): boolean {
  const { io } = runtime;
  if (!path.endsWith('.drv') || !isInStore(io.storeDir, path)) return false;
  return !path.slice(io.storeDir.length + 1).includes('/') && io.isValidPath(path);
}

function importPath(runtime: Runtime, lazy: Lazy, scope: Lazy | undefined, pos: PosIdx): Value {
  const path = realisePath(runtime, lazy, pos);
  if (isDerivationInStore(runtime, path)) return importDerivation(runtime, path);
  if (scope === undefined) return runtime.importFile(path, pos);
  const what = 'while evaluating the first argument passed to builtins.scopedImport';
  return runtime.importScoped(path, forceAttrs(scope, 0, what), pos);
}

export const importBuiltins: BuiltinTable = [
  {
    name: 'import',
    args: ['path'],
    doc: 'The value of the expression in the file *path* (in `default.nix`, if *path* is a directory). A file is evaluated once, however often it is imported. A `.drv` in the store gives the derivation.',
    fn: (runtime, pos, path) => importPath(runtime, path, undefined, pos),
  },
  {
    name: 'scopedImport',
    args: ['scope', 'path'],
    doc: 'Like `import`, with the attributes of *scope* as variables in the file, before the global ones. Evaluated anew each time.',
    fn: (runtime, pos, scope, path) => importPath(runtime, path, scope, pos),
  },
];
