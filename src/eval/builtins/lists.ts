/** Builtins on lists. */
import { call1, call2, delayCall } from '../call.ts';
import { equalLazy, lessThan } from '../equality.ts';
import { evalError } from '../errors.ts';
import { force, forceBool, forceFunction, forceInt, forceList, forceTextNoContext } from '../force.ts';
import { mergeSort } from '../merge-sort.ts';
import { intern, type SymbolId } from '../symbols.ts';
import { AttrSet, AttrSetBuilder, determinePos, type Lazy, PrimOp, type Value } from '../value.ts';
import type { BuiltinTable } from './registry.ts';

/** "while evaluating the second argument passed to builtins.map" */
function argument(ordinal: string, name: string): string {
  return `while evaluating the ${ordinal} argument passed to builtins.${name}`;
}

function returned(noun: string, name: string): string {
  return `while evaluating the return value of the ${noun} passed to builtins.${name}`;
}

/** `any` and `all`: looks for an element whose test gives `wanted`. */
function search(name: 'any' | 'all', wanted: boolean, test: Lazy, list: Lazy): boolean {
  const fn = forceFunction(test, 0, argument('first', name));
  for (const element of forceList(list, 0, argument('second', name))) {
    if (forceBool(call1(fn, element, 0), 0, returned('function', name)) === wanted) return wanted;
  }
  return !wanted;
}

function filter(predicate: Lazy, lazyList: Lazy): Value {
  const list = forceList(lazyList, 0, argument('second', 'filter'));
  if (list.length === 0) return list as Lazy[];
  const fn = forceFunction(predicate, 0, argument('first', 'filter'));
  const kept: Lazy[] = [];
  for (const element of list) {
    const keep = forceBool(call1(fn, element, 0), 0, returned('filtering function', 'filter'));
    if (keep) kept.push(element);
  }
  return kept.length === list.length ? (list as Lazy[]) : kept;
}

function concatLists(lists: readonly (readonly Lazy[])[]): Lazy[] {
  let size = 0;
  let only: readonly Lazy[] | null = null;
  for (const list of lists) {
    size += list.length;
    if (list.length > 0) only = list;
  }
  if (only !== null && only.length === size) return only as Lazy[];
  const result = new Array<Lazy>(size);
  let next = 0;
  for (const list of lists) for (const element of list) result[next++] = element;
  return result;
}

function genList(generator: Lazy, length: Lazy): Value {
  const size = Number(forceInt(length, 0, argument('second', 'genList')));
  // JavaScript's own limit on arrays; C++ Nix runs out of memory there.
  if (size < 0 || size > 2 ** 32 - 2) throw evalError(`cannot create list of size ${size}`);
  const fn = forceFunction(generator, 0, argument('first', 'genList'));
  const list = new Array<Lazy>(size);
  for (let i = 0; i < size; i++) list[i] = delayCall(fn, i);
  return list;
}

function sort(comparator: Lazy, lazyList: Lazy): Value {
  const list = forceList(lazyList, 0, argument('second', 'sort'));
  if (list.length === 0) return list as Lazy[];
  const fn = forceFunction(comparator, 0, argument('first', 'sort'));
  for (const element of list) force(element);
  const ordering = 'while evaluating the ordering function passed to builtins.sort';
  const what = returned('sorting function', 'sort');
  const less =
    fn instanceof PrimOp && fn.name === 'lessThan'
      ? (a: Lazy, b: Lazy) => lessThan(force(a), force(b), 0, ordering)
      : (a: Lazy, b: Lazy) => forceBool(call2(fn, a, b, 0), 0, what);
  return mergeSort(list, less);
}

function partition(predicate: Lazy, lazyList: Lazy): Value {
  const fn = forceFunction(predicate, 0, argument('first', 'partition'));
  const right: Lazy[] = [];
  const wrong: Lazy[] = [];
  for (const element of forceList(lazyList, 0, argument('second', 'partition'))) {
    force(element);
    const is = forceBool(call1(fn, element, 0), 0, returned('partition function', 'partition'));
    (is ? right : wrong).push(element);
  }
  return AttrSet.from([
    ['right', right],
    ['wrong', wrong],
  ]);
}

function groupBy(key: Lazy, lazyList: Lazy): Value {
  const fn = forceFunction(key, 0, argument('first', 'groupBy'));
  const groups = new Map<SymbolId, Lazy[]>();
  for (const element of forceList(lazyList, 0, argument('second', 'groupBy'))) {
    const name = forceTextNoContext(call1(fn, element, 0), 0, returned('grouping function', 'groupBy'));
    const symbol = intern(name);
    const group = groups.get(symbol);
    if (group === undefined) groups.set(symbol, [element]);
    else group.push(element);
  }
  const builder = new AttrSetBuilder();
  for (const [symbol, group] of groups) builder.add(symbol, group);
  return builder.build();
}

function concatMap(fnLazy: Lazy, lazyList: Lazy): Value {
  const fn = forceFunction(fnLazy, 0, argument('first', 'concatMap'));
  const what = returned('function', 'concatMap');
  const list = forceList(lazyList, 0, argument('second', 'concatMap'));
  const pos = determinePos(fn);
  return concatLists(list.map((element) => forceList(call1(fn, element, 0), pos, what)));
}

function elemAt(lazyList: Lazy, index: Lazy): Value {
  const n = forceInt(index, 0, "while evaluating the second argument passed to 'builtins.elemAt'");
  const list = forceList(lazyList, 0, "while evaluating the first argument passed to 'builtins.elemAt'");
  if (n < 0 || n >= list.length) {
    throw evalError(`'builtins.elemAt' called with index ${n} on a list of size ${list.length}`);
  }
  return force(list[Number(n)]);
}

/** The argument of `head` and `tail`: a list that is not empty. */
function nonEmpty(lazyList: Lazy, name: string): readonly Lazy[] {
  const list = forceList(lazyList, 0, `while evaluating the first argument passed to 'builtins.${name}'`);
  if (list.length === 0) throw evalError(`'builtins.${name}' called on an empty list`);
  return list;
}

export const listBuiltins: BuiltinTable = [
  {
    name: '__length',
    args: ['e'],
    doc: 'The number of elements of the list *e*.',
    fn: (_runtime, _pos, list) => forceList(list, 0, argument('first', 'length')).length,
  },
  {
    name: '__elemAt',
    args: ['xs', 'n'],
    doc: 'Element *n* of the list *xs*, counted from 0. It is an error if there is none.',
    fn: (_runtime, _pos, list, index) => elemAt(list, index),
  },
  {
    name: '__head',
    args: ['list'],
    doc: 'The first element of a list; an error if the list is empty.',
    fn: (_runtime, _pos, list) => force(nonEmpty(list, 'head')[0]),
  },
  {
    name: '__tail',
    args: ['list'],
    doc: 'The list without its first element; an error if the list is empty. Takes time proportional to the length.',
    fn: (_runtime, _pos, list) => nonEmpty(list, 'tail').slice(1),
  },
  {
    name: 'map',
    args: ['f', 'list'],
    doc: 'The list of `f x` for each element `x` of *list*, each computed when needed.',
    fn: (_runtime, _pos, fnLazy, lazyList) => {
      const list = forceList(lazyList, 0, argument('second', 'map'));
      if (list.length === 0) return list as Lazy[];
      const fn = forceFunction(fnLazy, 0, argument('first', 'map'));
      const result = new Array<Lazy>(list.length);
      for (let i = 0; i < list.length; i++) result[i] = delayCall(fn, list[i]);
      return result;
    },
  },
  {
    name: '__filter',
    args: ['f', 'list'],
    doc: 'The elements of *list* for which *f* gives `true`.',
    fn: (_runtime, _pos, predicate, list) => filter(predicate, list),
  },
  {
    name: '__elem',
    args: ['x', 'xs'],
    doc: 'Whether the list *xs* has an element equal to *x*.',
    fn: (_runtime, _pos, x, list) => {
      for (const element of forceList(list, 0, argument('second', 'elem'))) {
        if (equalLazy(x, element, 0)) return true;
      }
      return false;
    },
  },
  {
    name: '__concatLists',
    args: ['lists'],
    doc: 'The elements of all lists in the list *lists*, in order.',
    fn: (_runtime, _pos, lists) => {
      const what = 'while evaluating a value of the list passed to builtins.concatLists';
      const outer = forceList(lists, 0, argument('first', 'concatLists'));
      return concatLists(outer.map((list) => forceList(list, 0, what)));
    },
  },
  {
    name: '__concatMap',
    args: ['f', 'list'],
    doc: 'The elements of all lists that *f* gives for the elements of *list*: `concatLists (map f list)`, computed at once.',
    fn: (_runtime, _pos, fn, list) => concatMap(fn, list),
  },
  {
    name: "__foldl'",
    args: ['op', 'nul', 'list'],
    doc: "Reduces a list from the left: `foldl' op nul [ x0 x1 ]` is `op (op nul x0) x1`. Each step is computed at once.",
    fn: (_runtime, _pos, op, start, lazyList) => {
      const fn = forceFunction(op, 0, argument('first', 'foldlStrict'));
      const list = forceList(lazyList, 0, argument('third', 'foldlStrict'));
      if (list.length === 0) return force(start);
      let result = call2(fn, start, list[0], 0);
      for (let i = 1; i < list.length; i++) result = call2(fn, result, list[i], 0);
      return result;
    },
  },
  {
    name: '__any',
    args: ['pred', 'list'],
    doc: 'Whether *pred* gives `true` for at least one element of *list*.',
    fn: (_runtime, _pos, predicate, list) => search('any', true, predicate, list),
  },
  {
    name: '__all',
    args: ['pred', 'list'],
    doc: 'Whether *pred* gives `true` for every element of *list*.',
    fn: (_runtime, _pos, predicate, list) => search('all', false, predicate, list),
  },
  {
    name: '__genList',
    args: ['generator', 'length'],
    doc: 'The list of *generator* applied to 0, 1, ... *length* - 1.',
    fn: (_runtime, _pos, generator, length) => genList(generator, length),
  },
  {
    name: '__sort',
    args: ['comparator', 'list'],
    doc: 'The list in ascending order by *comparator*, which tells whether its first argument comes before its second. Elements that are equal keep their order.',
    fn: (_runtime, _pos, comparator, list) => sort(comparator, list),
  },
  {
    name: '__partition',
    args: ['pred', 'list'],
    doc: 'The elements of *list* split by *pred* into `{ right = [ ... ]; wrong = [ ... ]; }`.',
    fn: (_runtime, _pos, predicate, list) => partition(predicate, list),
  },
  {
    name: '__groupBy',
    args: ['f', 'list'],
    doc: 'The elements of *list* by the string that *f* gives for each: a set of lists.',
    fn: (_runtime, _pos, key, list) => groupBy(key, list),
  },
];
