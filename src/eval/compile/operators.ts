/**
 * Operators. Arithmetic and comparison are calls of builtins in C++ Nix (`a - b` is `__sub a b`, and a program may
 * bind `__sub` itself); here small integers take a short way, and everything else goes to the builtin.
 */
import { type BinaryExpr, canonicalPath, type Expr, type UnaryExpr } from '../../syntax/index.ts';
import { call2 } from '../call.ts';
import { coerceToString, interpolation, StringBuilder } from '../coerce.ts';
import { equalValues } from '../equality.ts';
import { evalError, typeError, withTrace } from '../errors.ts';
import { force } from '../force.ts';
import { MergeSite } from '../merge.ts';
import type { PosIdx } from '../positions.ts';
import type { Runtime } from '../runtime.ts';
import {
  AttrSet,
  isInt,
  type Lazy,
  makeInt,
  NixFloat,
  type NixInt,
  NixPath,
  PrimOp,
  showType,
  type Value,
} from '../value.ts';
import type { Run, Scope } from './scope.ts';

/** A Boolean out of compiled code. */
export function runBool(run: Run, env: Parameters<Run>[0], pos: PosIdx, what: string): boolean {
  try {
    const value = run(env);
    if (typeof value === 'boolean') return value;
    throw typeError('a Boolean', value, pos);
  } catch (error) {
    throw withTrace(error, what, pos);
  }
}

/** A value out of compiled code; errors that pass are told what it was for. */
function runFor(run: Run, env: Parameters<Run>[0], pos: PosIdx, what: string): Value {
  try {
    return run(env);
  } catch (error) {
    throw withTrace(error, what, pos);
  }
}

export function compileNot(expr: UnaryExpr, scope: Scope): Run {
  const operand = scope.run(expr.operand);
  const pos = scope.pos(expr.operand.pos);
  return (env) => !runBool(operand, env, pos, "in the argument of '!'");
}

/** `-x`, which is `__sub 0 x`. */
export function compileNegate(expr: UnaryExpr, scope: Scope): Run {
  return compileArithmetic('-', () => 0, scope.run(expr.operand), scope.pos(expr.pos), scope);
}

export function compileBinary(expr: BinaryExpr, scope: Scope): Run {
  const { operator } = expr;
  const left = scope.run(expr.left);
  const right = scope.run(expr.right);
  const pos = scope.pos(expr.pos);
  const leftPos = scope.pos(expr.left.pos);
  const rightPos = scope.pos(expr.right.pos);
  const inLeft = `in the left operand of '${operator}'`;
  const inRight = `in the right operand of '${operator}'`;
  switch (operator) {
    case '&&':
      return (env) => runBool(left, env, leftPos, inLeft) && runBool(right, env, rightPos, inRight);
    case '||':
      return (env) => runBool(left, env, leftPos, inLeft) || runBool(right, env, rightPos, inRight);
    case '->':
      return (env) => !runBool(left, env, leftPos, inLeft) || runBool(right, env, rightPos, inRight);
    case '==':
    case '!=': {
      const wanted = operator === '==';
      return (env) => {
        const a = runFor(left, env, leftPos, inLeft);
        const b = runFor(right, env, rightPos, inRight);
        return equalValues(a, b, pos) === wanted;
      };
    }
    case '//':
      return compileUpdate(left, right, leftPos, rightPos);
    case '++':
      return compileConcat(left, right, { pos, leftPos, rightPos });
    case '+':
      return compilePlus(left, right, scope, {
        pos,
        leftPos: scope.pos(expr.leftPos),
        rightPos: scope.pos(expr.rightPos),
        leftExprPos: leftPos,
        rightExprPos: rightPos,
      });
    case '<':
      return compileLess(left, right, pos, scope, false);
    case '>':
      return compileLess(left, right, pos, scope, false, true);
    case '>=':
      return compileLess(left, right, pos, scope, true);
    case '<=':
      return compileLess(left, right, pos, scope, true, true);
    default:
      return compileArithmetic(operator, left, right, pos, scope);
  }
}

/** `a // b`; as in C++ Nix 2.36 the right operand is computed first. */
function compileUpdate(left: Run, right: Run, leftPos: PosIdx, rightPos: PosIdx): Run {
  const site = new MergeSite();
  return (env) => {
    const b = runSet(right, env, rightPos, "in the right operand of '//'");
    const a = runSet(left, env, leftPos, "in the left operand of '//'");
    return site.merge(a, b);
  };
}

function runSet(run: Run, env: Parameters<Run>[0], pos: PosIdx, what: string): AttrSet {
  try {
    const value = run(env);
    if (value instanceof AttrSet) return value;
    throw typeError('a set', value);
  } catch (error) {
    throw withTrace(error, what, pos);
  }
}

interface OperandPositions {
  readonly pos: PosIdx;
  readonly leftPos: PosIdx;
  readonly rightPos: PosIdx;
}

function compileConcat(left: Run, right: Run, { pos, leftPos, rightPos }: OperandPositions): Run {
  return (env) => {
    const a = runFor(left, env, leftPos, "in the left operand of '++'");
    const b = runFor(right, env, rightPos, "in the right operand of '++'");
    const listA = asList(a, pos);
    const listB = asList(b, pos);
    if (listA.length === 0) return listB;
    return listB.length === 0 ? listA : concatLists(listA, listB);
  };
}

function asList(value: Value, pos: PosIdx): Lazy[] {
  if (Array.isArray(value)) return value;
  throw withTrace(
    typeError('a list', value, pos),
    'while evaluating one of the elements to concatenate',
    pos,
  );
}

function concatLists(a: Lazy[], b: Lazy[]): Lazy[] {
  if (a.length + b.length > 64) return a.concat(b);
  const list = new Array<Lazy>(a.length + b.length);
  for (let i = 0; i < a.length; i++) list[i] = a[i];
  for (let i = 0; i < b.length; i++) list[a.length + i] = b[i];
  return list;
}

interface PlusPositions extends OperandPositions {
  readonly leftExprPos: PosIdx;
  readonly rightExprPos: PosIdx;
}

/** `a + b`: numbers, strings and paths; the first operand decides. */
function compilePlus(left: Run, right: Run, scope: Scope, at: PlusPositions): Run {
  const { runtime } = scope.file;
  return (env) => {
    const a = runFor(left, env, at.leftExprPos, "in an operand of '+'");
    // The first operand is turned into text before the second is computed, as its errors come first.
    if (typeof a !== 'number' && typeof a !== 'string') return plusOther(runtime, a, right, env, at);
    const b = runFor(right, env, at.rightExprPos, "in an operand of '+'");
    if (typeof a === 'number') {
      if (typeof b === 'number') {
        const sum = a + b;
        if (Number.isSafeInteger(sum)) return sum;
      }
      return addNumbers(a, b, at.rightPos);
    }
    if (typeof b === 'string') return a + b;
    const text = coerceToString(runtime, b, at.rightPos, segment, interpolation);
    return new StringBuilder().append(a).append(text).build();
  };
}

const segment = 'while evaluating a path segment';

function plusOther(
  runtime: Runtime,
  a: Value,
  right: Run,
  env: Parameters<Run>[0],
  at: PlusPositions,
): Value {
  const operand = () => runFor(right, env, at.rightExprPos, "in an operand of '+'");
  if (typeof a === 'bigint' || a instanceof NixFloat) return addNumbers(a, operand(), at.rightPos);
  if (a instanceof NixPath)
    return appendToPath(runtime, a.path, [{ value: operand(), pos: at.rightPos }], at.pos);
  const builder = new StringBuilder();
  builder.append(coerceToString(runtime, a, at.leftPos, segment, interpolation));
  builder.append(coerceToString(runtime, operand(), at.rightPos, segment, interpolation));
  return builder.build();
}

function addNumbers(a: NixInt | NixFloat, b: Value, pos: PosIdx): Value {
  if (a instanceof NixFloat) {
    if (isInt(b)) return new NixFloat(a.value + Number(b));
    if (b instanceof NixFloat) return new NixFloat(a.value + b.value);
    throw evalError(`cannot add ${showType(b)} to a float`, pos);
  }
  if (b instanceof NixFloat) return new NixFloat(Number(a) + b.value);
  if (!isInt(b)) throw evalError(`cannot add ${showType(b)} to an integer`, pos);
  const sum = makeInt(BigInt(a) + BigInt(b));
  if (sum === undefined) throw evalError(`integer overflow in adding ${a} + ${b}`, pos);
  return sum;
}

/** A path with texts appended; what is appended must not come from the store. */
export function appendToPath(
  runtime: Runtime,
  start: string,
  parts: readonly { value: Value; pos: PosIdx }[],
  pos: PosIdx,
): NixPath {
  const builder = new StringBuilder().append(start);
  const asText = { more: false, copyToStore: false };
  for (const part of parts) builder.append(coerceToString(runtime, part.value, part.pos, segment, asText));
  if (builder.context.length > 0) {
    throw evalError('a string that refers to a store path cannot be appended to a path', pos);
  }
  return new NixPath(canonicalPath(builder.text));
}

const builtinNames = { '-': '__sub', '*': '__mul', '/': '__div', '<': '__lessThan' } as const;

function builtinFor(operator: keyof typeof builtinNames, scope: Scope): PrimOp | Run {
  const place = scope.lookup(builtinNames[operator]);
  const value = place.kind === 'global' ? force(place.value) : undefined;
  if (value instanceof PrimOp) return value;
  const name: Expr = { kind: 'var', name: builtinNames[operator], pos: 0 };
  return scope.run(name);
}

function compileArithmetic(operator: '-' | '*' | '/', left: Run, right: Run, pos: PosIdx, scope: Scope): Run {
  const builtin = builtinFor(operator, scope);
  if (!(builtin instanceof PrimOp)) return (env) => call2(builtin(env), left(env), right(env), pos);
  const compute = shortWay[operator];
  return (env) => {
    let a: Value;
    let b: Value;
    try {
      a = left(env);
      b = right(env);
    } catch (error) {
      throw withTrace(error, `while calling the '${builtin.name}' builtin`, pos);
    }
    if (typeof a === 'number' && typeof b === 'number') {
      const result = compute(a, b);
      if (Number.isSafeInteger(result)) return result;
    }
    return call2(builtin, a, b, pos);
  };
}

/** Results for small operands; no safe integer where the builtin has to decide. `+ 0` turns -0 into 0. */
const shortWay = {
  '-': (a: number, b: number): number => a - b,
  '*': (a: number, b: number): number => a * b + 0,
  '/': (a: number, b: number): number => (b === 0 ? Number.NaN : Math.trunc(a / b) + 0),
} as const;

/** `a < b` and, by `negated` and `swapped`, the other three comparisons. */
function compileLess(
  left: Run,
  right: Run,
  pos: PosIdx,
  scope: Scope,
  negated: boolean,
  swapped = false,
): Run {
  const builtin = builtinFor('<', scope);
  const [first, second] = swapped ? [right, left] : [left, right];
  const compare = (env: Parameters<Run>[0]): Value => {
    if (!(builtin instanceof PrimOp)) return call2(builtin(env), first(env), second(env), pos);
    let a: Value;
    let b: Value;
    try {
      a = first(env);
      b = second(env);
    } catch (error) {
      throw withTrace(error, `while calling the '${builtin.name}' builtin`, pos);
    }
    if (typeof a === 'number' && typeof b === 'number') return a < b;
    return call2(builtin, a, b, pos);
  };
  if (!negated) return compare;
  return (env) => !runBool(compare, env, pos, "in the argument of '!'");
}
