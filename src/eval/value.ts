/**
 * Values of the Nix language as JavaScript values, chosen so that the common ones cost nothing:
 *
 * | Nix        | here                                                                             |
 * |------------|----------------------------------------------------------------------------------|
 * | int        | `number`, always a safe integer; `bigint` only beyond ±(2^53 - 1)                 |
 * | float      | `NixFloat`                                                                       |
 * | bool, null | `boolean`, `null`                                                                |
 * | string     | `string` (each character a byte); `ContextString` only when its context is not empty |
 * | path       | `NixPath`                                                                        |
 * | list       | `Lazy[]`, never changed once it is visible                                       |
 * | set        | `AttrSet`                                                                        |
 * | function   | `Lambda`, `PartialLambda`, `PrimOp`, `PrimOpApp`                                 |
 *
 * `Value` is a value in weak head normal form, `Lazy` is that or a `Thunk`. `undefined` is never a value: it
 * means absence. Use `force.ts` to get from `Lazy` to `Value`.
 */
import type { PosIdx } from './positions.ts';
import { emptyShape, Shape } from './shape.ts';
import { intern, type SymbolId, symbolName } from './symbols.ts';

export type NixInt = number | bigint;
export type NixString = string | ContextString;
export type NixFunction = Lambda | PartialLambda | PrimOp | PrimOpApp;
export type Value = NixInt | NixFloat | boolean | null | NixString | NixPath | Lazy[] | AttrSet | NixFunction;
export type Lazy = Value | Thunk;

/**
 * Code that computes a value from an environment, usually an `Env`. `run` may replace itself (lazy compilation). One
 * class for all, so that calls of `run` stay monomorphic.
 */
export class Code {
  /** Gets the environment, and where the value is needed (for the calls that builtins such as `map` delay). */
  // biome-ignore lint/suspicious/noExplicitAny: each kind of code knows its environment
  run: (this: Code, env: any, pos: PosIdx) => Value;
  /** Where the expression stands, for the drawing of cycles. */
  readonly pos: PosIdx;
  /** What `run` is yet to be compiled from. */
  source: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: each kind of code knows its environment
  constructor(run: (this: Code, env: any, pos: PosIdx) => Value, pos: PosIdx, source: unknown = null) {
    this.run = run;
    this.pos = pos;
    this.source = source;
  }
}

/** The code of thunks that are being computed. */
export const blackHole = new Code(() => {
  throw new Error('a black hole was run');
}, 0);

/**
 * A suspended computation, updated in place. While `code` is not `null` the value is still to be computed by
 * `code.run(env)`; afterwards `env` is the value. During the computation `code` is the black hole.
 */
export class Thunk {
  code: Code | null;
  // biome-ignore lint/suspicious/noExplicitAny: what the code expects, then the value
  env: any;
  constructor(code: Code | null, env: unknown) {
    this.code = code;
    this.env = env;
  }
}

/** A string's context: which store objects its text stands for. Elements are encoded as in C++ Nix:
 * `/nix/store/...` (a plain path), `!output!/nix/store/....drv` (an output of a derivation),
 * `=/nix/store/....drv` (a derivation with its whole closure). Unique; in the order of first use. */
export type StringContext = readonly string[];

/** A string with a non-empty context. */
export class ContextString {
  readonly text: string;
  readonly context: StringContext;
  constructor(text: string, context: StringContext) {
    this.text = text;
    this.context = context;
  }
}

export class NixFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** An absolute, canonical path (byte string). */
export class NixPath {
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

/** An attribute set: `values` is parallel to `shape.keys`. Both are never changed once the set is visible. */
export class AttrSet {
  readonly shape: Shape;
  readonly values: Lazy[];
  constructor(shape: Shape, values: Lazy[]) {
    this.shape = shape;
    this.values = values;
  }

  get size(): number {
    return this.values.length;
  }

  /** The attribute's value, unforced; `undefined` when absent. */
  get(symbol: SymbolId): Lazy | undefined {
    const index = this.shape.find(symbol);
    return index < 0 ? undefined : this.values[index];
  }

  has(symbol: SymbolId): boolean {
    return this.shape.find(symbol) >= 0;
  }

  /** Where the attribute was written; `noPos` when absent or unknown. */
  position(symbol: SymbolId): PosIdx {
    const index = this.shape.find(symbol);
    return index < 0 ? 0 : this.shape.positionAt(index);
  }

  /** Names in byte order. */
  names(): string[] {
    const keys = this.shape.keys;
    return this.shape.byName.map((i) => symbolName(keys[i]));
  }

  /** `[name, value]` in byte order of the names, values unforced. */
  entries(): [name: string, value: Lazy][] {
    const { keys, byName } = this.shape;
    return byName.map((i) => [symbolName(keys[i]), this.values[i]]);
  }

  /** A set from names and values in any order; a later duplicate is ignored (the first wins, as in `listToAttrs`). */
  static from(entries: Iterable<readonly [name: string, value: Lazy]>): AttrSet {
    const builder = new AttrSetBuilder();
    for (const [name, value] of entries) builder.add(intern(name), value);
    return builder.build();
  }
}

/** `{ }`. */
export const emptySet = new AttrSet(emptyShape, []);

/** Collects attributes in any order. */
export class AttrSetBuilder {
  readonly #symbols: SymbolId[] = [];
  readonly #values: Lazy[] = [];
  readonly #positions: PosIdx[] = [];
  #positioned = false;

  /** Adds an attribute. Of several with one name the first is kept. */
  add(symbol: SymbolId, value: Lazy, pos: PosIdx = 0): this {
    this.#symbols.push(symbol);
    this.#values.push(value);
    this.#positions.push(pos);
    if (pos !== 0) this.#positioned = true;
    return this;
  }

  build(): AttrSet {
    const symbols = this.#symbols;
    if (symbols.length === 0) return emptySet;
    const order = sortedOrder(symbols);
    const keys: SymbolId[] = [];
    const values: Lazy[] = [];
    const positions: PosIdx[] = [];
    for (const i of order) {
      if (keys.length > 0 && keys[keys.length - 1] === symbols[i]) continue;
      keys.push(symbols[i]);
      values.push(this.#values[i]);
      positions.push(this.#positions[i]);
    }
    return new AttrSet(new Shape(keys, this.#positioned ? positions : null), values);
  }
}

/** Indices of `symbols` by ascending symbol; equal symbols keep their order. */
function sortedOrder(symbols: readonly SymbolId[]): number[] {
  const order = new Array<number>(symbols.length);
  let sorted = true;
  for (let i = 0; i < symbols.length; i++) {
    order[i] = i;
    if (i > 0 && symbols[i - 1] > symbols[i]) sorted = false;
  }
  return sorted ? order : order.sort((a, b) => symbols[a] - symbols[b] || a - b);
}

/**
 * A frame of variables: up to three in fields, more in `rest`; `up` is the frame around it. Which variable is where
 * is known when code is compiled. (Fields instead of an array: one object, one load per access.)
 */
export class Env {
  up: Env | null;
  a: Lazy | undefined;
  b: Lazy | undefined;
  c: Lazy | undefined;
  rest: (Lazy | undefined)[] | null;
  constructor(up: Env | null, a?: Lazy, b?: Lazy, c?: Lazy, rest: (Lazy | undefined)[] | null = null) {
    this.up = up;
    this.a = a;
    this.b = b;
    this.c = c;
    this.rest = rest;
  }
}

/** What all closures of one lambda expression share. */
export interface LambdaCode {
  /** How many plain arguments (`x: y: ...`) are taken at once; 1 when the argument is a pattern. */
  readonly arity: number;
  /** The pattern's names, or `null` for plain arguments. */
  readonly formals: FormalsInfo | null;
  /** The name it is bound to, where the parser knew one. */
  readonly name: string | undefined;
  readonly body: Code;
  /** Position of the n-th lambda of a chain `x: y: ...`. */
  posOf(argumentsGiven: number): PosIdx;
  /** Name of the n-th plain argument, or that which `@` gives a pattern's argument. */
  argumentName(argumentsGiven: number): string | undefined;
  /** The body's frame for a pattern's argument. `pos` is the call. */
  bindFormals(env: Env, argument: Lazy, pos: PosIdx): Env;
}

export interface FormalsInfo {
  /** In the order written. */
  readonly list: readonly { readonly symbol: SymbolId; readonly hasDefault: boolean; readonly pos: PosIdx }[];
  readonly ellipsis: boolean;
}

/** A function written in Nix. */
export class Lambda {
  readonly code: LambdaCode;
  readonly env: Env;
  constructor(code: LambdaCode, env: Env) {
    this.code = code;
    this.env = env;
  }
}

/**
 * Some, but not all, of the arguments that a function takes at once: the first three in fields, the others in `rest`.
 * (Fields instead of an array: most functions take two or three.)
 */
class Arguments {
  readonly count: number;
  readonly a: Lazy;
  readonly b: Lazy | undefined;
  readonly c: Lazy | undefined;
  readonly rest: readonly Lazy[] | null;
  constructor(count: number, a: Lazy, b?: Lazy, c?: Lazy, rest: readonly Lazy[] | null = null) {
    this.count = count;
    this.a = a;
    this.b = b;
    this.c = c;
    this.rest = rest;
  }

  /** All of them, in order. */
  get args(): Lazy[] {
    const { count, a, b, c, rest } = this;
    if (count === 1) return [a];
    if (count === 2) return [a, b!];
    return rest === null ? [a, b!, c!] : [a, b!, c!, ...rest];
  }
}

/** A lambda `x: y: ...` that has got some, but not all, of the arguments it takes at once. */
export class PartialLambda extends Arguments {
  readonly lambda: Lambda;
  constructor(
    lambda: Lambda,
    count: number,
    a: Lazy,
    b?: Lazy,
    c?: Lazy,
    rest: readonly Lazy[] | null = null,
  ) {
    super(count, a, b, c, rest);
    this.lambda = lambda;
  }
}

/** The implementation of a builtin: gets the position of the call and exactly `arity` arguments. */
// biome-ignore lint/suspicious/noExplicitAny: the runtime's type is declared above this module
export type PrimOpFunction = (runtime: any, pos: PosIdx, ...args: Lazy[]) => Value;

export interface PrimOpSpec {
  readonly name: string;
  readonly args: readonly string[];
  readonly doc: string;
  readonly fn: PrimOpFunction;
  readonly addTrace?: boolean;
}

/** A builtin function. */
export class PrimOp {
  /** Without a leading `__`. */
  readonly name: string;
  readonly arity: number;
  readonly fn: PrimOpFunction;
  readonly runtime: unknown;
  /** Parameter names and documentation (Markdown), for `:doc`. */
  readonly args: readonly string[];
  readonly doc: string;
  /** Whether errors that pass get "while calling the 'x' builtin". */
  readonly addTrace: boolean;
  constructor(spec: PrimOpSpec, runtime: unknown) {
    this.name = spec.name;
    this.arity = spec.args.length;
    this.fn = spec.fn;
    this.runtime = runtime;
    this.args = spec.args;
    this.doc = spec.doc;
    this.addTrace = spec.addTrace ?? true;
  }
}

/** A builtin with fewer arguments than it takes. */
export class PrimOpApp extends Arguments {
  readonly primOp: PrimOp;
  constructor(
    primOp: PrimOp,
    count: number,
    a: Lazy,
    b?: Lazy,
    c?: Lazy,
    rest: readonly Lazy[] | null = null,
  ) {
    super(count, a, b, c, rest);
    this.primOp = primOp;
  }
}

export function isFunction(value: Value): value is NixFunction {
  return (
    value instanceof Lambda ||
    value instanceof PartialLambda ||
    value instanceof PrimOp ||
    value instanceof PrimOpApp
  );
}

export function isString(value: Value): value is NixString {
  return typeof value === 'string' || value instanceof ContextString;
}

export function isInt(value: Value): value is NixInt {
  return typeof value === 'number' || typeof value === 'bigint';
}

/** The text of a string value, without its context. */
export function textOf(value: NixString): string {
  return typeof value === 'string' ? value : value.text;
}

const noContext: StringContext = [];

export function contextOf(value: NixString): StringContext {
  return typeof value === 'string' ? noContext : value.context;
}

/** A string value; the plain JavaScript string when the context is empty. */
export function makeString(text: string, context: StringContext): NixString {
  return context.length === 0 ? text : new ContextString(text, context);
}

/** The union of two contexts. */
export function mergeContexts(a: StringContext, b: StringContext): StringContext {
  if (a === b || b.length === 0) return a;
  if (a.length === 0) return b;
  if (b.length === 1) return a.includes(b[0]) ? a : [...a, b[0]];
  const union = new Set(a);
  const before = union.size;
  for (const element of b) union.add(element);
  return union.size === before ? a : [...union];
}

const LARGEST = 2n ** 63n - 1n;
const SMALLEST = -(2n ** 63n);

/** An integer value from a `bigint` within 64 bits; `undefined` outside of them. */
export function makeInt(value: bigint): NixInt | undefined {
  if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER))
    return Number(value);
  return value >= SMALLEST && value <= LARGEST ? value : undefined;
}

/** Where a function was written; `noPos` for other values and for what is not computed yet, save delayed calls. */
export function determinePos(lazy: Lazy): PosIdx {
  if (lazy instanceof Lambda) return lazy.code.posOf(0);
  if (lazy instanceof PartialLambda) return lazy.lambda.code.posOf(lazy.count);
  if (!(lazy instanceof Thunk)) return 0;
  if (lazy.code === null) return determinePos(lazy.env);
  return lazy.env instanceof Application ? determinePos(lazy.env.fn) : 0;
}

/** The environment of a delayed call. */
export class Application {
  readonly fn: Lazy;
  readonly a: Lazy;
  readonly b: Lazy | undefined;
  constructor(fn: Lazy, a: Lazy, b: Lazy | undefined) {
    this.fn = fn;
    this.a = a;
    this.b = b;
  }
}

/** The names of types as `builtins.typeOf` gives them. */
export type TypeName = 'int' | 'float' | 'bool' | 'null' | 'string' | 'path' | 'list' | 'set' | 'lambda';

export function typeName(value: Value): TypeName {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return 'int';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
  }
  if (value === null) return 'null';
  if (value instanceof AttrSet) return 'set';
  if (Array.isArray(value)) return 'list';
  if (value instanceof ContextString) return 'string';
  if (value instanceof NixPath) return 'path';
  return value instanceof NixFloat ? 'float' : 'lambda';
}

const described: Record<TypeName, string> = {
  int: 'an integer',
  float: 'a float',
  bool: 'a Boolean',
  null: 'null',
  string: 'a string',
  path: 'a path',
  list: 'a list',
  set: 'a set',
  lambda: 'a function',
};

/** A value's type as error messages name it: "a string", "the built-in function 'map'", ... */
export function showType(value: Lazy): string {
  if (value instanceof Thunk) return value.code === null ? showType(value.env as Value) : 'a thunk';
  if (value instanceof ContextString) return 'a string with context';
  if (value instanceof PrimOp) return `the built-in function '${value.name}'`;
  if (value instanceof PrimOpApp) return `the partially applied built-in function '${value.primOp.name}'`;
  return described[typeName(value)];
}
