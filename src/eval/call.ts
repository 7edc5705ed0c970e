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
    if (code.arity !== 1) return new PartialLambda(fn, 1, a);
    enterCall(pos);
    const env = code.formals === null ? new Env(fn.env, a) : code.bindFormals(fn.env, a, pos);
    const result = runBody(fn, env, pos);
    limits.depth--;
    return result;
  }
  if (fn instanceof PartialLambda) return callPartial(fn, a, pos);
  if (fn instanceof PrimOp) return fn.arity === 1 ? callPrimOp(fn, pos, a) : new PrimOpApp(fn, 1, a);
  if (fn instanceof PrimOpApp) return callPrimOpApp(fn, a, pos);
  return callFunctor(fn, a, pos);
}

/** `fn a b`. */
export function call2(fn: Value, a: Lazy, b: Lazy, pos: PosIdx): Value {
  if (fn instanceof Lambda) {
    if (fn.code.arity === 2) return callWith(fn, new Env(fn.env, a, b), pos);
    if (fn.code.arity > 2) return new PartialLambda(fn, 2, a, b);
  } else if (fn instanceof PrimOp) {
    if (fn.arity === 2) return callPrimOp(fn, pos, a, b);
    if (fn.arity > 2) return new PrimOpApp(fn, 2, a, b);
  } else if (fn instanceof PartialLambda && fn.count === 1 && fn.lambda.code.arity === 3) {
    return callWith(fn.lambda, new Env(fn.lambda.env, fn.a, a, b), pos);
  }
  return call1(call1(fn, a, pos), b, pos);
}

/** `fn a b c`. */
export function call3(fn: Value, a: Lazy, b: Lazy, c: Lazy, pos: PosIdx): Value {
  if (fn instanceof Lambda) {
    if (fn.code.arity === 3) return callWith(fn, new Env(fn.env, a, b, c), pos);
    if (fn.code.arity > 3) return new PartialLambda(fn, 3, a, b, c);
    if (fn.code.arity === 1) return call2(call1(fn, a, pos), b, c, pos);
  } else if (fn instanceof PrimOp) {
    if (fn.arity === 3) return callPrimOp(fn, pos, a, b, c);
    if (fn.arity === 1) return call2(callPrimOp(fn, pos, a), b, c, pos);
  }
  return call1(call2(fn, a, b, pos), c, pos);
}

/** `fn` applied to one or more arguments, whatever it is. */
export function callFunction(fn: Value, args: readonly Lazy[], pos: PosIdx): Value {
  let current = fn;
  let used = 0;
  while (used < args.length) {
    const left = args.length - used;
    if (current instanceof Lambda && current.code.arity > 3 && current.code.arity <= left) {
      const taken = current.code.arity;
      const env = new Env(
        current.env,
        args[used],
        args[used + 1],
        args[used + 2],
        args.slice(used + 3, used + taken),
      );
      current = callWith(current, env, pos);
      used += taken;
    } else if (left >= 3) {
      current = call3(current, args[used], args[used + 1], args[used + 2], pos);
      used += 3;
    } else {
      current =
        left === 1 ? call1(current, args[used], pos) : call2(current, args[used], args[used + 1], pos);
      used += left;
    }
  }
  return current;
}

/** Runs a lambda whose arguments are in `env` already. */
function callWith(fn: Lambda, env: Env, pos: PosIdx): Value {
  enterCall(pos);
  const result = runBody(fn, env, pos);
  limits.depth--;
  return result;
}

/** One more argument for a lambda. */
function callPartial(fn: PartialLambda, argument: Lazy, pos: PosIdx): Value {
  const { lambda, count, a, b, c, rest } = fn;
  const complete = count + 1 === lambda.code.arity;
  switch (count) {
    case 1:
      if (complete) return callWith(lambda, new Env(lambda.env, a, argument), pos);
      return new PartialLambda(lambda, 2, a, argument);
    case 2:
      if (complete) return callWith(lambda, new Env(lambda.env, a, b, argument), pos);
      return new PartialLambda(lambda, 3, a, b, argument);
    default: {
      const more = rest === null ? [argument] : [...rest, argument];
      if (complete) return callWith(lambda, new Env(lambda.env, a, b, c, more), pos);
      return new PartialLambda(lambda, count + 1, a, b, c, more);
    }
  }
}

/** One more argument for a builtin. */
function callPrimOpApp(fn: PrimOpApp, argument: Lazy, pos: PosIdx): Value {
  const { primOp, count, a, b, c } = fn;
  const complete = count + 1 === primOp.arity;
  switch (count) {
    case 1:
      return complete ? callPrimOp(primOp, pos, a, argument) : new PrimOpApp(primOp, 2, a, argument);
    case 2:
      return complete ? callPrimOp(primOp, pos, a, b, argument) : new PrimOpApp(primOp, 3, a, b, argument);
    default: {
      const more = fn.rest === null ? [argument] : [...fn.rest, argument];
      if (!complete) return new PrimOpApp(primOp, count + 1, a, b, c, more);
      return callLongPrimOp(primOp, [a, b!, c!, ...more], pos);
    }
  }
}

/** Calls a builtin with all its arguments: one, two or three. */
function callPrimOp(fn: PrimOp, pos: PosIdx, a: Lazy, b?: Lazy, c?: Lazy): Value {
  enterCall(pos);
  try {
    const { fn: run, runtime } = fn;
    const result =
      c !== undefined
        ? run(runtime, pos, a, b!, c)
        : b !== undefined
          ? run(runtime, pos, a, b)
          : run(runtime, pos, a);
    limits.depth--;
    return result;
  } catch (error) {
    throw leavePrimOp(error, fn, pos);
  }
}

/** Calls a builtin of more than three arguments. */
function callLongPrimOp(fn: PrimOp, args: readonly Lazy[], pos: PosIdx): Value {
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
