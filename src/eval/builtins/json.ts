/** JSON: `toJSON` as C++ Nix's library prints it (keys in byte order, shortest floats), `fromJSON` strict. */
import { call1 } from '../call.ts';
import { StringBuilder } from '../coerce.ts';
import { evalError, withTrace } from '../errors.ts';
import { force, forceTextNoContext } from '../force.ts';
import { enterCall, limits } from '../limits.ts';
import type { PosIdx } from '../positions.ts';
import type { Runtime } from '../runtime.ts';
import { intern } from '../symbols.ts';
import {
  AttrSet,
  AttrSetBuilder,
  ContextString,
  contextOf,
  isString,
  type Lazy,
  makeInt,
  makeString,
  NixFloat,
  NixPath,
  showType,
  textOf,
  type Value,
} from '../value.ts';
import type { BuiltinTable } from './registry.ts';

const toStringSymbol = intern('__toString');
const outPathSymbol = intern('outPath');

/** The value as JSON text, with the contexts of all strings in it. `copyPaths`: paths are copied to the store. */
export function valueToJson(
  runtime: Runtime,
  value: Lazy,
  pos: PosIdx,
  copyPaths = true,
): { text: string; context: readonly string[] } {
  const out = new StringBuilder();
  write(runtime, force(value, pos), pos, out, copyPaths);
  return { text: out.text, context: out.context };
}

function write(runtime: Runtime, value: Value, pos: PosIdx, out: StringBuilder, copyPaths: boolean): void {
  enterCall(pos);
  writeValue(runtime, value, pos, out, copyPaths);
  limits.depth--;
}

function writeValue(
  runtime: Runtime,
  value: Value,
  pos: PosIdx,
  out: StringBuilder,
  copyPaths: boolean,
): void {
  if (isString(value)) out.append(makeString(quoteJson(textOf(value)), contextOf(value)));
  else if (
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    typeof value === 'boolean' ||
    value === null
  )
    out.append(String(value));
  else if (value instanceof NixFloat) out.append(formatJsonFloat(value.value));
  else if (value instanceof NixPath) {
    const path = copyPaths ? runtime.copyPathToStore(value.path, pos) : value.path;
    out.append(copyPaths ? new ContextString(quoteJson(path), [path]) : quoteJson(path));
  } else if (Array.isArray(value)) writeList(runtime, value, pos, out, copyPaths);
  else if (value instanceof AttrSet) writeSet(runtime, value, pos, out, copyPaths);
  else throw evalError(`cannot convert ${showType(value)} to JSON`, pos, { code: 'type' });
}

function writeList(
  runtime: Runtime,
  list: readonly Lazy[],
  pos: PosIdx,
  out: StringBuilder,
  copyPaths: boolean,
): void {
  out.append('[');
  for (const [i, element] of list.entries()) {
    if (i > 0) out.append(',');
    try {
      write(runtime, force(element, pos), pos, out, copyPaths);
    } catch (error) {
      throw withTrace(error, `while evaluating list element at index ${i}`, pos);
    }
  }
  out.append(']');
}

/** A set with `__toString` is that string, one with `outPath` is that; others are objects. */
function writeSet(runtime: Runtime, set: AttrSet, pos: PosIdx, out: StringBuilder, copyPaths: boolean): void {
  const toString = set.get(toStringSymbol);
  if (toString !== undefined) {
    write(runtime, call1(force(toString, pos), set, pos), pos, out, copyPaths);
    return;
  }
  const outPath = set.get(outPathSymbol);
  if (outPath !== undefined) {
    write(runtime, force(outPath, pos), pos, out, copyPaths);
    return;
  }
  out.append('{');
  for (const [i, [name, value]] of set.entries().entries()) {
    out.append(`${i > 0 ? ',' : ''}${quoteJson(name)}:`);
    const at = set.position(intern(name));
    try {
      write(runtime, force(value, at), at, out, copyPaths);
    } catch (error) {
      throw withTrace(error, `while evaluating attribute '${name}'`, at);
    }
  }
  out.append('}');
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
  if (!isUtf8(text))
    throw evalError('JSON serialization error: the string is not valid UTF-8', 0, { code: 'json' });
  return `"${text.replace(/["\\\x00-\x1f]/g, (character) => escapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function isUtf8(text: string): boolean {
  if (/^[\x00-\x7f]*$/.test(text)) return true;
  try {
    decoder.decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
    return true;
  } catch {
    return false;
  }
}

/** The shortest digits that give the number back, always with a point or an exponent; not finite is null. */
export function formatJsonFloat(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  if (Object.is(value, -0)) return '-0.0';
  const [digits, exponentText] = value.toExponential().split('e');
  const exponent = Number(exponentText);
  if (exponent >= -5 && exponent < 15) {
    const plain = String(value);
    return plain.includes('.') ? plain : `${plain}.0`;
  }
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** Parses JSON text (bytes). Objects become sets; of equal keys the last one counts. */
export function parseJson(text: string): Value {
  const parser = new JsonParser(text);
  const value = parser.value(0);
  parser.end();
  return value;
}

class JsonParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Value {
    if (depth > limits.maxDepth)
      throw evalError('stack overflow; max-call-depth exceeded', 0, { code: 'stack-overflow' });
    this.#space();
    const character = this.#text[this.#at];
    if (character === '{') return this.#object(depth);
    if (character === '[') return this.#array(depth);
    if (character === '"') return this.#string();
    if (character === '-' || (character >= '0' && character <= '9')) return this.#number();
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    throw this.#fail('unexpected ' + (character === undefined ? 'end of input' : `'${character}'`));
  }

  end(): void {
    this.#space();
    if (this.#at < this.#text.length)
      throw this.#fail(`unexpected '${this.#text[this.#at]}'; expected end of input`);
  }

  #object(depth: number): Value {
    this.#at++;
    const values = new Map<string, Value>();
    this.#space();
    if (this.#take('}')) return new AttrSetBuilder().build();
    for (;;) {
      this.#space();
      if (this.#text[this.#at] !== '"') throw this.#fail('expected a string as the name of a member');
      const name = this.#string();
      this.#space();
      if (!this.#take(':')) throw this.#fail("expected ':'");
      values.set(name, this.value(depth + 1));
      this.#space();
      if (this.#take('}')) return AttrSet.from(values);
      if (!this.#take(',')) throw this.#fail("expected ',' or '}'");
    }
  }

  #array(depth: number): Value {
    this.#at++;
    const items: Lazy[] = [];
    this.#space();
    if (this.#take(']')) return items;
    for (;;) {
      items.push(this.value(depth + 1));
      this.#space();
      if (this.#take(']')) return items;
      if (!this.#take(',')) throw this.#fail("expected ',' or ']'");
    }
  }

  #number(): Value {
    const match = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
    match.lastIndex = this.#at;
    const found = match.exec(this.#text);
    if (!found) throw this.#fail('invalid number');
    this.#at += found[0].length;
    if (found[1] === undefined && found[2] === undefined) {
      const exact = makeInt(BigInt(found[0]));
      if (exact !== undefined) return exact;
      const unsigned = BigInt(found[0]);
      if (unsigned > 0n && unsigned < 2n ** 64n)
        throw evalError(`unsigned json number ${found[0]} outside of Nix integer range`, 0, { code: 'json' });
    }
    return new NixFloat(Number(found[0]));
  }

  #string(): string {
    this.#at++;
    let result = '';
    for (;;) {
      const plain = /[^"\\\x00-\x1f]*/y;
      plain.lastIndex = this.#at;
      result += plain.exec(this.#text)![0];
      this.#at = plain.lastIndex;
      const character = this.#text[this.#at++];
      if (character === '"') break;
      if (character !== '\\') throw this.#fail('unterminated string, or a control character in it');
      result += this.#escape();
    }
    if (!isUtf8(result)) throw this.#fail('the string is not valid UTF-8');
    if (result.includes('\0')) throw evalError('input string contains null bytes', 0, { code: 'json' });
    return result;
  }

  #escape(): string {
    const character = this.#text[this.#at++];
    const simple: Readonly<Record<string, string>> = {
      '"': '"',
      '\\': '\\',
      '/': '/',
      b: '\b',
      f: '\f',
      n: '\n',
      r: '\r',
      t: '\t',
    };
    if (character !== undefined && Object.hasOwn(simple, character)) return simple[character];
    if (character !== 'u') throw this.#fail('invalid escape sequence');
    let code = this.#hex();
    if (code >= 0xd800 && code < 0xdc00) {
      if (!this.#text.startsWith('\\u', this.#at))
        throw this.#fail('a high surrogate must be followed by a low one');
      this.#at += 2;
      const low = this.#hex();
      if (low < 0xdc00 || low > 0xdfff) throw this.#fail('a high surrogate must be followed by a low one');
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) throw this.#fail('a low surrogate must follow a high one');
    return utf8(code);
  }

  #hex(): number {
    const digits = this.#text.slice(this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits))
      throw this.#fail("'\\u' must be followed by four hexadecimal digits");
    this.#at += 4;
    return Number.parseInt(digits, 16);
  }

  #space(): void {
    while (/[ \t\n\r]/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #fail(message: string) {
    const before = this.#text.slice(0, this.#at);
    const line = before.split('\n').length;
    const column = this.#at - before.lastIndexOf('\n');
    return evalError(`syntax error in JSON at line ${line}, column ${column}: ${message}`, 0, {
      code: 'json',
    });
  }
}

function utf8(code: number): string {
  return String.fromCharCode(...new TextEncoder().encode(String.fromCodePoint(code)));
}

export const jsonBuiltins: BuiltinTable = [
  {
    name: '__toJSON',
    args: ['e'],
    doc: 'The value *e* as JSON text.',
    fn: (runtime, pos, value) => {
      const { text, context } = valueToJson(runtime, value, pos);
      return makeString(text, context);
    },
  },
  {
    name: '__fromJSON',
    args: ['e'],
    doc: 'The value of a JSON text.',
    fn: (_runtime, pos, text) => {
      try {
        return parseJson(
          forceTextNoContext(text, pos, 'while evaluating the first argument passed to builtins.fromJSON'),
        );
      } catch (error) {
        throw withTrace(error, 'while decoding a JSON string', pos);
      }
    },
  },
];
