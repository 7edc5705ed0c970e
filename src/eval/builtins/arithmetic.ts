/** Builtins on numbers. Integers have 64 bits and do not wrap; an operation with a float gives a float. */
import { evalError } from '../errors.ts';
import { force, forceFloat, forceInt } from '../force.ts';
import type { PosIdx } from '../positions.ts';
import { isInt, type Lazy, makeInt, NixFloat, type NixInt, type Value } from '../value.ts';
import type { BuiltinTable } from './registry.ts';

interface Operation {
  readonly verb: string;
  readonly operator: string;
  readonly floats: (a: number, b: number) => number;
  readonly small: (a: number, b: number) => number;
  readonly exact: (a: bigint, b: bigint) => bigint;
}

const operations = {
  add: {
    verb: 'adding',
    operator: '+',
    floats: (a, b) => a + b,
    small: (a, b) => a + b,
    exact: (a, b) => a + b,
  },
  sub: {
    verb: 'subtracting',
    operator: '-',
    floats: (a, b) => a - b,
    small: (a, b) => a - b,
    exact: (a, b) => a - b,
  },
  // Adding 0 turns -0, which integers do not have, into 0.
  mul: {
    verb: 'multiplying',
    operator: '*',
    floats: (a, b) => a * b,
    small: (a, b) => a * b + 0,
    exact: (a, b) => a * b,
  },
  div: {
    verb: 'dividing',
    operator: '/',
    floats: (a, b) => a / b,
    small: (a, b) => Math.trunc(a / b) + 0,
    exact: (a, b) => a / b,
  },
} satisfies Record<string, Operation>;

/** Two integers combined. @throws EvalError "integer overflow in adding 1 + 2" */
function combineInts(operation: Operation, a: NixInt, b: NixInt, pos: PosIdx): NixInt {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = operation.small(a, b);
    if (Number.isSafeInteger(result)) return result;
  }
  const exact = makeInt(operation.exact(BigInt(a), BigInt(b)));
  if (exact === undefined) {
    throw evalError(`integer overflow in ${operation.verb} ${a} ${operation.operator} ${b}`, pos, {
      code: 'integer-overflow',
    });
  }
  return exact;
}

function arithmetic(name: keyof typeof operations) {
  const operation: Operation = operations[name];
  const ordinal = name === 'add' || name === 'sub' || name === 'mul' || name === 'div';
  const what = (which: string) =>
    ordinal
      ? `while evaluating the ${which} ${name === 'div' ? 'operand' : 'argument'} ${name === 'div' ? 'of the division' : name === 'add' ? 'of the addition' : name === 'sub' ? 'of the subtraction' : 'of the multiplication'}`
      : '';
  return (_runtime: unknown, pos: PosIdx, lazyA: Lazy, lazyB: Lazy): Value => {
    const a = force(lazyA, pos);
    const b = force(lazyB, pos);
    if (name === 'div') checkDivisor(b, pos);
    if (a instanceof NixFloat || b instanceof NixFloat) {
      return new NixFloat(
        operation.floats(forceFloat(a, pos, what('first')), forceFloat(b, pos, what('second'))),
      );
    }
    return combineInts(operation, forceInt(a, pos, what('first')), forceInt(b, pos, what('second')), pos);
  };
}

function checkDivisor(value: Value, pos: PosIdx): void {
  const zero = value instanceof NixFloat ? value.value === 0 : value === 0;
  if (zero) throw evalError('division by zero', pos, { code: 'division-by-zero' });
}

function bitwise(name: string, operation: (a: bigint, b: bigint) => bigint) {
  return (_runtime: unknown, pos: PosIdx, a: Lazy, b: Lazy): Value => {
    const what = (which: string) => `while evaluating the ${which} argument passed to builtins.${name}`;
    const left = BigInt(forceInt(a, pos, what('first')));
    const right = BigInt(forceInt(b, pos, what('second')));
    return makeInt(BigInt.asIntN(64, operation(left, right)))!;
  };
}

/** `ceil` and `floor`: an integer, or the given integer. */
function rounding(name: string, round: (value: number) => number) {
  return (_runtime: unknown, pos: PosIdx, lazy: Lazy): Value => {
    const value = force(lazy, pos);
    if (isInt(value)) return value;
    const number = round(
      forceFloat(value, pos, `while evaluating the first argument passed to builtins.${name}`),
    );
    const result = Number.isFinite(number) ? makeInt(BigInt(number)) : undefined;
    if (result === undefined)
      throw evalError(`NixFloat argument ${number} is not in the range of NixInt`, pos, {
        code: 'integer-overflow',
      });
    return result;
  };
}

export const arithmeticBuiltins: BuiltinTable = [
  { name: '__add', args: ['e1', 'e2'], doc: 'The sum of two numbers.', fn: arithmetic('add') },
  { name: '__sub', args: ['e1', 'e2'], doc: 'The difference of two numbers.', fn: arithmetic('sub') },
  { name: '__mul', args: ['e1', 'e2'], doc: 'The product of two numbers.', fn: arithmetic('mul') },
  {
    name: '__div',
    args: ['e1', 'e2'],
    doc: 'The quotient of two numbers; of integers, without its fraction.',
    fn: arithmetic('div'),
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
