/**
 * `manifest.nix`, the list of a user environment's elements as a Nix expression on one line, and the derivation that
 * makes the environment from it. Both are C++ Nix's, byte for byte.
 */
import { type Derivation, emptyDerivation } from '../formats/index.ts';
import type { MetaValue } from '../session/index.ts';
import { printName, printString } from '../syntax/index.ts';
import type { Element } from './element.ts';

/** Elements that say nothing else have this priority in the environment's builder. */
const DEFAULT_PRIORITY = '5';

type Entries = readonly (readonly [name: string, value: MetaValue])[];

const string = (text: string): MetaValue => ['string', text];

/** The contents of `manifest.nix`. */
export function formatManifest(elements: readonly Element[]): string {
  return formatValue(['list', elements.map(manifestEntry)]);
}

function manifestEntry(element: Element): MetaValue {
  const entries: Entries = [
    ['meta', ['set', element.meta]],
    ['name', string(element.name)],
    ['outPath', string(element.outPath)],
    ['outputs', ['list', element.outputs.map(([name]) => string(name))]],
    ...(element.system === '' ? [] : [['system', string(element.system)] as const]),
    ['type', string('derivation')],
    ...element.outputs.map(([name, path]) => [name, ['set', [['outPath', string(path)]]]] as const),
  ];
  // The first of a name stands: an output cannot hide what describes the element.
  const byName = new Map<string, MetaValue>();
  for (const [name, value] of entries) if (!byName.has(name)) byName.set(name, value);
  return ['set', [...byName].sort(([a], [b]) => (a < b ? -1 : 1))];
}

function formatValue(value: MetaValue): string {
  switch (value[0]) {
    case 'string':
      return printString(value[1]);
    case 'list':
      return `[ ${value[1].map((item) => `${formatValue(item)} `).join('')}]`;
    case 'set':
      return `{ ${value[1].map(([name, item]) => `${printName(name)} = ${formatValue(item)}; `).join('')}}`;
    case 'int':
    case 'float':
      return readableNumber(value[1]);
    default:
      return String(value[1]);
  }
}

/** C++ Nix writes negative numbers and floats like `1e+10` as they are, and cannot read its own manifest then. */
function readableNumber(text: string): string {
  const float = text.replace(/^(-?\d+)e/, '$1.0e');
  return float.startsWith('-') ? `(${float})` : float;
}

/** The derivation `user-environment`, its output path not filled in. `manifest` is the printed path of the manifest. */
export function environmentDerivation(elements: readonly Element[], manifest: string): Derivation {
  const derivation = emptyDerivation();
  derivation.platform = 'builtin';
  derivation.builder = 'builtin:buildenv';
  derivation.outputs.set('out', { path: '', hashAlgo: '', hash: '' });
  derivation.inputSrcs.push(manifest);
  const variables: Record<string, string> = {
    allowSubstitutes: '',
    builder: 'builtin:buildenv',
    derivations: elements.map(describe).join(' '),
    manifest,
    name: 'user-environment',
    out: '',
    preferLocalBuild: '1',
    system: 'builtin',
  };
  for (const [name, value] of Object.entries(variables)) derivation.env.set(name, value);
  return derivation;
}

/** One element as the builder reads it: active, priority, number of outputs, their paths. */
function describe({ meta, outputs }: Element): string {
  const flag = (name: string, otherwise: string) => {
    const value = meta.find(([each]) => each === name)?.[1];
    return value === undefined ? otherwise : coerce(value);
  };
  const words = [flag('active', 'true'), flag('priority', DEFAULT_PRIORITY), String(outputs.length)];
  return [...words, ...outputs.map(([, path]) => path)].join(' ');
}

/** A value as a derivation's variable has it. */
function coerce(value: MetaValue): string {
  if (value[0] === 'bool') return value[1] ? '1' : '';
  if (value[0] === 'list') return value[1].map(coerce).join(' ');
  return String(value[1]);
}
