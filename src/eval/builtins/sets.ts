/** Builtins on attribute sets, and on the sets that functions take as arguments. */

import { delayCall } from '../call.ts';
import { evalError } from '../errors.ts';
import { force, forceAttrs, forceFunction, forceList, forceTextNoContext } from '../force.ts';
import { positionSet } from '../position-set.ts';
import { printAttrName } from '../print.ts';
import { Shape } from '../shape.ts';
import { intern, type SymbolId, symbolName, tryIntern } from '../symbols.ts';
import { AttrSet, AttrSetBuilder, emptySet, isFunction, Lambda, type Lazy, type Value } from '../value.ts';
import type { BuiltinTable } from './registry.ts';

function argument(ordinal: string, name: string): string {
  return `while evaluating the ${ordinal} argument passed to builtins.${name}`;
}

const nameSymbol = intern('name');
const valueSymbol = intern('value');

/** The index of a needed attribute. */
function requireIndex(attrs: AttrSet, symbol: SymbolId, what: string): number {
  const index = attrs.shape.find(symbol);
  if (index >= 0) return index;
  throw evalError(`attribute '${printAttrName(symbolName(symbol))}' missing`, 0, {
    code: 'missing-attribute',
    trace: what,
  });
}

function listToAttrs(lazyList: Lazy): Value {
  const list = forceList(lazyList, 0, 'while evaluating the argument passed to builtins.listToAttrs');
  const pair = 'in a {name=...; value=...;} pair';
  const what =
    'while evaluating the `name` attribute of an element of the list passed to builtins.listToAttrs';
  const seen = new Set<SymbolId>();
  const found: { symbol: SymbolId; attrs: AttrSet }[] = [];
  for (const element of list) {
    const attrs = forceAttrs(
      element,
      0,
      'while evaluating an element of the list passed to builtins.listToAttrs',
    );
    const index = requireIndex(attrs, nameSymbol, pair);
    const symbol = intern(forceTextNoContext(attrs.values[index], attrs.shape.positionAt(index), what));
    if (seen.has(symbol)) continue;
    seen.add(symbol);
    found.push({ symbol, attrs });
  }
  const builder = new AttrSetBuilder();
  for (const { symbol, attrs } of found) {
    const index = requireIndex(attrs, valueSymbol, pair);
    builder.add(symbol, attrs.values[index], attrs.shape.positionAt(index));
  }
  return builder.build();
}

/** Some of a set's attributes, by their indices in ascending order. */
function pick(attrs: AttrSet, indices: readonly number[]): AttrSet {
  if (indices.length === attrs.size) return attrs;
  if (indices.length === 0) return emptySet;
  const { keys, positions } = attrs.shape;
  const shape = new Shape(
    indices.map((i) => keys[i]),
    positions === null ? null : indices.map((i) => positions[i]),
  );
  return new AttrSet(
    shape,
    indices.map((i) => attrs.values[i]),
  );
}

function removeAttrs(set: Lazy, names: Lazy): Value {
  const attrs = forceAttrs(set, 0, argument('first', 'removeAttrs'));
  const list = forceList(names, 0, argument('second', 'removeAttrs'));
  const what = 'while evaluating the values of the second argument passed to builtins.removeAttrs';
  const removed = new Set<number>();
  for (const name of list) {
    const symbol = tryIntern(forceTextNoContext(name, 0, what));
    const index = symbol === undefined ? -1 : attrs.shape.find(symbol);
    if (index >= 0) removed.add(index);
  }
  if (removed.size === 0) return attrs;
  const kept: number[] = [];
  for (let i = 0; i < attrs.size; i++) if (!removed.has(i)) kept.push(i);
  return pick(attrs, kept);
}

function intersectAttrs(e1: Lazy, e2: Lazy): Value {
  const left = forceAttrs(e1, 0, argument('first', 'intersectAttrs'));
  const right = forceAttrs(e2, 0, argument('second', 'intersectAttrs'));
  const indices: number[] = [];
  if (left.size < right.size) {
    for (const key of left.shape.keys) {
      const index = right.shape.find(key);
      if (index >= 0) indices.push(index);
    }
  } else {
    const { keys } = right.shape;
    for (let i = 0; i < keys.length; i++) if (left.has(keys[i])) indices.push(i);
  }
  return pick(right, indices);
}

/** All values of each attribute over a list of sets, in the order of the sets. */
function zip(list: readonly AttrSet[]): Map<SymbolId, Lazy[]> {
  const values = new Map<SymbolId, Lazy[]>();
  for (const attrs of list) {
    const { keys } = attrs.shape;
    for (let i = 0; i < keys.length; i++) {
      const known = values.get(keys[i]);
      if (known === undefined) values.set(keys[i], [attrs.values[i]]);
      else known.push(attrs.values[i]);
    }
  }
  return values;
}

function zipAttrsWith(fnLazy: Lazy, lazyList: Lazy): Value {
  const fn = forceFunction(fnLazy, 0, argument('first', 'zipAttrsWith'));
  const what = 'while evaluating a value of the list passed as second argument to builtins.zipAttrsWith';
  const list = forceList(lazyList, 0, argument('second', 'zipAttrsWith'));
  const builder = new AttrSetBuilder();
  for (const [symbol, values] of zip(list.map((attrs) => forceAttrs(attrs, 0, what)))) {
    builder.add(symbol, delayCall(fn, symbolName(symbol), values));
  }
  return builder.build();
}

function functionArgs(lazy: Lazy): Value {
  const fn = force(lazy);
  if (!isFunction(fn)) throw evalError("'functionArgs' requires a function", 0, { code: 'type' });
  if (!(fn instanceof Lambda) || fn.code.formals === null) return emptySet;
  const builder = new AttrSetBuilder();
  for (const { symbol, hasDefault, pos } of fn.code.formals.list) builder.add(symbol, hasDefault, pos);
  return builder.build();
}

export const setBuiltins: BuiltinTable = [
  {
    name: '__attrNames',
    args: ['set'],
    doc: 'The names of the attributes of *set*, sorted by bytes.',
    fn: (_runtime, _pos, set) =>
      forceAttrs(set, 0, 'while evaluating the argument passed to builtins.attrNames').names(),
  },
  {
    name: '__attrValues',
    args: ['set'],
    doc: 'The values of the attributes of *set*, in the order of `attrNames`.',
    fn: (_runtime, _pos, set) => {
      const attrs = forceAttrs(set, 0, 'while evaluating the argument passed to builtins.attrValues');
      return attrs.shape.byName.map((i) => attrs.values[i]);
    },
  },
  {
    name: '__getAttr',
    args: ['s', 'set'],
    doc: 'The attribute of *set* that is named *s*: `set.${s}`.',
    fn: (_runtime, _pos, name, set) => {
      const symbol = intern(forceTextNoContext(name, 0, argument('first', 'getAttr')));
      const attrs = forceAttrs(set, 0, argument('second', 'getAttr'));
      return force(attrs.values[requireIndex(attrs, symbol, 'in the attribute set under consideration')]);
    },
  },
  {
    name: '__hasAttr',
    args: ['s', 'set'],
    doc: 'Whether *set* has an attribute named *s*.',
    fn: (_runtime, _pos, name, set) => {
      const text = forceTextNoContext(name, 0, argument('first', 'hasAttr'));
      const attrs = forceAttrs(set, 0, argument('second', 'hasAttr'));
      const symbol = tryIntern(text);
      return symbol !== undefined && attrs.has(symbol);
    },
  },
  {
    name: '__unsafeGetAttrPos',
    args: ['s', 'set'],
    doc: 'Where the attribute named *s* of *set* was written, as `{ file; line; column; }`; `null` if that is not known.',
    fn: (_runtime, _pos, name, set) => {
      const text = forceTextNoContext(name, 0, argument('first', 'unsafeGetAttrPos'));
      const attrs = forceAttrs(set, 0, argument('second', 'unsafeGetAttrPos'));
      return positionSet(attrs.position(intern(text)));
    },
  },
  {
    name: 'removeAttrs',
    args: ['set', 'list'],
    doc: 'The set without the attributes named in *list*; names that it does not have are ignored.',
    fn: (_runtime, _pos, set, names) => removeAttrs(set, names),
  },
  {
    name: '__listToAttrs',
    args: ['e'],
    doc: 'A set from a list of `{ name = ...; value = ...; }`. Of several with one name the first counts.',
    fn: (_runtime, _pos, list) => listToAttrs(list),
  },
  {
    name: '__intersectAttrs',
    args: ['e1', 'e2'],
    doc: 'The attributes of *e2* whose names are also in *e1*.',
    fn: (_runtime, _pos, e1, e2) => intersectAttrs(e1, e2),
  },
  {
    name: '__catAttrs',
    args: ['attr', 'list'],
    doc: 'The attribute named *attr* of each set in *list* that has it.',
    fn: (_runtime, _pos, name, lazyList) => {
      const symbol = intern(forceTextNoContext(name, 0, argument('first', 'catAttrs')));
      const what = 'while evaluating an element in the list passed as second argument to builtins.catAttrs';
      const result: Lazy[] = [];
      for (const element of forceList(lazyList, 0, argument('second', 'catAttrs'))) {
        const value = forceAttrs(element, 0, what).get(symbol);
        if (value !== undefined) result.push(value);
      }
      return result;
    },
  },
  {
    name: '__functionArgs',
    args: ['f'],
    doc: 'The names in the pattern of a function `{ a, b ? 1 }: ...`, each with whether it has a default; `{ }` for other functions.',
    fn: (_runtime, _pos, fn) => functionArgs(fn),
  },
  {
    name: '__mapAttrs',
    args: ['f', 'attrset'],
    doc: 'The set with each value replaced by `f name value`, computed when needed.',
    fn: (_runtime, _pos, fn, set) => {
      const attrs = forceAttrs(set, 0, argument('second', 'mapAttrs'));
      const { keys } = attrs.shape;
      const values = attrs.values.map((value, i) => delayCall(fn, symbolName(keys[i]), value));
      return new AttrSet(attrs.shape.unpositioned, values);
    },
  },
  {
    name: '__zipAttrsWith',
    args: ['f', 'list'],
    doc: 'One set from a list of sets: each attribute is `f name [ its values ]`, in the order of the list.',
    fn: (_runtime, _pos, fn, list) => zipAttrsWith(fn, list),
  },
];
