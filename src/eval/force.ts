/**
 * Forcing: from `Lazy` to `Value`, and to a value of a wanted type. The typed variants take what they are done for
 * as C++ Nix words it ("while evaluating the first argument passed to builtins.map"); the words become a trace
 * line, both of the type error and of whatever error comes out of the computation.
 */

import { NixError } from '../diagnostics/index.ts';
import { cycleOf } from './cycle.ts';
import {
  asNixError,
  copyError,
  evalError,
  InfiniteRecursion,
  StackOverflow,
  typeError,
  withTrace,
} from './errors.ts';
import { type PosIdx, resolvePos } from './positions.ts';
import { intern } from './symbols.ts';
import {
  AttrSet,
  blackHole,
  Code,
  ContextString,
  isFunction,
  type Lazy,
  NixFloat,
  type NixInt,
  type NixString,
  Thunk,
  textOf,
  type Value,
} from './value.ts';

/** The code of thunks whose computation failed: their `env` is the error. */
const failed = new Code((error: NixError) => {
  throw copyError(error);
}, 0);

/** The value, computed if need be. `pos` is where it is needed: what an infinite recursion error points at. */
export function force(lazy: Lazy, pos: PosIdx = 0): Value {
  if (lazy instanceof Thunk) return lazy.code === null ? (lazy.env as Value) : forceThunk(lazy, pos);
  return lazy;
}

/** Computes a thunk that is not yet a value. */
export function forceThunk(thunk: Thunk, pos: PosIdx): Value {
  const code = thunk.code!;
  if (code === blackHole) throw new InfiniteRecursion(thunk, pos);
  const env = thunk.env;
  thunk.code = blackHole;
  thunk.env = null;
  try {
    const value = code.run(env, pos);
    thunk.code = null;
    thunk.env = value;
    return value;
  } catch (error) {
    throw giveUp(thunk, code, env, error);
  }
}

/**
 * A computation ended with an error: the same error comes out when the thunk is forced again. What depends on
 * more than the program (the depth of the stack, the user's patience) is tried again instead.
 */
function giveUp(thunk: Thunk, code: Code, env: unknown, thrown: unknown): unknown {
  const error = asNixError(thrown);
  if (error instanceof InfiniteRecursion && !error.closed) {
    error.steps.push(code.pos);
    if (error.thunk === thunk) {
      error.closed = true;
      error.cycle = cycleOf(error.steps);
      error.addTrace('entering the infinite recursion', undefined, true);
    }
  }
  if (error instanceof NixError && !(error instanceof StackOverflow) && error.code !== 'retry') {
    thunk.code = failed;
    thunk.env = error;
  } else {
    thunk.code = code;
    thunk.env = env;
  }
  return error;
}

export function forceInt(lazy: Lazy, pos: PosIdx, what: string): NixInt {
  try {
    const value = force(lazy, pos);
    if (typeof value === 'number' || typeof value === 'bigint') return value;
    throw typeError('an integer', value, pos);
  } catch (error) {
    throw withTrace(error, what, pos);
  }
}

/** The value of a float; integers are converted. */
export function forceFloat(lazy: Lazy, pos: PosIdx, what: string): number {
  try {
    const value = force(lazy, pos);
    if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
    if (value instanceof NixFloat) return value.value;
    throw typeError('a float', value, pos);
  } catch (error) {
    throw withTrace(error, what, pos);
  }
}

export function forceBool(lazy: Lazy, pos: PosIdx, what: string): boolean {
  try {
    const value = force(lazy, pos);
    if (typeof value === 'boolean') return value;
    throw typeError('a Boolean', value, pos);
  } catch (error) {
    throw withTrace(error, what, pos);
  }
}

export function forceString(lazy: Lazy, pos: PosIdx, what: string): NixString {
  try {
    const value = force(lazy, pos);
    if (typeof value === 'string' || value instanceof ContextString) return value;
    throw typeError('a string', value, pos);
  } catch (error) {
    throw withTrace(error, what, pos);
  }
}

/** A string's text; its context, if any, is dropped. */
export function forceText(lazy: Lazy, pos: PosIdx, what: string): string {
  return textOf(forceString(lazy, pos, what));
}

/** A string's text; a string with a context is refused. */
export function forceTextNoContext(lazy: Lazy, pos: PosIdx, what: string): string {
  const value = forceString(lazy, pos, what);
  if (typeof value === 'string') return value;
  const such = displayContextElement(value.context[0]);
  throw evalError(
    `the string '${value.text}' is not allowed to refer to a store path (such as '${such}')`,
    0,
    { trace: what, tracePos: pos },
  );
}

/** A context element as messages show it: `/nix/store/x.drv^out`, `/nix/store/x.drv (deep)`, `/nix/store/x`. */
export function displayContextElement(element: string): string {
  if (element.startsWith('=')) return `${element.slice(1)} (deep)`;
  if (!element.startsWith('!')) return element;
  const end = element.lastIndexOf('!');
  return `${element.slice(end + 1)}^${element.slice(1, end)}`;
}

export function forceAttrs(lazy: Lazy, pos: PosIdx, what: string): AttrSet {
  try {
    const value = force(lazy, pos);
    if (value instanceof AttrSet) return value;
    throw typeError('a set', value, pos);
  } catch (error) {
    throw withTrace(error, what, pos);
  }
}

export function forceList(lazy: Lazy, pos: PosIdx, what: string): readonly Lazy[] {
  try {
    const value = force(lazy, pos);
    if (Array.isArray(value)) return value;
    throw typeError('a list', value, pos);
  } catch (error) {
    throw withTrace(error, what, pos);
  }
}

const functorSymbol = intern('__functor');

/** A function, or a set that can be called. */
export function forceFunction(lazy: Lazy, pos: PosIdx, what: string): Value {
  try {
    const value = force(lazy, pos);
    if (isFunction(value) || (value instanceof AttrSet && value.has(functorSymbol))) return value;
    throw typeError('a function', value, pos);
  } catch (error) {
    throw withTrace(error, what, pos);
  }
}

/** The attribute's value, unforced. @throws EvalError "attribute 'x' missing" */
export function requireAttr(attrs: AttrSet, name: string, what: string): Lazy {
  const value = attrs.get(intern(name));
  if (value !== undefined) return value;
  const error = evalError(`attribute '${name}' missing`, 0, { code: 'missing-attribute' });
  throw error.addTrace(what, resolvePos(0));
}
