/** `outputOf`: an output of a derivation that is given as a string. */
import { NixError } from '../../diagnostics/index.ts';
import {
  bytesFromString,
  downstreamPlaceholder,
  type Hasher,
  parseDerivation,
  parseStorePath,
  stringFromBytes,
} from '../../formats/index.ts';
import { coerceToString, interpolation } from '../coerce.ts';
import { evalError } from '../errors.ts';
import { forceTextNoContext } from '../force.ts';
import type { Runtime } from '../runtime.ts';
import { ContextString, contextOf, type Lazy, textOf, type Value } from '../value.ts';
import type { BuiltinTable } from './registry.ts';

/** The `.drv` that a string refers to: its only context element. */
function derivationOf(runtime: Runtime, lazy: Lazy): string {
  const what = 'while evaluating the first argument to builtins.outputOf';
  const string = coerceToString(runtime, lazy, 0, what, interpolation);
  const [element, ...more] = contextOf(string);
  const text = textOf(string);
  if (element === undefined || more.length > 0) {
    const count = element === undefined ? 0 : more.length + 1;
    throw evalError(
      `string '${text}' has ${count} entries in its context. It should only have exactly one entry`,
      0,
      { trace: what },
    );
  }
  if (element.startsWith('=')) {
    throw evalError(
      `string '${text}' has a context which refers to a complete source and binary closure. This is not supported at this time`,
      0,
      { trace: what },
    );
  }
  if (element.startsWith('!')) {
    throw new NixError(`'${text}' is an output of a derivation: it is known only when that was built`, {
      code: 'dynamic-derivation',
      hint: 'build it first, and give the path of the .drv',
    });
  }
  return element;
}

function outputOf(runtime: Runtime, lazyDerivation: Lazy, lazyName: Lazy): Value {
  const drvPath = derivationOf(runtime, lazyDerivation);
  const name = forceTextNoContext(lazyName, 0, 'while evaluating the second argument to builtins.outputOf');
  const path = parseStorePath(runtime.io.storeDir, drvPath);
  const derivation = parseDerivation(runtime.io.readDerivation(drvPath), path.baseName);
  const output = derivation.outputs.get(name);
  if (output === undefined) throw evalError(`derivation '${drvPath}' does not have output '${name}'`);
  const hasher: Hasher = (algorithm, data) =>
    bytesFromString(runtime.io.hash(algorithm, typeof data === 'string' ? data : stringFromBytes(data)));
  const text = output.path === '' ? downstreamPlaceholder(hasher, path, name) : output.path;
  return new ContextString(text, [`!${name}!${drvPath}`]);
}

export const outputOfBuiltins: BuiltinTable = [
  {
    name: '__outputOf',
    args: ['derivation-reference', 'output-name'],
    doc: 'The store path of an output of the derivation that a string (the path of a `.drv`) refers to, or what stands for it until it is known.',
    feature: 'dynamic-derivations',
    fn: (runtime, _pos, derivation, name) => outputOf(runtime, derivation, name),
  },
];
