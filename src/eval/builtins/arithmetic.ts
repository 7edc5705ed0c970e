/** Builtins on numbers. Integers have 64 bits and do not wrap; an operation with a float gives a float. */
import { formatFloat } from '../../syntax/index.ts';
import { evalError } from '../errors.ts';
import { force, forceFloat, forceInt } from '../force.ts';
import { isInt, type Lazy, makeInt, NixFloat, type NixInt, type Value } from '../value.ts';
import type { BuiltinTable } from './registry.ts';

interface Operation {
  readonly verb: string;
  readonly operator: string;
  /** What the operands are called in traces; of floats and of integers. */
  readonly first: string;
  readonly firstFloat?: string;
  readonly second: string;
  readonly floats: (a: number, b: number) => number;
  readonly small: (a: number, b: number) => number;
  readonly exact: (a: bigint, b: bigint) => bigint;
}

const add: Operation = {
  verb: 'adding',
  operator: '+',
  first: 'first argument of the addition',
  second: 'second argument of the addition',
  floats: (a, b) => a + b,
  small: (a, b) => a + b,
  exact: (a, b) => a + b,
};

const subtract: Operation = {
  verb: 'subtracting',
  operator: '-',
  first: 'first argument of the subtraction',
  second: 'second argument of the subtraction',
  floats: (a, b) => a - b,
  small: (a, b) => a - b,
  exact: (a, b) => a - b,
};

const multiply: Operation = {
  verb: 'multiplying',
  operator: '*',
  first: 'first argument of the multiplication',
  firstFloat: 'first of the multiplication',
  second: 'second argument of the multiplication',
  floats: (a, b) => a * b,
  // Adding 0 turns -0, which integers do not have, into 0.
  small: (a, b) => a * b + 0,
  exact: (a, b) => a * b,
};

const divide: Operation = {
  verb: 'dividing',
  operator: '/',
  first: 'first operand of the division',
  second: 'second operand of the division',
  floats: (a, b) => a / b,
  small: (a, b) => Math.trunc(a / b) + 0,
  exact: (a, b) => a / b,
};

/** Two integers combined. @throws EvalError "integer overflow in adding 1 + 2" */
function combineInts(operation: Operation, a: NixInt, b: NixInt): NixInt {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = operation.small(a, b);
    if (Number.isSafeInteger(result)) return result;
  }
  const exact = makeInt(operation.exact(BigInt(a), BigInt(b)));
  if (exact !== undefined) return exact;
  throw evalError(`integer overflow in ${operation.verb} ${a} ${operation.operator} ${b}`, 0, {
    code: 'integer-overflow',
  });
}

function arithmetic(operation: Operation) {
  const { first, second, firstFloat = first } = operation;
  return (_runtime: unknown, _pos: number, lazyA: Lazy, lazyB: Lazy): Value => {
    const a = force(lazyA);
    const b = force(lazyB);
    if (typeof a === 'number' && typeof b === 'number' && operation !== divide)
      return combineInts(operation, a, b);
    if (operation === divide && forceFloat(b, 0, `while evaluating the ${second}`) === 0) {
      throw evalError('division by zero', 0, { code: 'division-by-zero' });
    }
    if (a instanceof NixFloat || b instanceof NixFloat) {
      const left = forceFloat(a, 0, `while evaluating the ${firstFloat}`);
      return new NixFloat(operation.floats(left, forceFloat(b, 0, `while evaluating the ${second}`)));
    }
    const left = forceInt(a, 0, `while evaluating the ${first}`);
    return combineInts(operation, left, forceInt(b, 0, `while evaluating the ${second}`));
  };
}

function bitwise(name: string, operation: (a: bigint, b: bigint) => bigint) {
  return (_runtime: unknown, _pos: number, a: Lazy, b: Lazy): Value => {
    const what = (which: string) => `while evaluating the ${which} argument passed to builtins.${name}`;
    const left = BigInt(forceInt(a, 0, what('first')));
    const right = BigInt(forceInt(b, 0, what('second')));
    return makeInt(BigInt.asIntN(64, operation(left, right)))!;
  };
}

/** `ceil` and `floor`. Integers go through floats; those that would change by that are refused, as in C++ Nix. */
function rounding(name: string, round: (value: number) => number) {
  return (_runtime: unknown, pos: number, lazy: Lazy): Value => {
    const number = forceFloat(lazy, pos, `while evaluating the first argument passed to builtins.${name}`);
    const value = force(lazy);
    const rounded = round(number);
    const result = Number.isFinite(rounded) ? makeInt(BigInt(rounded)) : undefined;
    if (isInt(value)) return unchanged(value, result);
    if (result !== undefined) return result;
    throw evalError(`NixFloat argument ${formatFloat(number)} is not in the range of NixInt`, 0, {
      code: 'integer-overflow',
    });
  };
}

function unchanged(value: NixInt, result: NixInt | undefined): NixInt {
  if (result === value) return value;
  const bug = 'Due to a bug (see https://github.com/NixOS/nix/issues/12899) ';
  const future = '\n\tFuture Nix versions might implement the correct behavior.';
  const message =
    result === undefined
      ? `the NixInt argument ${value} caused undefined behavior in previous Nix versions.`
      : `a loss of precision occurred in previous Nix versions because the NixInt argument ${value} was rounded to ${result}.`;
  throw evalError(`${bug}${message}${future}`, 0, { code: 'integer-overflow' });
}

export const arithmeticBuiltins: BuiltinTable = [
  { name: '__add', args: ['e1', 'e2'], doc: 'The sum of two numbers.', fn: arithmetic(add) },
  { name: '__sub', args: ['e1', 'e2'], doc: 'The difference of two numbers.', fn: arithmetic(subtract) },
  { name: '__mul', args: ['e1', 'e2'], doc: 'The product of two numbers.', fn: arithmetic(multiply) },
  {
    name: '__div',
    args: ['e1', 'e2'],
    doc: 'The quotient of two numbers; of integers, without its fraction.',
    fn: arithmetic(divide),
  },
  {
    name: '__bitAnd',
    args: ['e1', 'e2'],
    doc: 'The bits that both integers have.',
    fn: bitwise('bitAnd', (a, b) => a & b),
  },
  {
    name: '__bitOr',
    args: ['e1', 'e2'],
    doc: 'The bits that one of the integers has.',
    fn: bitwise('bitOr', (a, b) => a | b),
  },
  {
    name: '__bitXor',
    args: ['e1', 'e2'],
    doc: 'The bits that exactly one of the integers has.',
    fn: bitwise('bitXor', (a, b) => a ^ b),
  },
  {
    name: '__ceil',
    args: ['double'],
    doc: 'The least integer that is not less.',
    fn: rounding('ceil', Math.ceil),
  },
  {
    name: '__floor',
    args: ['double'],
    doc: 'The greatest integer that is not greater.',
    fn: rounding('floor', Math.floor),
  },
];
