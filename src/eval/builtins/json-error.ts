/**
 * What is wrong with a text that is no JSON, told as C++ Nix's JSON library tells it, with its line and column:
 * they count the bytes that its lexer has read, one more where it has looked at the end of the input.
 */
import { type EvalError, evalError } from '../errors.ts';
import { secondByte } from './utf8.ts';

type JsonToken =
  | 'string'
  | 'number'
  | 'true'
  | 'false'
  | 'null'
  | '['
  | ']'
  | '{'
  | '}'
  | ':'
  | ','
  | 'end'
  | 'error';

/** The error of a text that `parseJson` could not read. */
export function explainJsonError(text: string): EvalError {
  const problem = new JsonChecker(text).problem();
  return evalError(problem ?? 'invalid JSON', 0, { code: 'json-syntax' });
}

const controlNames =
  'NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'.split(
    ' ',
  );
const shortEscapes: Readonly<Record<number, string>> = { 8: 'b', 9: 't', 10: 'n', 12: 'f', 13: 'r' };

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** Reads bytes one by one, counting; -1 is the end. */
class JsonLexer {
  readonly #text: string;
  #next = 0;
  #again = false;
  #lines = 0;
  /** Bytes (and looks at the end) on this line, and altogether. */
  #column = 0;
  #total = 0;
  #current = -1;
  /** What was read since the last string or number began. */
  #read = '';
  message = '';

  constructor(text: string) {
    this.#text = text;
    if (text.startsWith('\u00ef\u00bb\u00bf')) this.#next = 3;
  }

  get place(): string {
    return `line ${this.#lines + 1}, column ${this.#column}`;
  }

  get isEmpty(): boolean {
    return this.#total === 1;
  }

  /** What was read last, control characters spelt out. */
  get lastRead(): string {
    return this.#read.replace(/[\x00-\x1f]/g, (c) => `<U+${hex4(c.charCodeAt(0))}>`);
  }

  /** The digits of a number. */
  get raw(): string {
    return this.#read;
  }

  #get(): number {
    this.#total++;
    this.#column++;
    if (this.#again) this.#again = false;
    else this.#current = this.#next < this.#text.length ? this.#text.charCodeAt(this.#next) : -1;
    if (this.#current >= 0) {
      this.#next++;
      this.#read += String.fromCharCode(this.#current);
    }
    if (this.#current === 0x0a) {
      this.#lines++;
      this.#column = 0;
    }
    return this.#current;
  }

  #unget(): void {
    this.#again = true;
    this.#total--;
    if (this.#column === 0) {
      if (this.#lines > 0) this.#lines--;
    } else this.#column--;
    if (this.#current >= 0) {
      this.#next--;
      this.#read = this.#read.slice(0, -1);
    }
  }

  #error(message: string): 'error' {
    this.message = message;
    return 'error';
  }

  scan(): JsonToken {
    let byte = this.#get();
    while (byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d) byte = this.#get();
    if (byte < 0 || byte === 0) return 'end';
    const character = String.fromCharCode(byte);
    switch (character) {
      case '[':
      case ']':
      case '{':
      case '}':
      case ':':
      case ',':
        return character;
      case 't':
        return this.#literal('true');
      case 'f':
        return this.#literal('false');
      case 'n':
        return this.#literal('null');
      case '"':
        this.#read = character;
        return this.#string();
    }
    if (byte !== 0x2d && !isDigit(byte)) return this.#error('invalid literal');
    this.#read = character;
    return this.#number(byte);
  }

  #literal<T extends JsonToken>(word: T): T | 'error' {
    for (const character of word.slice(1)) {
      if (this.#get() !== character.charCodeAt(0)) return this.#error('invalid literal');
    }
    return word;
  }

  #string(): JsonToken {
    for (;;) {
      const byte = this.#get();
      if (byte < 0) return this.#error('invalid string: missing closing quote');
      if (byte === 0x22) return 'string';
      const message =
        byte === 0x5c
          ? this.#escape()
          : byte < 0x20
            ? controlMessage(byte)
            : byte < 0x80
              ? ''
              : this.#utf8(byte);
      if (message !== '') return this.#error(`invalid string: ${message}`);
    }
  }

  #escape(): string {
    const byte = this.#get();
    if (byte < 0 || !'"\\/bfnrtu'.includes(String.fromCharCode(byte)))
      return 'forbidden character after backslash';
    if (byte !== 0x75) return '';
    const code = this.#hex();
    const notHex = "'\\u' must be followed by 4 hex digits";
    if (code < 0) return notHex;
    if (code >= 0xdc00 && code < 0xe000) return 'surrogate U+DC00..U+DFFF must follow U+D800..U+DBFF';
    if (code < 0xd800 || code > 0xdbff) return '';
    const alone = 'surrogate U+D800..U+DBFF must be followed by U+DC00..U+DFFF';
    if (this.#get() !== 0x5c || this.#get() !== 0x75) return alone;
    const low = this.#hex();
    if (low < 0) return notHex;
    return low >= 0xdc00 && low < 0xe000 ? '' : alone;
  }

  #hex(): number {
    let code = 0;
    for (let i = 0; i < 4; i++) {
      const byte = this.#get();
      if (byte < 0 || !/[0-9a-fA-F]/.test(String.fromCharCode(byte))) return -1;
      code = code * 16 + Number.parseInt(String.fromCharCode(byte), 16);
    }
    return code;
  }

  #utf8(lead: number): string {
    const following = lead < 0xc2 || lead > 0xf4 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    for (let n = 0; n < following; n++) {
      const [low, high] = n === 0 ? secondByte(lead) : [0x80, 0xbf];
      const byte = this.#get();
      if (byte < low || byte > high) return 'ill-formed UTF-8 byte';
    }
    return following < 0 ? 'ill-formed UTF-8 byte' : '';
  }

  #number(first: number): JsonToken {
    let byte = first;
    if (byte === 0x2d) {
      byte = this.#get();
      if (!isDigit(byte)) return this.#error("invalid number; expected digit after '-'");
    }
    if (byte === 0x30) byte = this.#get();
    else byte = this.#digits();
    if (byte === 0x2e) {
      if (!isDigit(this.#get())) return this.#error("invalid number; expected digit after '.'");
      byte = this.#digits();
    }
    if (byte === 0x65 || byte === 0x45) {
      byte = this.#get();
      const signed = byte === 0x2b || byte === 0x2d;
      if (signed) byte = this.#get();
      if (!isDigit(byte)) {
        const expected = signed ? 'digit after exponent sign' : "'+', '-', or digit after exponent";
        return this.#error(`invalid number; expected ${expected}`);
      }
      this.#digits();
    }
    this.#unget();
    return 'number';
  }

  /** The first byte that is no digit. */
  #digits(): number {
    for (;;) {
      const byte = this.#get();
      if (!isDigit(byte)) return byte;
    }
  }
}

function hex4(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, '0');
}

function controlMessage(byte: number): string {
  const short = shortEscapes[byte] === undefined ? '' : ` or \\${shortEscapes[byte]}`;
  return `control character U+${hex4(byte)} (${controlNames[byte]}) must be escaped to \\u${hex4(byte)}${short}`;
}

const anyValue = "'[', '{', or a literal";

class JsonChecker {
  readonly #lexer: JsonLexer;
  #token: JsonToken = 'end';

  constructor(text: string) {
    this.#lexer = new JsonLexer(text);
  }

  #advance(): JsonToken {
    this.#token = this.#lexer.scan();
    return this.#token;
  }

  #report(context: string, expected: string | undefined): string {
    const start = `[json.exception.parse_error.101] parse error at ${this.#lexer.place}: `;
    const wrong =
      this.#token === 'error'
        ? `${this.#lexer.message}; last read: '${this.#lexer.lastRead}'`
        : `unexpected ${describe(this.#token)}`;
    const wanted = expected === undefined ? '' : `; expected ${expected}`;
    return `${start}syntax error while parsing ${context} - ${wrong}${wanted}`;
  }

  /** The first thing that is wrong; `undefined` when nothing is. */
  problem(): string | undefined {
    const open: ('[' | '{')[] = [];
    this.#advance();
    for (;;) {
      const wrong = this.#value(open);
      if (typeof wrong === 'string') return wrong;
      if (wrong) continue;
      // A value is complete.
      for (;;) {
        const inner = open.at(-1);
        const token = this.#advance();
        if (inner === undefined) return token === 'end' ? undefined : this.#report('value', 'end of input');
        if (token === ',') {
          const key = inner === '{' ? this.#key(this.#advance()) : undefined;
          if (key !== undefined) return key;
          this.#advance();
          break;
        }
        if (token !== (inner === '[' ? ']' : '}')) {
          return inner === '[' ? this.#report('array', "']'") : this.#report('object', "'}'");
        }
        open.pop();
      }
    }
  }

  /** The value that begins with the current token: whether it opened something, or what is wrong. */
  #value(open: ('[' | '{')[]): boolean | string {
    switch (this.#token) {
      case '{':
        if (this.#advance() === '}') return false;
        open.push('{');
        {
          const wrong = this.#key(this.#token);
          if (wrong === undefined) this.#advance();
          return wrong ?? true;
        }
      case '[':
        if (this.#advance() === ']') return false;
        open.push('[');
        return true;
      case 'number':
        if (Number.isFinite(Number(this.#lexer.raw))) return false;
        return `[json.exception.out_of_range.406] number overflow parsing '${this.#lexer.raw}'`;
      case 'string':
      case 'true':
      case 'false':
      case 'null':
        return false;
      case 'error':
        return this.#report('value', undefined);
      case 'end':
        if (!this.#lexer.isEmpty) break;
        return `[json.exception.parse_error.101] parse error at ${this.#lexer.place}: attempting to parse an empty input; check that your input string or stream contains the expected JSON`;
    }
    return this.#report('value', anyValue);
  }

  /** What is wrong with a key (the given token) and its colon. */
  #key(token: JsonToken): string | undefined {
    if (token !== 'string') return this.#report('object key', 'string literal');
    return this.#advance() === ':' ? undefined : this.#report('object separator', "':'");
  }
}

function describe(token: JsonToken): string {
  if (token === 'end') return 'end of input';
  return token.length > 1 ? `${token} literal` : `'${token}'`;
}
