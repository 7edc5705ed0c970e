/**
 * A parser from JSON text (bytes) straight to Nix values. Strict: what RFC 8259 does not allow is refused. Not
 * recursive, so that nesting has no limit. It only finds out that a text is wrong; what is wrong with it is then
 * told by `json-error.ts`.
 */
import { evalError } from '../errors.ts';
import { AttrSet, emptySet, type Lazy, makeInt, NixFloat, type Value } from '../value.ts';
import { explainJsonError } from './json-error.ts';
import { refuseNullBytes } from './null-bytes.ts';
import { isUtf8 } from './utf8.ts';

/** The value of a JSON text. Of equal keys the last one counts. @throws EvalError */
export function parseJson(text: string): Value {
  return new JsonParser(text).document();
}

/** An array or object under construction. */
type Open = { readonly list: Lazy[] } | { readonly entries: Map<string, Lazy>; key: string };

/** Marks that something was opened, so that a value follows inside. */
const opened = Symbol('opened');

const plainText = /[^"\\\x00-\x1f]*/y;
const numberText = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class JsonParser {
  readonly #text: string;
  readonly #open: Open[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    // A byte order mark is let pass.
    if (text.startsWith('\u00ef\u00bb\u00bf')) this.#at = 3;
  }

  document(): Value {
    for (;;) {
      let value = this.#value();
      if (value === opened) continue;
      // Closes all that ends here; then comes the next member or the end.
      for (;;) {
        const open = this.#open[this.#open.length - 1];
        if (open === undefined) return this.#end(value as Value);
        if ('list' in open) open.list.push(value as Value);
        else open.entries.set(open.key, value as Value);
        this.#space();
        if (this.#take(0x2c)) {
          if ('entries' in open) open.key = this.#key();
          break;
        }
        if (!this.#take('list' in open ? 0x5d : 0x7d)) this.#fail();
        this.#open.pop();
        value = 'list' in open ? open.list : AttrSet.from(open.entries);
      }
    }
  }

  #fail(): never {
    throw explainJsonError(this.#text);
  }

  #end(value: Value): Value {
    this.#space();
    if (this.#at < this.#text.length) this.#fail();
    return value;
  }

  #space(): void {
    for (;;) {
      const c = this.#text.charCodeAt(this.#at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.#at++;
    }
  }

  #take(byte: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== byte) return false;
    this.#at++;
    return true;
  }

  #value(): Value | typeof opened {
    this.#space();
    const c = this.#text.charCodeAt(this.#at);
    switch (c) {
      case 0x7b:
        return this.#object();
      case 0x5b:
        this.#at++;
        this.#space();
        if (this.#take(0x5d)) return [];
        this.#open.push({ list: [] });
        return opened;
      case 0x22:
        return this.#string();
      case 0x74:
        return this.#literal('true', true);
      case 0x66:
        return this.#literal('false', false);
      case 0x6e:
        return this.#literal('null', null);
    }
    return this.#number();
  }

  #object(): Value | typeof opened {
    this.#at++;
    this.#space();
    if (this.#take(0x7d)) return emptySet;
    this.#open.push({ entries: new Map(), key: this.#key() });
    return opened;
  }

  #key(): string {
    this.#space();
    if (this.#text.charCodeAt(this.#at) !== 0x22) this.#fail();
    const key = this.#string();
    this.#space();
    if (!this.#take(0x3a)) this.#fail();
    return key;
  }

  #literal<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail();
    this.#at += word.length;
    return value;
  }

  #number(): Value {
    numberText.lastIndex = this.#at;
    const found = numberText.exec(this.#text);
    if (!found) return this.#fail();
    const digits = found[0];
    this.#at += digits.length;
    if (found[1] === undefined && found[2] === undefined) {
      if (digits.length < 16) return Number(digits) + 0;
      const big = BigInt(digits);
      const exact = makeInt(big);
      if (exact !== undefined) return exact;
      if (big > 0n && big < 2n ** 64n) {
        throw evalError(`unsigned json number ${digits} outside of Nix integer range`, 0, { code: 'json' });
      }
    }
    const value = Number(digits);
    // It is read as a number all the same, and found to be too big only then.
    if (!Number.isFinite(value)) this.#fail();
    return new NixFloat(value);
  }

  #string(): string {
    const text = this.#text;
    let result = '';
    let ascii = true;
    this.#at++;
    for (;;) {
      plainText.lastIndex = this.#at;
      const plain = (plainText.exec(text) as RegExpExecArray)[0];
      ascii &&= !/[\x80-\xff]/.test(plain);
      result += plain;
      this.#at += plain.length;
      const c = text.charCodeAt(this.#at++);
      if (c === 0x22) break;
      if (c !== 0x5c) this.#fail();
      result += this.#escape();
    }
    if (!ascii && !isUtf8(result)) this.#fail();
    return refuseNullBytes(result, (message) => evalError(message, 0, { code: 'null-bytes' }));
  }

  #escape(): string {
    const character = this.#text[this.#at++];
    if (character !== 'u') {
      if (character === undefined || !Object.hasOwn(escapes, character)) this.#fail();
      return escapes[character];
    }
    let code = this.#hex();
    if (code >= 0xd800 && code < 0xdc00) {
      if (this.#text.slice(this.#at, this.#at + 2) !== '\\u') this.#fail();
      this.#at += 2;
      const low = this.#hex();
      if (low < 0xdc00 || low > 0xdfff) this.#fail();
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) this.#fail();
    return code < 0x80 ? String.fromCharCode(code) : utf8Bytes(code);
  }

  #hex(): number {
    const digits = this.#text.slice(this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail();
    this.#at += 4;
    return Number.parseInt(digits, 16);
  }
}

function utf8Bytes(code: number): string {
  return String.fromCharCode(...new TextEncoder().encode(String.fromCodePoint(code)));
}
