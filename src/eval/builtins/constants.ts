/** Builtins that are no functions. */

import { AttrSet } from '../value.ts';
import { derivationFunction } from './derivation-wrapper.ts';
import type { ConstantSpec } from './registry.ts';

/** The version of the language that the evaluator implements, in Nix's counting. */
export const nixVersion = '2.36.0';

export const constants: readonly ConstantSpec[] = [
  { name: 'true', doc: 'The Boolean "yes".', value: () => true },
  { name: 'false', doc: 'The Boolean "no".', value: () => false },
  { name: 'null', doc: 'The value of type `null`.', value: () => null },
  {
    name: '__currentTime',
    doc: 'Seconds since 1970 when it was first asked for. Not in pure evaluation.',
    impureOnly: true,
    value: (runtime) => runtime.io.currentTime(),
  },
  {
    name: '__currentSystem',
    doc: 'The platform that evaluation is for, such as `x86_64-linux`. Not in pure evaluation.',
    impureOnly: true,
    value: (runtime) => runtime.settings.system,
  },
  { name: '__nixVersion', doc: 'The version of Nix whose language this is.', value: () => nixVersion },
  { name: '__storeDir', doc: 'The store directory.', value: (runtime) => runtime.io.storeDir },
  { name: '__langVersion', doc: 'The version of the language.', value: () => 6 },
  {
    name: '__nixPath',
    doc: 'The search path of `<...>`: a list of `{ prefix; path; }`; empty in pure evaluation.',
    value: ({ settings }) =>
      (settings.pureEval ? [] : settings.nixPath).map(([prefix, path]) =>
        AttrSet.from([
          ['path', path],
          ['prefix', prefix],
        ]),
      ),
  },
  {
    name: 'derivation',
    doc: 'A derivation from its attributes: a set with `drvPath`, `outPath`, `type`, and one attribute for each output.',
    value: (runtime) => derivationFunction(runtime),
  },
];
