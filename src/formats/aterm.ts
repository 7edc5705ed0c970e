/**
 * The text of `.drv` files: one ATerm,
 *
 *     Derive([OUTPUTS],[INPUT-DRVS],[INPUT-SRCS],PLATFORM,BUILDER,[ARGS],[ENV])
 *
 * with OUTPUT = (NAME,PATH,HASH-ALGO,HASH), INPUT-DRV = (PATH,[OUTPUT-NAMES]), ENV = (NAME,VALUE). There is no white
 * space. Strings are quoted; `"`, `\`, LF, CR and TAB are escaped, all other bytes stand for themselves, and any
 * other escaped character means itself when read. Sets are written in byte order. `format(parse(text)) === text`
 * for every text that C++ Nix writes.
 */
import { compareByteStrings } from './bytes.ts';
import type { Derivation } from './derivation.ts';
import { badDerivation, experimentalFeatureMissing } from './errors.ts';

/**
 * Reads a `.drv` file's text. `name` is used in errors alone.
 *
 * @throws NixError `bad-derivation`, with the byte offset
 */
export function parseDerivation(text: string, name = ''): Derivation {
  return new Reader(text, name).derivation();
}

/** The `.drv` file's text. */
export function formatDerivation(derivation: Derivation): string {
  const outputs = sortedEntries(derivation.outputs).map(
    ([name, output]) =>
      `(${quote(name)},${quote(output.path)},${quote(output.hashAlgo)},${quote(output.hash)})`,
  );
  const drvs = sortedEntries(derivation.inputDrvs).map(
    ([path, names]) => `(${quote(path)},${formatList(names.toSorted(compareByteStrings))})`,
  );
  const env = sortedEntries(derivation.env).map(([key, value]) => `(${quote(key)},${quote(value)})`);
  return (
    `Derive([${outputs.join(',')}],[${drvs.join(',')}],` +
    `${formatList(derivation.inputSrcs.toSorted(compareByteStrings))},` +
    `${quote(derivation.platform)},${quote(derivation.builder)},${formatList(derivation.args)},[${env.join(',')}])`
  );
}

function formatList(items: readonly string[]): string {
  return `[${items.map(quote).join(',')}]`;
}

function sortedEntries<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort((a, b) => compareByteStrings(a[0], b[0]));
}

const SPECIAL = /["\\\n\r\t]/;
const EACH_SPECIAL = /["\\\n\r\t]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function quote(text: string): string {
  return SPECIAL.test(text) ? `"${text.replace(EACH_SPECIAL, (c) => ESCAPES[c])}"` : `"${text}"`;
}

/** A recursive-descent reader; the grammar has a fixed depth. */
class Reader {
  readonly #text: string;
  readonly #name: string;
  #at = 0;

  constructor(text: string, name: string) {
    this.#text = text;
    this.#name = name;
  }

  derivation(): Derivation {
    if (this.#text.startsWith('DrvWithVersion(')) {
      throw experimentalFeatureMissing('dynamic-derivations', `derivation '${this.#name}'`);
    }
    if (!this.#text.startsWith('Derive(')) throw this.#bad("derivation does not start with 'Derive'");
    this.#at = 'Derive('.length;
    const outputs = this.#outputs();
    this.#expect(',');
    const inputDrvs = this.#inputDrvs();
    this.#expect(',');
    const inputSrcs = this.#strings();
    this.#expect(',');
    const platform = this.#string();
    this.#expect(',');
    const builder = this.#string();
    this.#expect(',');
    const args = this.#strings();
    this.#expect(',');
    const env = this.#env();
    this.#expect(')');
    if (this.#at !== this.#text.length) throw this.#bad('text after the end of the derivation');
    return { outputs, inputDrvs, inputSrcs, platform, builder, args, env };
  }

  #outputs(): Derivation['outputs'] {
    const outputs: Derivation['outputs'] = new Map();
    this.#list(() => {
      this.#expect('(');
      const name = this.#string();
      this.#expect(',');
      const path = this.#string();
      this.#expect(',');
      const hashAlgo = this.#string();
      this.#expect(',');
      const hash = this.#string();
      this.#expect(')');
      outputs.set(name, { path, hashAlgo, hash });
    });
    return outputs;
  }

  #inputDrvs(): Derivation['inputDrvs'] {
    const drvs: Derivation['inputDrvs'] = new Map();
    this.#list(() => {
      this.#expect('(');
      const path = this.#string();
      this.#expect(',');
      drvs.set(path, this.#strings());
      this.#expect(')');
    });
    return drvs;
  }

  #env(): Map<string, string> {
    const env = new Map<string, string>();
    this.#list(() => {
      this.#expect('(');
      const key = this.#string();
      this.#expect(',');
      env.set(key, this.#string());
      this.#expect(')');
    });
    return env;
  }

  #strings(): string[] {
    const strings: string[] = [];
    this.#list(() => strings.push(this.#string()));
    return strings;
  }

  #list(item: () => void): void {
    this.#expect('[');
    if (this.#text[this.#at] === ']') {
      this.#at++;
      return;
    }
    for (;;) {
      item();
      if (this.#text[this.#at] !== ',') break;
      this.#at++;
    }
    this.#expect(']');
  }

  #string(): string {
    this.#expect('"');
    const start = this.#at;
    let end = this.#text.indexOf('"', start);
    const backslash = this.#text.indexOf('\\', start);
    if (end < 0) throw this.#bad('unterminated string');
    if (backslash < 0 || backslash > end) {
      this.#at = end + 1;
      return this.#text.slice(start, end);
    }
    for (end = backslash; this.#text[end] !== '"'; end++) {
      if (this.#text[end] === '\\') end++;
      if (end >= this.#text.length) throw this.#bad('unterminated string');
    }
    this.#at = end + 1;
    return unescape(this.#text.slice(start, end));
  }

  #expect(text: string): void {
    if (!this.#text.startsWith(text, this.#at)) throw this.#bad(`expected string '${text}'`);
    this.#at += text.length;
  }

  #bad(reason: string): Error {
    return badDerivation(this.#name, reason, this.#at);
  }
}

const UNESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function unescape(text: string): string {
  return text.replace(/\\(.)/gs, (_, c: string) => UNESCAPES[c] ?? c);
}
