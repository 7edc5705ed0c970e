/** `toJSON` and `fromJSON`. Output is byte for byte that of C++ Nix: no blanks, keys in byte order. */

import { peel } from '../coerce.ts';
import { EvalError, evalError, withTrace } from '../errors.ts';
import { force, forceTextNoContext } from '../force.ts';
import { enterCall, limits } from '../limits.ts';
import type { PosIdx } from '../positions.ts';
import { printAttrName } from '../print.ts';
import type { Runtime } from '../runtime.ts';
import { intern } from '../symbols.ts';
import {
  AttrSet,
  ContextString,
  type Lazy,
  makeString,
  mergeContexts,
  NixFloat,
  NixPath,
  type NixString,
  type StringContext,
  showType,
  type Value,
} from '../value.ts';
import { formatJsonFloat } from './json-float.ts';
import { parseJson } from './json-parser.ts';
import type { BuiltinTable } from './registry.ts';
import { isUtf8, utf8Error } from './utf8.ts';

/** The value as JSON text, with the contexts of all strings in it. `copyPaths`: paths are copied to the store. */
export function valueToJson(
  runtime: Runtime,
  value: Lazy,
  pos: PosIdx,
  copyPaths = true,
): { text: string; context: StringContext } {
  const writer = new JsonWriter(runtime);
  writer.write(value, pos, copyPaths);
  return { text: writer.text, context: writer.context };
}

class JsonWriter {
  text = '';
  context: StringContext = [];
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  write(lazy: Lazy, pos: PosIdx, copyPaths: boolean): void {
    enterCall(pos);
    this.#value(force(lazy, pos), pos, copyPaths);
    limits.depth--;
  }

  #value(value: Value, pos: PosIdx, copyPaths: boolean): void {
    switch (typeof value) {
      case 'string':
        this.text += quoteJson(value);
        return;
      case 'number':
      case 'bigint':
      case 'boolean':
        this.text += String(value);
        return;
    }
    if (value === null) this.text += 'null';
    else if (value instanceof AttrSet) this.#set(value, pos, copyPaths);
    else if (Array.isArray(value)) this.#list(value, pos, copyPaths);
    else if (value instanceof ContextString) {
      this.context = mergeContexts(this.context, value.context);
      this.text += quoteJson(value.text);
    } else if (value instanceof NixFloat) this.text += formatJsonFloat(value.value);
    else if (value instanceof NixPath) this.#path(value.path, pos, copyPaths);
    else throw evalError(`cannot convert ${showType(value)} to JSON`, pos, { code: 'type' });
  }

  #path(path: string, pos: PosIdx, copyPaths: boolean): void {
    if (!copyPaths) {
      this.text += quoteJson(path);
      return;
    }
    const copy = this.#runtime.copyPathToStore(path, pos);
    this.context = mergeContexts(this.context, [copy]);
    this.text += quoteJson(copy);
  }

  #list(list: readonly Lazy[], pos: PosIdx, copyPaths: boolean): void {
    this.text += '[';
    for (let i = 0; i < list.length; i++) {
      if (i > 0) this.text += ',';
      try {
        this.write(list[i], pos, copyPaths);
      } catch (error) {
        throw withTrace(error, `while evaluating list element at index ${i}`, pos);
      }
    }
    this.text += ']';
  }

  /** A set with `__toString` or `outPath` is what comes out of that; others are objects. */
  #set(set: AttrSet, pos: PosIdx, copyPaths: boolean): void {
    peel(
      set,
      pos,
      (peeled, viaToString) => {
        if (peeled instanceof AttrSet) this.#object(peeled, copyPaths);
        else this.write(peeled, pos, copyPaths && !viaToString);
      },
      true,
    );
  }

  #object(set: AttrSet, copyPaths: boolean): void {
    let separator = '{';
    for (const [name, value] of set.entries()) {
      const pos = set.position(intern(name));
      this.text += `${separator}${quoteJson(name)}:`;
      separator = ',';
      try {
        this.write(value, pos, copyPaths);
      } catch (error) {
        throw withTrace(error, `while evaluating attribute '${printAttrName(name)}'`, pos);
      }
    }
    this.text += separator === '{' ? '{}' : '}';
  }
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A byte string as a JSON string. @throws EvalError when the bytes are no UTF-8 */
export function quoteJson(text: string): string {
  if (!isUtf8(text)) throw notUtf8(text);
  return `"${text.replace(/["\\\x00-\x1f]/g, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  return escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function notUtf8(text: string): EvalError {
  const { index, incomplete } = utf8Error(text)!;
  const byte = `0x${text.charCodeAt(index).toString(16).toUpperCase().padStart(2, '0')}`;
  const what = incomplete
    ? `incomplete UTF-8 string; last byte: ${byte}`
    : `invalid UTF-8 byte at index ${index}: ${byte}`;
  return evalError(`JSON serialization error: [json.exception.type_error.316] ${what}`, 0, { code: 'json' });
}

function fromJson(_runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const text = forceTextNoContext(lazy, 0, 'while evaluating the first argument passed to builtins.fromJSON');
  try {
    return parseJson(text);
  } catch (error) {
    const isSyntax = error instanceof EvalError && error.code === 'json-syntax';
    throw isSyntax ? withTrace(error, 'while decoding a JSON string') : error;
  }
}

export const jsonBuiltins: BuiltinTable = [
  {
    name: '__toJSON',
    args: ['e'],
    doc: 'The value *e* as JSON text.',
    fn: (runtime, _pos, value): NixString => {
      const { text, context } = valueToJson(runtime, value, 0);
      return makeString(text, context);
    },
  },
  {
    name: '__fromJSON',
    args: ['e'],
    doc: 'The value of a JSON text.',
    fn: fromJson,
  },
];
