/**
 * Coercion to strings and paths: what `"${x}"`, `toString`, derivation attributes and path arguments do. Sets are
 * "peeled" first: `__toString` is called, else `outPath` taken, until something else comes out.
 */

import { canonicalPath } from '../syntax/index.ts';
import { call1 } from './call.ts';
import { coercionError, type EvalError, evalError, withTrace } from './errors.ts';
import { force } from './force.ts';
import { enterCall, limits } from './limits.ts';
import type { PosIdx } from './positions.ts';
import { printForError } from './print.ts';
import type { Runtime } from './runtime.ts';
import { intern } from './symbols.ts';
import {
  AttrSet,
  ContextString,
  contextOf,
  isString,
  type Lazy,
  makeString,
  mergeContexts,
  NixFloat,
  NixPath,
  type NixString,
  type StringContext,
  showType,
  Thunk,
  textOf,
  type Value,
} from './value.ts';

export interface Coercion {
  /** Also numbers, Booleans, null and lists (`toString`, derivation attributes). */
  readonly more: boolean;
  /** A path becomes the store path of its copy, else its own text. */
  readonly copyToStore: boolean;
}

/** `"${x}"` and `"" + x`. */
export const interpolation: Coercion = { more: false, copyToStore: true };
/** `builtins.toString`. */
export const plainText: Coercion = { more: true, copyToStore: false };
/** Attributes of derivations. */
export const derivationText: Coercion = { more: true, copyToStore: true };
/** Where a path is wanted as text, and a store path stays what it is. */
export const pathText: Coercion = { more: false, copyToStore: false };

const toStringSymbol = intern('__toString');
const outPathSymbol = intern('outPath');

/** A string with all contexts of what went into it. `what` is the trace line of a type error. */
export function coerceToString(
  runtime: Runtime,
  lazy: Lazy,
  pos: PosIdx,
  what: string,
  coercion: Coercion,
): NixString {
  const value = force(lazy, pos);
  if (typeof value === 'string' || value instanceof ContextString) return value;
  enterCall(pos);
  const result = coerceOther(runtime, value, pos, what, coercion);
  limits.depth--;
  return result;
}

function coerceOther(
  runtime: Runtime,
  value: Value,
  pos: PosIdx,
  what: string,
  coercion: Coercion,
): NixString {
  if (value instanceof NixPath) {
    if (!coercion.copyToStore) return value.path;
    const copy = runtime.copyPathToStore(value.path, pos);
    return new ContextString(copy, [copy]);
  }
  if (value instanceof AttrSet) {
    return peel(value, pos, (inner) => {
      if (inner instanceof AttrSet) throw coercionError(inner, pos, what);
      return coerceToString(runtime, inner, pos, what, coercion);
    });
  }
  if (coercion.more) {
    if (typeof value === 'number' || typeof value === 'bigint') return String(value);
    if (typeof value === 'boolean') return value ? '1' : '';
    if (value === null) return '';
    if (value instanceof NixFloat) return floatToText(value.value);
    if (Array.isArray(value)) return coerceList(runtime, value, pos, what, coercion);
  }
  throw coercionError(value, pos, what);
}

/** `std::to_string`: six digits after the point. */
export function floatToText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  if (Math.abs(value) < 1e21) return (Object.is(value, -0) ? '-' : '') + value.toFixed(6);
  return `${BigInt(value)}.000000`;
}

/** The elements with spaces between them; after an empty list comes no space (a quirk that hashes depend on). */
function coerceList(
  runtime: Runtime,
  list: readonly Lazy[],
  pos: PosIdx,
  what: string,
  coercion: Coercion,
): NixString {
  const builder = new StringBuilder();
  for (let i = 0; i < list.length; i++) {
    try {
      const element = 'while evaluating one element of the list';
      builder.append(coerceToString(runtime, list[i], pos, element, coercion));
    } catch (error) {
      throw withTrace(error, what, pos);
    }
    if (i === list.length - 1) break;
    const value = force(list[i]);
    if (!Array.isArray(value) || value.length > 0) builder.append(' ');
  }
  return builder.build();
}

/**
 * Follows `__toString` and `outPath` from a set until something that is no such set, and hands it to `then`, with
 * whether a `__toString` was on the way. Errors of what comes out get trace lines that tell the way.
 * `wantString`: what a `__toString` leads to must be a string or a path.
 */
export function peel<T>(
  value: Value,
  pos: PosIdx,
  then: (peeled: Value, viaToString: boolean) => T,
  wantString = false,
  viaToString = false,
): T {
  if (!(value instanceof AttrSet)) {
    if (wantString && viaToString && !isString(value) && !(value instanceof NixPath)) {
      throw badToString('should', value, pos);
    }
    return then(value, viaToString);
  }
  const toString = value.get(toStringSymbol);
  if (toString !== undefined) return peelToString(value, toString, pos, then, wantString);
  const outPath = value.get(outPathSymbol);
  if (outPath === undefined) {
    if (wantString && viaToString) throw badToString('must', value, pos);
    return then(value, viaToString);
  }
  const outPathPos = value.position(outPathSymbol);
  try {
    const inner = force(outPath, outPathPos);
    enterCall(pos);
    const result = peel(inner, outPathPos, then, wantString, viaToString);
    limits.depth--;
    return result;
  } catch (error) {
    throw withTrace(error, `while ${using(outPath)} the \`outPath\` attribute`, outPathPos);
  }
}

function badToString(verb: string, value: Value, pos: PosIdx): EvalError {
  const found = `${showType(value)}: ${printForError(value)}`;
  return evalError(`\`__toString\` ${verb} return a string, but got ${found}`, pos, { code: 'type' });
}

function peelToString<T>(
  value: AttrSet,
  toString: Lazy,
  pos: PosIdx,
  then: (peeled: Value, viaToString: boolean) => T,
  wantString: boolean,
): T {
  const toStringPos = value.position(toStringSymbol);
  let inner: Value;
  try {
    inner = call1(force(toString, toStringPos), value, toStringPos);
  } catch (error) {
    throw withTrace(error, 'while calling the `__toString` attribute', toStringPos);
  }
  try {
    enterCall(pos);
    const result = peel(inner, toStringPos, then, wantString, true);
    limits.depth--;
    return result;
  } catch (error) {
    throw withTrace(error, 'while using the result of the `__toString` attribute', toStringPos);
  }
}

function using(lazy: Lazy): string {
  return lazy instanceof Thunk && lazy.code !== null ? 'evaluating' : 'using';
}

/**
 * An absolute path from a path, a string, or a set with `outPath`; with the context that came along.
 *
 * @throws EvalError "string 'x' doesn't represent an absolute path"
 */
export function coerceToPath(
  runtime: Runtime,
  lazy: Lazy,
  pos: PosIdx,
  what: string,
): { path: string; context: StringContext } {
  return peel(force(lazy, pos), pos, (inner) => {
    if (inner instanceof NixPath) return { path: inner.path, context: [] };
    const text = coerceToString(runtime, inner, pos, what, pathText);
    const path = textOf(text);
    if (!path.startsWith('/')) {
      throw evalError(`string '${path}' doesn't represent an absolute path`, 0, {
        trace: what,
        tracePos: pos,
      });
    }
    return { path: canonicalPath(path), context: contextOf(text) };
  });
}

/** Concatenation of strings with their contexts. */
export class StringBuilder {
  #text = '';
  #context: StringContext = [];

  append(part: NixString): this {
    if (typeof part === 'string') this.#text += part;
    else {
      this.#text += part.text;
      this.#context = mergeContexts(this.#context, part.context);
    }
    return this;
  }

  get text(): string {
    return this.#text;
  }

  get context(): StringContext {
    return this.#context;
  }

  build(): NixString {
    return makeString(this.#text, this.#context);
  }
}
