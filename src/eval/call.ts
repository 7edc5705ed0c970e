/**
 * Calling functions. `call1`, `call2`, `call3` are `callFunction` for known numbers of arguments. A lambda
 * `x: y: ...` takes its arguments at once when it gets them at once, so that no closure is made in between.
 */
import { evalError, withTrace } from './errors.ts';
import { force } from './force.ts';
import { enterCall, limits } from './limits.ts';
import type { PosIdx } from './positions.ts';
import { printForError } from './print.ts';
import { intern } from './symbols.ts';
import {
  Application,
  AttrSet,
  Code,
  Env,
  Lambda,
  type Lazy,
  PartialLambda,
  PrimOp,
  PrimOpApp,
  showType,
  Thunk,
  type Value,
} from './value.ts';

const functorSymbol = intern('__functor');

/** `fn a`; `fn` is forced already, `pos` is the call. */
export function call1(fn: Value, a: Lazy, pos: PosIdx): Value {
  if (fn instanceof Lambda) {
    const code = fn.code;
    if (code.arity !== 1) return new PartialLambda(fn, [a]);
    enterCall(pos);
    const env = code.formals === null ? new Env(fn.env, a) : code.bindFormals(fn.env, a, pos);
    const result = runBody(fn, env, pos);
    limits.depth--;
    return result;
  }
  if (fn instanceof PrimOp && fn.arity === 1) {
    enterCall(pos);
    try {
      const result = fn.fn(fn.runtime, pos, a);
      limits.depth--;
      return result;
    } catch (error) {
      throw leavePrimOp(error, fn, pos);
    }
  }
  return callFunction(fn, [a], pos);
}

/** `fn a b`. */
export function call2(fn: Value, a: Lazy, b: Lazy, pos: PosIdx): Value {
  if (fn instanceof Lambda) {
    if (fn.code.arity === 2) {
      enterCall(pos);
      const result = runBody(fn, new Env(fn.env, a, b), pos);
      limits.depth--;
      return result;
    }
    if (fn.code.arity === 1) return call1(call1(fn, a, pos), b, pos);
    return new PartialLambda(fn, [a, b]);
  }
  if (fn instanceof PrimOp && fn.arity === 2) {
    enterCall(pos);
    try {
      const result = fn.fn(fn.runtime, pos, a, b);
      limits.depth--;
      return result;
    } catch (error) {
      throw leavePrimOp(error, fn, pos);
    }
  }
  return callFunction(fn, [a, b], pos);
}

/** `fn a b c`. */
export function call3(fn: Value, a: Lazy, b: Lazy, c: Lazy, pos: PosIdx): Value {
  if (fn instanceof Lambda && fn.code.arity === 3) {
    enterCall(pos);
    const result = runBody(fn, new Env(fn.env, a, b, c), pos);
    limits.depth--;
    return result;
  }
  return callFunction(fn, [a, b, c], pos);
}

/** `fn` applied to one or more arguments, whatever it is. */
export function callFunction(fn: Value, args: readonly Lazy[], pos: PosIdx): Value {
  let current = fn;
  let used = 0;
  while (used < args.length) {
    const left = args.length - used;
    if (current instanceof Lambda || current instanceof PartialLambda) {
      const lambda = current instanceof Lambda ? current : current.lambda;
      const given = current instanceof Lambda ? 0 : current.args.length;
      const take = Math.min(left, lambda.code.arity - given);
      const some = args.slice(used, used + take);
      const all = given === 0 ? some : [...(current as PartialLambda).args, ...some];
      used += take;
      current =
        all.length < lambda.code.arity ? new PartialLambda(lambda, all) : callLambda(lambda, all, pos);
    } else if (current instanceof PrimOp || current instanceof PrimOpApp) {
      const primOp: PrimOp = current instanceof PrimOp ? current : current.primOp;
      const given = current instanceof PrimOp ? [] : current.args;
      const take = Math.min(left, primOp.arity - given.length);
      const all = [...given, ...args.slice(used, used + take)];
      used += take;
      current = all.length < primOp.arity ? new PrimOpApp(primOp, all) : callPrimOp(primOp, all, pos);
    } else {
      current = callFunctor(current, args[used], pos);
      used++;
    }
  }
  return current;
}

function callLambda(fn: Lambda, args: readonly Lazy[], pos: PosIdx): Value {
  enterCall(pos);
  const { code, env } = fn;
  const frame =
    code.formals !== null
      ? code.bindFormals(env, args[0], pos)
      : new Env(env, args[0], args[1], args[2], args.length > 3 ? args.slice(3) : null);
  const result = runBody(fn, frame, pos);
  limits.depth--;
  return result;
}

function callPrimOp(fn: PrimOp, args: readonly Lazy[], pos: PosIdx): Value {
  enterCall(pos);
  try {
    const result = fn.fn(fn.runtime, pos, ...args);
    limits.depth--;
    return result;
  } catch (error) {
    throw leavePrimOp(error, fn, pos);
  }
}

function callFunctor(fn: Value, argument: Lazy, pos: PosIdx): Value {
  const functor = fn instanceof AttrSet ? fn.get(functorSymbol) : undefined;
  if (functor === undefined) {
    throw evalError(
      `attempt to call something which is not a function but ${showType(fn)}: ${printForError(fn)}`,
      pos,
      { code: 'type' },
    );
  }
  try {
    const functorPos = (fn as AttrSet).position(functorSymbol);
    return call2(force(functor, functorPos), fn, argument, functorPos);
  } catch (error) {
    throw withTrace(error, "while calling a functor (an attribute set with a '__functor' attribute)", pos);
  }
}

function runBody(fn: Lambda, env: Env, pos: PosIdx): Value {
  try {
    return fn.code.body.run(env, pos);
  } catch (error) {
    throw leaveLambda(error, fn, pos);
  }
}

function leaveLambda(error: unknown, fn: Lambda, pos: PosIdx): unknown {
  if (!limits.traceCalls) return error;
  const { code } = fn;
  const name = code.name === undefined ? 'anonymous lambda' : `'${code.name}'`;
  const traced = withTrace(error, `while calling ${name}`, code.posOf(code.arity - 1));
  return pos === 0 ? traced : withTrace(traced, 'from call site', pos);
}

function leavePrimOp(error: unknown, fn: PrimOp, pos: PosIdx): unknown {
  return fn.addTrace ? withTrace(error, `while calling the '${fn.name}' builtin`, pos) : error;
}

/** Calls the lazy `fn`: forces it first. */
export function apply1(fn: Lazy, a: Lazy, pos: PosIdx): Value {
  return call1(force(fn, pos), a, pos);
}

const applicationCode = new Code(({ fn, a, b }: Application, pos) => {
  const called = force(fn, pos);
  return b === undefined ? call1(called, a, pos) : call2(called, a, b, pos);
}, 0);

/** The thunk of `fn a` (or `fn a b`). */
export function delayCall(fn: Lazy, a: Lazy, b?: Lazy): Thunk {
  return new Thunk(applicationCode, new Application(fn, a, b));
}

const actionCode = new Code(({ action }: { action: () => Value }) => action(), 0);

/** A thunk computed by a JavaScript function. */
export function delay(action: () => Value): Thunk {
  return new Thunk(actionCode, { action });
}
