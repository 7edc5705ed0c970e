/** `parseFlakeRef` and `flakeRefToString`: flake references as sets and as text. */
import { FlakeRef, type InputAttr, parseFlakeRef } from '../../inputs/index.ts';
import { evalError } from '../errors.ts';
import { force, forceAttrs, forceTextNoContext } from '../force.ts';
import type { Runtime } from '../runtime.ts';
import { AttrSet, isInt, isString, type Lazy, showType, textOf, type Value } from '../value.ts';
import type { BuiltinTable } from './registry.ts';

function parse(runtime: Runtime, lazy: Lazy): Value {
  const what = 'while evaluating the argument passed to builtins.parseFlakeRef';
  const features = runtime.settings.experimentalFeatures;
  const ref = parseFlakeRef(forceTextNoContext(lazy, 0, what), { features });
  return AttrSet.from(Object.entries(ref.toAttrs()));
}

function print(runtime: Runtime, lazy: Lazy): Value {
  const set = forceAttrs(lazy, 0, 'while evaluating the argument passed to builtins.flakeRefToString');
  const attrs: Record<string, InputAttr> = {};
  for (const [name, attr] of set.entries()) attrs[name] = refAttr(name, force(attr));
  return FlakeRef.fromAttrs(attrs, runtime.settings.experimentalFeatures).toString();
}

function refAttr(name: string, value: Value): InputAttr {
  if (typeof value === 'boolean') return value;
  if (isString(value)) return textOf(value);
  if (!isInt(value)) {
    throw evalError(
      `flake reference attribute sets may only contain integers, Booleans, and strings, but attribute '${name}' is ${showType(value)}`,
    );
  }
  if (value < 0) throw evalError(`negative value given for flake ref attr ${name}: ${value}`);
  return Number(value);
}

export const flakeRefBuiltins: BuiltinTable = [
  {
    name: '__parseFlakeRef',
    args: ['flake-ref'],
    doc: 'The attributes that a flake reference stands for: `parseFlakeRef "nixpkgs/unstable"` is `{ id = "nixpkgs"; ref = "unstable"; type = "indirect"; }`.',
    feature: 'flakes',
    fn: (runtime, _pos, text) => parse(runtime, text),
  },
  {
    name: '__flakeRefToString',
    args: ['attrs'],
    doc: 'A flake reference, given by its attributes, as a URL.',
    feature: 'flakes',
    fn: (runtime, _pos, attrs) => print(runtime, attrs),
  },
];
