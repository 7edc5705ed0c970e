/**
 * Where two values differ, for a failing `assert a == b`. Follows `equality.ts` step by step; the first difference is
 * thrown as an error whose traces tell the way to it.
 */
import { equalValues, isDerivation } from './equality.ts';
import { AssertionError, withTrace } from './errors.ts';
import { force } from './force.ts';
import { deeper } from './limits.ts';
import type { PosIdx } from './positions.ts';
import { printAttrName, printForError } from './print.ts';
import { intern, symbolName } from './symbols.ts';
import { AttrSet, isFunction, isInt, type Lazy, NixFloat, showType, typeName, type Value } from './value.ts';

const outPathSymbol = intern('outPath');

function difference(message: string): AssertionError {
  return new AssertionError(message, { code: 'assertion' });
}

/** @throws AssertionError unless the values are equal */
export function assertEqual(a: Value, b: Value, pos: PosIdx): void {
  deeper(pos, () => assertEqualHere(a, b, pos));
}

function assertEqualLazy(a: Lazy, b: Lazy, pos: PosIdx): void {
  const [left, right] = [force(a, pos), force(b, pos)];
  if (a === b && typeof a === 'object') return;
  assertEqual(left, right, pos);
}

function isNumber(value: Value): boolean {
  return isInt(value) || value instanceof NixFloat;
}

function assertEqualHere(a: Value, b: Value, pos: PosIdx): void {
  const [left, right] = [printForError(a), printForError(b)];
  if (isNumber(a) && isNumber(b)) {
    if (equalValues(a, b, pos)) return;
    throw difference(numbersDiffer(a, b));
  }
  if (typeName(a) !== typeName(b)) {
    throw difference(`${showType(a)} of value '${left}' is not equal to ${showType(b)} of value '${right}'`);
  }
  if (a instanceof AttrSet) {
    assertSetsEqual(a, b as AttrSet, pos);
    return;
  }
  if (Array.isArray(a)) {
    assertListsEqual(a, b as Lazy[], pos);
    return;
  }
  if (isFunction(a)) {
    throw difference(
      'distinct functions and immediate comparisons of identical functions compare as unequal',
    );
  }
  if (equalValues(a, b, pos)) return;
  const noun = typeName(a) === 'bool' ? 'boolean' : typeName(a);
  throw difference(`${noun} '${left}' is not equal to ${noun} '${right}'`);
}

function numbersDiffer(a: Value, b: Value): string {
  const [left, right] = [printForError(a), printForError(b)];
  return `${showType(a)} with value '${left}' is not equal to ${showType(b)} with value '${right}'`;
}

function assertListsEqual(a: readonly Lazy[], b: readonly Lazy[], pos: PosIdx): void {
  if (a.length !== b.length) {
    const sizes = `list of size '${a.length}' is not equal to list of size '${b.length}'`;
    const sides = `left hand side is '${printForError(a as Lazy[])}', right hand side is '${printForError(b as Lazy[])}'`;
    throw difference(`${sizes}, ${sides}`);
  }
  for (let i = 0; i < a.length; i++) {
    try {
      assertEqualLazy(a[i], b[i], pos);
    } catch (error) {
      throw withTrace(error, `while comparing list element ${i}`, pos);
    }
  }
}

function assertSetsEqual(a: AttrSet, b: AttrSet, pos: PosIdx): void {
  if (isDerivation(a) && isDerivation(b)) {
    const [left, right] = [a.get(outPathSymbol), b.get(outPathSymbol)];
    if (left !== undefined && right !== undefined) return assertOutPathsEqual(left, right, pos);
  }
  const [left, right] = [printForError(a), printForError(b)];
  if (a.size !== b.size) {
    throw difference(`attribute names of attribute set '${left}' differs from attribute set '${right}'`);
  }
  for (let i = 0; i < a.size; i++) {
    const key = a.shape.keys[i];
    const other = b.shape.keys[i];
    if (key !== other) {
      throw difference(
        b.has(key)
          ? `attribute name '${symbolName(other)}' is missing in '${left}', but is contained in '${right}'`
          : `attribute name '${symbolName(key)}' is contained in '${left}', but not in '${right}'`,
      );
    }
    assertAttributeEqual(a, b, i, pos);
  }
}

function assertAttributeEqual(a: AttrSet, b: AttrSet, index: number, pos: PosIdx): void {
  try {
    assertEqualLazy(a.values[index], b.values[index], pos);
  } catch (error) {
    const [left, right] = [a.shape.positionAt(index), b.shape.positionAt(index)];
    if (right !== 0) withTrace(error, 'where right hand side is', right);
    if (left !== 0) withTrace(error, 'where left hand side is', left);
    throw withTrace(
      error,
      `while comparing attribute '${printAttrName(symbolName(a.shape.keys[index]))}'`,
      pos,
    );
  }
}

function assertOutPathsEqual(a: Lazy, b: Lazy, pos: PosIdx): void {
  try {
    assertEqualLazy(a, b, pos);
  } catch (error) {
    throw withTrace(error, "while comparing a derivation by its 'outPath' attribute", pos);
  }
}
