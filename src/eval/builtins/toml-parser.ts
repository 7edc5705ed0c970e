/**
 * A parser for TOML 1.0.0 on bytes. Gives a tree of its own, without Nix values, so that it can be tested alone.
 * Tables know how they were made, because the specification allows to go on with some of them only: `[a]` may not
 * be written twice, inline tables are closed, dotted keys do not reopen a table that a header made.
 * Error texts follow the TOML library of C++ Nix: a title, then the line with a mark under the place.
 *
 * Specification: https://toml.io/en/v1.0.0
 */

export type TomlValue = string | boolean | bigint | TomlFloat | TomlTime | TomlArray | TomlTable;

export class TomlFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** A date, a time or both, in canonical form. */
export class TomlTime {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export class TomlArray {
  readonly items: TomlValue[] = [];
  /** Whether `[[name]]` headers made it; only then they may extend it. */
  readonly ofTables: boolean;
  constructor(ofTables: boolean) {
    this.ofTables = ofTables;
  }
}

/** `implicit`: made by the way to another table; `header`: by its own header; `dotted`: by a dotted key. */
type TableOrigin = 'implicit' | 'header' | 'dotted' | 'inline';

export class TomlTable {
  readonly entries = new Map<string, TomlValue>();
  origin: TableOrigin;
  constructor(origin: TableOrigin) {
    this.origin = origin;
  }
}

/** What is wrong with a text, and where, as several lines. */
export class TomlError extends Error {}

/** Arrays and inline tables may be nested so deep. */
const maxDepth = 1000;

/** Parses a whole document. @throws TomlError */
export function parseToml(text: string): TomlTable {
  return new TomlParser(text).document();
}

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  '"': '"',
  '\\': '\\',
};

const datePattern = /([0-9]{4})-([0-9]{2})-([0-9]{2})/y;
const timePattern = /([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?/y;
const offsetPattern = /[Zz]|([+-])([0-9]{2}):([0-9]{2})/y;
const floatPattern =
  /[+-]?(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*(?:[eE][+-]?[0-9](?:_?[0-9])*)?|[eE][+-]?[0-9](?:_?[0-9])*)/y;
const integerPattern = /[+-]?(?:0|[1-9](?:_?[0-9])*)/y;
const prefixedPattern = /0(?:x[0-9a-fA-F](?:_?[0-9a-fA-F])*|o[0-7](?:_?[0-7])*|b[01](?:_?[01])*)/y;
const specialFloatPattern = /([+-]?)(inf|nan)/y;
const bareKeyPattern = /[A-Za-z0-9_-]+/y;

class TomlParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): TomlTable {
    const root = new TomlTable('header');
    let current = root;
    for (;;) {
      this.#blanks(true);
      const character = this.#peek();
      if (character === undefined) return root;
      if (character === '[') current = this.#header(root);
      else this.#assignment(current);
      this.#lineEnd();
    }
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #take(word: string): boolean {
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (!found) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }

  /** The error with the line of `from` and a mark under the text up to `to`. */
  #fail(title: string, note: string, from = this.#at, to = from): never {
    const lineStart = this.#text.lastIndexOf('\n', from - 1) + 1;
    const next = this.#text.indexOf('\n', from);
    const line = this.#text.slice(lineStart, next < 0 ? undefined : next).replace(/\r$/, '');
    const number = String(this.#text.slice(0, from).split('\n').length);
    const margin = ' '.repeat(number.length + 2);
    const mark = `${' '.repeat(from - lineStart)}${'^'.repeat(Math.max(1, to - from))}-- ${note}`;
    throw new TomlError(
      `[error] ${title}\n --> fromTOML\n${margin}|\n ${number} | ${line}\n${margin}| ${mark}\n`,
    );
  }

  /** Skips spaces, and with `lines` also line ends and comments. */
  #blanks(lines: boolean): void {
    for (;;) {
      const character = this.#peek();
      if (character === ' ' || character === '\t') this.#at++;
      else if (!lines || !(this.#comment() || this.#newline())) return;
    }
  }

  #newline(): boolean {
    return this.#take('\n') || this.#take('\r\n');
  }

  #comment(): boolean {
    if (!this.#take('#')) return false;
    this.#match(/[^\x00-\x08\x0a-\x1f\x7f]*/y);
    if (this.#peek() !== undefined && !this.#atNewline()) {
      this.#fail('toml::parse_comment_line: newline (LF / CRLF) or EOF is expected', 'but got this');
    }
    return true;
  }

  #atNewline(): boolean {
    return this.#text.startsWith('\n', this.#at) || this.#text.startsWith('\r\n', this.#at);
  }

  #lineEnd(): void {
    this.#blanks(false);
    this.#comment();
    if (this.#peek() === undefined || this.#newline()) return;
    this.#fail('toml::parse_table: newline (LF / CRLF) or EOF is expected', 'here');
  }

  // ---- keys and tables ----

  #keyPath(): string[] {
    const path: string[] = [];
    do {
      this.#blanks(false);
      path.push(this.#key());
      this.#blanks(false);
    } while (this.#take('.'));
    return path;
  }

  #key(): string {
    const character = this.#peek();
    if (character === '"' && !this.#text.startsWith('"""', this.#at)) return this.#basicString();
    if (character === "'" && !this.#text.startsWith("'''", this.#at)) return this.#literalString();
    const bare = this.#match(bareKeyPattern);
    if (bare) return bare[0];
    return this.#fail(
      'toml::parse_simple_key: invalid key: key must be "quoted", \'quoted-literal\', or bare key.',
      'expected alpha [a-zA-Z], digit [0-9], -, or _',
    );
  }

  #header(root: TomlTable): TomlTable {
    const start = this.#at;
    const isArray = this.#take('[[');
    if (!isArray) this.#at++;
    const path = this.#keyPath();
    if (!this.#take(isArray ? ']]' : ']')) {
      this.#fail('toml::parse_table_key: missing closing bracket', `expected '${isArray ? ']]' : ']'}'`);
    }
    let table = root;
    for (const name of path.slice(0, -1)) table = this.#enter(table, name, start);
    const name = path[path.length - 1];
    return isArray ? this.#arrayTable(table, name, start) : this.#ownTable(table, name, start);
  }

  /** The table on the way to another; of an array of tables its last. */
  #enter(table: TomlTable, name: string, start: number): TomlTable {
    let found = table.entries.get(name);
    if (found === undefined) {
      found = new TomlTable('implicit');
      table.entries.set(name, found);
    }
    if (found instanceof TomlArray && found.ofTables) return found.items[found.items.length - 1] as TomlTable;
    if (found instanceof TomlTable && found.origin !== 'inline') return found;
    const reason =
      found instanceof TomlTable
        ? 'inline table is immutable'
        : 'target is neither table nor an array of tables';
    return this.#fail(
      `toml::insert_value: failed to insert a value: ${reason}`,
      'inserting this',
      start,
      this.#at,
    );
  }

  #ownTable(table: TomlTable, name: string, start: number): TomlTable {
    const found = table.entries.get(name);
    if (found === undefined) {
      const made = new TomlTable('header');
      table.entries.set(name, made);
      return made;
    }
    if (found instanceof TomlTable && found.origin === 'implicit') {
      found.origin = 'header';
      return found;
    }
    const reason = found instanceof TomlTable ? 'table already defined' : 'value already exists';
    return this.#fail(
      `toml::insert_value: failed to insert a table, ${reason}`,
      'inserting this',
      start,
      this.#at,
    );
  }

  #arrayTable(table: TomlTable, name: string, start: number): TomlTable {
    let found = table.entries.get(name);
    if (found === undefined) {
      found = new TomlArray(true);
      table.entries.set(name, found);
    }
    if (!(found instanceof TomlArray && found.ofTables)) {
      const title = 'toml::insert_value: failed to insert an array of tables, value already exists';
      this.#fail(title, 'while inserting this', start, this.#at);
    }
    const made = new TomlTable('header');
    found.items.push(made);
    return made;
  }

  /** `key = value` in `table`. */
  #assignment(table: TomlTable): void {
    const start = this.#at;
    const path = this.#keyPath();
    const end = this.#at;
    if (!this.#take('=')) this.#fail('toml::parse_key_value_pair: invalid key value pair', "expected '='");
    this.#blanks(false);
    const value = this.#value();
    let target = table;
    for (const name of path.slice(0, -1)) target = this.#dotted(target, name, start, end);
    const name = path[path.length - 1];
    if (target.entries.has(name)) {
      const title = 'toml::insert_value: failed to insert a value, value already exists';
      this.#fail(title, 'inserting this', start, end);
    }
    target.entries.set(name, value);
  }

  #dotted(table: TomlTable, name: string, start: number, end: number): TomlTable {
    let found = table.entries.get(name);
    if (found === undefined) {
      found = new TomlTable('dotted');
      table.entries.set(name, found);
    }
    if (found instanceof TomlTable && found.origin === 'dotted') return found;
    if (found instanceof TomlTable && found.origin !== 'inline') {
      const title = 'toml::insert_value: reopening a table using dotted keys';
      this.#fail(title, 'dotted key cannot reopen a table', start, end);
    }
    const reason =
      found instanceof TomlTable
        ? 'inline table is immutable'
        : 'target is neither table nor an array of tables';
    return this.#fail(
      `toml::insert_value: failed to insert a value: ${reason}`,
      'inserting this',
      start,
      end,
    );
  }

  // ---- values ----

  #value(): TomlValue {
    const character = this.#peek();
    switch (character) {
      case '"':
        return this.#take('"""') ? this.#multiLine('"""') : this.#basicString();
      case "'":
        return this.#take("'''") ? this.#multiLine("'''") : this.#literalString();
      case '[':
        return this.#nested(() => this.#array());
      case '{':
        return this.#nested(() => this.#inlineTable());
    }
    if (this.#take('true')) return true;
    if (this.#take('false')) return false;
    const special = this.#match(specialFloatPattern);
    if (special) {
      const value = special[2] === 'inf' ? Number.POSITIVE_INFINITY : Number.NaN;
      return new TomlFloat(special[1] === '-' ? -value : value);
    }
    return this.#time() ?? this.#number();
  }

  #nested<T>(parse: () => T): T {
    if (++this.#depth > maxDepth) this.#fail('bad format: nested too deeply', 'here');
    const result = parse();
    this.#depth--;
    return result;
  }

  #array(): TomlArray {
    const start = this.#at++;
    const array = new TomlArray(false);
    for (;;) {
      this.#blanks(true);
      if (this.#take(']')) return array;
      if (this.#peek() === undefined) break;
      array.items.push(this.#value());
      this.#blanks(true);
      if (this.#take(',')) continue;
      if (this.#take(']')) return array;
      break;
    }
    const reached = this.#peek() === undefined ? 'expected `]`, reached EOF' : 'expected `]` or `,`';
    return this.#fail('toml::parse_array: missing closing bracket `]`', reached, start, start + 1);
  }

  #inlineTable(): TomlTable {
    this.#at++;
    const table = new TomlTable('dotted');
    this.#blanks(false);
    if (!this.#take('}')) {
      for (;;) {
        this.#assignment(table);
        this.#blanks(false);
        if (this.#take('}')) break;
        if (!this.#take(','))
          this.#fail('toml::parse_inline_table: missing closing bracket `}`', 'expected `}` or `,`');
        this.#blanks(false);
        if (this.#peek() === '}') {
          this.#fail('toml::parse_inline_table: trailing comma is not allowed in TOML-v1.0.0)', 'here');
        }
      }
    }
    close(table);
    return table;
  }

  #basicString(): string {
    const start = this.#at++;
    let result = '';
    for (;;) {
      result += this.#match(/[^"\\\x00-\x08\x0a-\x1f\x7f]*/y)![0];
      if (this.#take('"')) return result;
      if (!this.#take('\\')) {
        this.#fail('toml::parse_basic_string: invalid string format', 'expected "', this.#at);
      }
      result += this.#escape('basic', start);
    }
  }

  #literalString(): string {
    this.#at++;
    const text = this.#match(/[^'\x00-\x08\x0a-\x1f\x7f]*/y)![0];
    if (!this.#take("'")) this.#fail('toml::parse_literal_string: invalid string format', "expected '");
    return text;
  }

  #multiLine(quotes: '"""' | "'''"): string {
    const start = this.#at - 3;
    this.#newline();
    const plain = quotes === '"""' ? /[^"\\\x00-\x08\x0b-\x1f\x7f]*/y : /[^'\x00-\x08\x0b-\x1f\x7f]*/y;
    let result = '';
    for (;;) {
      result += this.#match(plain)![0];
      if (this.#take(quotes)) {
        // Up to two quotes may stand right before the closing ones.
        for (let extra = 0; extra < 2 && this.#take(quotes[0]); extra++) result += quotes[0];
        return result;
      }
      if (this.#take(quotes[0])) result += quotes[0];
      else if (this.#take('\r\n')) result += '\r\n';
      else if (quotes === '"""' && this.#take('\\')) {
        // A backslash at the end of a line swallows all blanks up to the next text.
        if (!this.#match(/[ \t]*\r?\n(?:[ \t]|\r?\n)*/y)) result += this.#escape('ml_basic', start);
      } else {
        const kind = quotes === '"""' ? 'ml_basic' : 'ml_literal';
        this.#fail(`toml::parse_${kind}_string: invalid string format`, `expected ${quotes}`);
      }
    }
  }

  #escape(kind: string, start: number): string {
    const character = this.#peek();
    if (character !== undefined && Object.hasOwn(escapes, character)) {
      this.#at++;
      return escapes[character];
    }
    const digits = this.#match(/u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}/y);
    if (!digits) {
      const note = kind === 'basic' ? 'expected "' : 'expected """';
      this.#fail(`toml::parse_${kind}_string: invalid string format`, note, Math.max(start, this.#at - 1));
    }
    const code = Number.parseInt(digits[0].slice(1), 16);
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      const range = code > 0x10ffff ? 'the codepoint is too large' : '[0xD800, 0xDFFF] is not a valid UTF-8';
      this.#fail(`toml::parse_utf8_codepoint: ${range}`, 'here', this.#at - digits[0].length, this.#at);
    }
    return String.fromCharCode(...new TextEncoder().encode(String.fromCodePoint(code)));
  }

  #number(): TomlValue {
    const start = this.#at;
    const prefixed = this.#match(prefixedPattern);
    if (prefixed)
      return this.#integer(BigInt(prefixed[0].replaceAll('_', '')), prefixedNames[prefixed[0][1]]);
    const float = this.#match(floatPattern);
    if (float) {
      const value = Number(float[0].replaceAll('_', ''));
      if (!Number.isFinite(value)) {
        this.#fail('toml::parse_floating: failed to read floating point value from stream', 'here');
      }
      this.#numberEnd(start);
      return new TomlFloat(value);
    }
    const integer = this.#match(integerPattern);
    if (!integer) {
      const digit = /[0-9+-]/.test(this.#peek() ?? '');
      return this.#fail(digit ? 'bad integer: invalid format' : 'bad format: unknown value appeared', 'here');
    }
    this.#numberEnd(start);
    return this.#integer(BigInt(integer[0].replaceAll('_', '').replace('+', '')), 'dec');
  }

  #numberEnd(start: number): void {
    const next = this.#peek();
    if (next === undefined || !/[0-9_.a-zA-Z]/.test(next)) return;
    if (next === '_')
      this.#fail('bad integer: `_` must be surrounded by digits', 'invalid underscore', this.#at);
    if (next === '.' || next === 'e' || next === 'E') this.#fail('bad float: invalid format', 'here');
    if (/[0-9]/.test(next)) {
      this.#fail('bad integer: invalid digit after an integer', 'this digit is not allowed', start + 1);
    }
  }

  #integer(value: bigint, kind: string): bigint {
    if (value < 2n ** 63n && value >= -(2n ** 63n)) return value;
    const what = kind === 'dec' ? 'current max digits = 2^63' : 'current max value = 2^63';
    return this.#fail(`toml::parse_${kind}_integer: too large integer: ${what}`, 'must be < 2^63');
  }

  #time(): TomlTime | undefined {
    const start = this.#at;
    const date = this.#match(datePattern);
    if (!date) {
      const time = this.#match(timePattern);
      return time && new TomlTime(this.#timeText(time, start));
    }
    if (!isDate(Number(date[1]), Number(date[2]), Number(date[3]))) {
      const note = 'month must be 01-12, day must be any of 01-28,29,30,31 depending on the month/year.';
      this.#fail('toml::parse_local_date: invalid date.', note, start);
    }
    if (!/^[Tt ][0-9]{2}:/.test(this.#text.slice(this.#at, this.#at + 4))) return new TomlTime(date[0]);
    this.#at++;
    const time = this.#match(timePattern);
    if (!time) this.#fail('toml::parse_local_time: invalid format', 'here');
    const text = `${date[0]}T${this.#timeText(time, start)}`;
    const offset = this.#match(offsetPattern);
    return new TomlTime(offset ? text + this.#offsetText(offset) : text);
  }

  #timeText(time: RegExpExecArray, start: number): string {
    const [, hour, minute, second, fraction = ''] = time;
    if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) {
      this.#fail(
        'toml::parse_local_time: invalid time.',
        'hour must be 00-23, minute 00-59, second 00-60',
        start,
      );
    }
    const nanos = fraction.slice(0, 9).padEnd(9, '0');
    // Three, six or nine digits, as many as are needed.
    const digits = nanos.replace(/(?:000){1,3}$/, '');
    return `${hour}:${minute}:${second}${digits === '' ? '' : `.${digits}`}`;
  }

  #offsetText(offset: RegExpExecArray): string {
    const [, sign, hour, minute] = offset;
    if (sign === undefined) return 'Z';
    if (Number(hour) > 23 || Number(minute) > 59) {
      this.#fail('toml::parse_offset: invalid offset: min, hour.', 'hour must be 00-23, minute 00-59');
    }
    return hour === '00' && minute === '00' ? 'Z' : `${sign}${hour}:${minute}`;
  }
}

const prefixedNames: Readonly<Record<string, string>> = { x: 'hex', o: 'oct', b: 'bin' };

function isDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= days[month - 1];
}

/** Makes an inline table, and those that dotted keys made in it, immutable. */
function close(table: TomlTable): void {
  table.origin = 'inline';
  for (const value of table.entries.values()) {
    if (value instanceof TomlTable && value.origin === 'dotted') close(value);
  }
}
