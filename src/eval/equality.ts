/**
 * Equality (`==`) and order (`<`). Two oddities are C++ Nix's: functions are never equal, but a container is equal to
 * itself without looking inside (so two sets that share one function may be equal); derivations are compared by
 * `outPath` alone.
 */
import { evalError, withTrace } from './errors.ts';
import { force } from './force.ts';
import { enterCall, limits } from './limits.ts';
import type { PosIdx } from './positions.ts';
import { printForError } from './print.ts';
import { intern } from './symbols.ts';
import {
  AttrSet,
  ContextString,
  isInt,
  isString,
  type Lazy,
  NixFloat,
  NixPath,
  showType,
  textOf,
  typeName,
  type Value,
} from './value.ts';

const typeSymbol = intern('type');
const outPathSymbol = intern('outPath');

/** Whether a set has `type = "derivation"`. Forces that attribute. */
export function isDerivation(value: Value): value is AttrSet {
  if (!(value instanceof AttrSet)) return false;
  const index = value.shape.find(typeSymbol);
  if (index < 0) return false;
  const type = force(value.values[index], value.shape.positionAt(index));
  return type === 'derivation' || (type instanceof ContextString && type.text === 'derivation');
}

/** Equality of two places (list elements, attributes): the same place is equal to itself, whatever it holds. */
export function equalLazy(a: Lazy, b: Lazy, pos: PosIdx): boolean {
  if (a === b && typeof a === 'object') {
    force(a, pos);
    return true;
  }
  return equalValues(force(a, pos), force(b, pos), pos);
}

/** Equality of two values. */
export function equalValues(a: Value, b: Value, pos: PosIdx): boolean {
  switch (typeof a) {
    case 'number':
    case 'bigint':
      if (b instanceof NixFloat) return Number(a) === b.value;
      return a === b;
    case 'string':
      return typeof b === 'string' ? a === b : b instanceof ContextString && a === b.text;
    case 'boolean':
      return a === b;
  }
  if (a === null || b === null) return a === b;
  enterCall(pos);
  const result = equalObjects(a, b, pos);
  limits.depth--;
  return result;
}

function equalObjects(a: Value, b: Value, pos: PosIdx): boolean {
  if (a instanceof AttrSet) return b instanceof AttrSet && equalSets(a, b, pos);
  if (Array.isArray(a)) return Array.isArray(b) && equalLists(a, b, pos);
  if (a instanceof ContextString) return isString(b) && a.text === textOf(b);
  if (a instanceof NixPath) return b instanceof NixPath && a.path === b.path;
  if (a instanceof NixFloat)
    return b instanceof NixFloat ? a.value === b.value : isInt(b) && a.value === Number(b);
  return false;
}

function equalLists(a: readonly Lazy[], b: readonly Lazy[], pos: PosIdx): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!equalLazy(a[i], b[i], pos)) return false;
  return true;
}

function equalSets(a: AttrSet, b: AttrSet, pos: PosIdx): boolean {
  if (isDerivation(a) && isDerivation(b)) {
    const left = a.get(outPathSymbol);
    const right = b.get(outPathSymbol);
    if (left !== undefined && right !== undefined) return equalLazy(left, right, pos);
  }
  if (a.size !== b.size) return false;
  const [keysA, keysB] = [a.shape.keys, b.shape.keys];
  for (let i = 0; i < keysA.length; i++) {
    if (keysA[i] !== keysB[i] || !equalLazy(a.values[i], b.values[i], pos)) return false;
  }
  return true;
}

/** Whether `a < b`: numbers, strings (by bytes), paths, lists (by their first unequal elements). */
export function lessThan(a: Value, b: Value, pos: PosIdx, what = ''): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  try {
    return lessThanOther(a, b, pos);
  } catch (error) {
    throw withTrace(error, what);
  }
}

function lessThanOther(a: Value, b: Value, pos: PosIdx): boolean {
  if (isInt(a) && isInt(b)) return a < b;
  if (a instanceof NixFloat && (isInt(b) || b instanceof NixFloat)) return a.value < numberOf(b);
  if (isInt(a) && b instanceof NixFloat) return Number(a) < b.value;
  if (isString(a) && isString(b)) return textOf(a) < textOf(b);
  if (a instanceof NixPath && b instanceof NixPath) return a.path < b.path;
  if (Array.isArray(a) && Array.isArray(b)) return lessThanList(a, b, pos);
  const message = `cannot compare ${showType(a)} with ${showType(b)}`;
  const [left, right] = [printForError(a), printForError(b)];
  if (typeName(a) !== typeName(b)) throw evalError(`${message}; values are ${left} and ${right}`);
  throw evalError(`${message}; values of that type are incomparable (values are ${left} and ${right})`);
}

function numberOf(value: NixFloat | number | bigint): number {
  return value instanceof NixFloat ? value.value : Number(value);
}

function lessThanList(a: readonly Lazy[], b: readonly Lazy[], pos: PosIdx): boolean {
  for (let i = 0; ; i++) {
    if (i === b.length) return false;
    if (i === a.length) return true;
    if (!equalLazy(a[i], b[i], pos)) {
      return lessThan(force(a[i], pos), force(b[i], pos), pos, 'while comparing two list elements');
    }
  }
}
