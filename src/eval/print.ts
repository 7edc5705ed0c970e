/**
 * Printing values as `nix-instantiate --eval` and error messages do. The printer itself evaluates nothing: when
 * it is to force values, it is given the means.
 */
import { NixError } from '../diagnostics/index.ts';
import { formatFloat, printString } from '../syntax/index.ts';
import { resolvePos } from './positions.ts';
import {
  AttrSet,
  blackHole,
  ContextString,
  type Lambda,
  type Lazy,
  NixFloat,
  NixPath,
  PartialLambda,
  PrimOp,
  PrimOpApp,
  Thunk,
  type Value,
} from './value.ts';

export interface PrintOptions {
  /** Evaluates what is not evaluated yet; without it thunks are printed as such. */
  readonly force?: (value: Lazy) => Value;
  /** The `.drv` path of a set that is a derivation (`''` where it has none), `undefined` for other sets. Derivations are then printed as `«derivation PATH»`. */
  readonly derivationPath?: (attrs: AttrSet) => string | undefined;
  /** Print a set or a non-empty list only once, `«repeated»` afterwards. Default: yes. */
  readonly trackRepeated?: boolean;
  /** Limits; those on attributes and items hold for the whole print. Default: none. */
  readonly maxDepth?: number;
  readonly maxAttrs?: number;
  readonly maxListItems?: number;
  readonly maxStringBytes?: number;
  /** Indentation step of multi-line output; 0 (the default) prints one line. */
  readonly prettyIndent?: number;
  /** What an error in a nested value does. Default: `throw`. */
  readonly errors?: 'throw' | 'throwTopLevel' | 'print';
  /** Deeper nesting is refused; the caller's error for it. */
  readonly maxCallDepth?: number;
  readonly onTooDeep?: () => never;
}

/** For values in error messages: never evaluates, never long. */
export const errorPrintOptions: PrintOptions = {
  maxDepth: 10,
  maxAttrs: 10,
  maxListItems: 10,
  maxStringBytes: 1024,
};

const open = '\u00c2\u00ab';
const close = '\u00c2\u00bb';

/** Text in guillemets, UTF-8 encoded. */
function special(text: string): string {
  return open + text + close;
}

/** The value as Nix text (byte string). */
export function printValue(value: Lazy, options: PrintOptions = {}): string {
  return new Printer(options).print(value, 0);
}

/** A position as messages write it: `/file.nix:1:2`, `«string»:1:2`, `«none»` (then `:0`). */
export function printPos(pos: number): string {
  const position = resolvePos(pos);
  if (!position) return `${special('none')}:0`;
  const { line, column } = position.source.lineColumn(position.offset);
  return `${position.source.displayName}:${line}:${column}`;
}

function elided(count: number, single: string, plural: string): string {
  return special(`${count} ${count === 1 ? single : plural} elided`);
}

function isImportant(name: string): boolean {
  return name === 'type' || name === '_type';
}

const keywords = new Set(['if', 'then', 'else', 'assert', 'with', 'let', 'in', 'rec', 'inherit']);

/** An attribute's name, in quotes where it is no identifier. */
export function printAttrName(name: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_'-]*$/.test(name) && !keywords.has(name) ? name : printString(name);
}

/** A function in guillemets: where a lambda stands, a builtin's name. */
function printFunction(value: Value): string {
  if (value instanceof PrimOp) return special(`primop ${value.name}`);
  if (value instanceof PrimOpApp) return special(`partially applied primop ${value.primOp.name}`);
  const lambda = value instanceof PartialLambda ? value.lambda : (value as Lambda);
  const given = value instanceof PartialLambda ? value.count : 0;
  const name = given === 0 && lambda.code.name !== undefined ? ` ${printAttrName(lambda.code.name)}` : '';
  return special(`lambda${name} @ ${printPos(lambda.code.posOf(given))}`);
}

class Printer {
  readonly #options: PrintOptions;
  readonly #seen: Set<unknown> | undefined;
  #attrsPrinted = 0;
  #itemsPrinted = 0;
  #indent = '';

  constructor(options: PrintOptions) {
    this.#options = options;
    if (options.trackRepeated !== false) this.#seen = new Set();
  }

  print(lazy: Lazy, depth: number): string {
    const { maxCallDepth, onTooDeep } = this.#options;
    if (maxCallDepth !== undefined && depth > maxCallDepth) onTooDeep?.();
    try {
      return this.#print(this.#resolve(lazy), depth);
    } catch (error) {
      const errors = this.#options.errors ?? 'throw';
      const keep = errors === 'throw' || (errors === 'throwTopLevel' && depth === 0);
      if (keep || !(error instanceof NixError) || error.code === 'stack-overflow') throw error;
      return special(`error: ${error.message}`);
    }
  }

  #resolve(lazy: Lazy): Lazy {
    if (this.#options.force) return this.#options.force(lazy);
    return lazy instanceof Thunk && lazy.code === null ? (lazy.env as Value) : lazy;
  }

  #print(value: Lazy, depth: number): string {
    switch (typeof value) {
      case 'number':
      case 'bigint':
      case 'boolean':
        return String(value);
      case 'string':
        return this.#string(value);
    }
    if (value === null) return 'null';
    if (value instanceof AttrSet) return this.#attrs(value, depth);
    if (Array.isArray(value)) return this.#list(value, depth);
    if (value instanceof ContextString) return this.#string(value.text);
    if (value instanceof NixPath) return value.path;
    if (value instanceof NixFloat) return formatFloat(value.value);
    if (value instanceof Thunk) {
      return special(value.code === blackHole ? 'potential infinite recursion' : 'thunk');
    }
    return printFunction(value);
  }

  #string(text: string): string {
    const most = this.#options.maxStringBytes ?? Number.POSITIVE_INFINITY;
    if (text.length <= most) return printString(text);
    return `${printString(text.slice(0, most))} ${elided(text.length - most, 'byte', 'bytes')}`;
  }

  /** Whether a container was printed before; notes it otherwise. */
  #repeated(container: unknown): boolean {
    if (!this.#seen) return false;
    if (this.#seen.has(container)) return true;
    this.#seen.add(container);
    return false;
  }

  #attrs(attrs: AttrSet, depth: number): string {
    if (this.#repeated(attrs)) return special('repeated');
    const drvPath = this.#options.force ? this.#options.derivationPath?.(attrs) : undefined;
    if (drvPath !== undefined) return special(drvPath === '' ? 'derivation' : `derivation ${drvPath}`);
    if (depth >= (this.#options.maxDepth ?? Number.POSITIVE_INFINITY)) return '{ ... }';
    const entries = attrs.entries();
    const most = this.#options.maxAttrs ?? Number.POSITIVE_INFINITY;
    if (most !== Number.POSITIVE_INFINITY) {
      entries.sort(([a], [b]) => Number(isImportant(b)) - Number(isImportant(a)));
    }
    return this.#block(
      '{',
      '}',
      entries.length,
      entries[0]?.[1],
      (index) => {
        if (this.#attrsPrinted >= most) return undefined;
        const [name, value] = entries[index];
        const text = `${printAttrName(name)} = ${this.print(value, depth + 1)};`;
        this.#attrsPrinted++;
        return text;
      },
      ['attribute', 'attributes'],
    );
  }

  #list(list: readonly Lazy[], depth: number): string {
    if (list.length > 0 && this.#repeated(list)) return special('repeated');
    if (depth >= (this.#options.maxDepth ?? Number.POSITIVE_INFINITY)) return '[ ... ]';
    const most = this.#options.maxListItems ?? Number.POSITIVE_INFINITY;
    return this.#block(
      '[',
      ']',
      list.length,
      list[0],
      (index) => {
        if (this.#itemsPrinted >= most) return undefined;
        const text = this.print(list[index], depth + 1);
        this.#itemsPrinted++;
        return text;
      },
      ['item', 'items'],
    );
  }

  /** `item` gives the text of one member, or `undefined` where the rest is to be left out. */
  #block(
    left: string,
    right: string,
    size: number,
    first: Lazy | undefined,
    item: (index: number) => string | undefined,
    noun: readonly [string, string],
  ): string {
    const step = this.#options.prettyIndent ?? 0;
    const outer = this.#indent;
    this.#indent = outer + ' '.repeat(step);
    const pretty = step > 0 && (size > 1 || (size === 1 && this.#isNested(first!)));
    const parts = [left];
    for (let i = 0; i < size; i++) {
      parts.push(pretty ? `\n${this.#indent}` : ' ');
      const text = item(i);
      parts.push(text ?? elided(size - i, ...noun));
      if (text === undefined) break;
    }
    this.#indent = outer;
    parts.push(pretty ? `\n${outer}` : ' ', right);
    return parts.join('');
  }

  #isNested(lazy: Lazy): boolean {
    const value = this.#resolve(lazy);
    return Array.isArray(value) || value instanceof AttrSet || value instanceof Thunk;
  }
}

/** A value in an error message. */
export function printForError(value: Lazy): string {
  return printValue(value, errorPrintOptions);
}
