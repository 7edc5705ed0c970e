/** Lambdas and calls. */

import type { CallExpr, Expr, Formal, LambdaExpr } from '../../syntax/index.ts';
import { call1, call2, call3, callFunction } from '../call.ts';
import { didYouMean, evalError, withTrace } from '../errors.ts';
import { forceAttrs } from '../force.ts';
import { type PosIdx, resolvePos } from '../positions.ts';
import { printAttrName } from '../print.ts';
import type { Shape } from '../shape.ts';
import { intern, type SymbolId, symbolName } from '../symbols.ts';
import {
  AttrSet,
  type Code,
  Env,
  type FormalsInfo,
  Lambda,
  type LambdaCode,
  type Lazy,
  Thunk,
  type Value,
} from '../value.ts';
import { inlineSlots, restFor, writeSlot } from './frames.ts';
import { lazyCode } from './lazy-code.ts';
import type { Delay, Run, Scope } from './scope.ts';

/** How many plain arguments are taken at once at most. */
const mostArguments = 8;

export function compileLambda(expr: LambdaExpr, scope: Scope): (env: Env) => Lambda {
  const code = expr.formals === undefined ? plainCode(expr, scope) : new PatternCode(expr, scope);
  return (env) => new Lambda(code, env);
}

/** `x: y: body`: a chain of lambdas with plain, different names becomes one frame. */
function plainCode(expr: LambdaExpr, scope: Scope): LambdaCode {
  const names = [expr.arg!];
  const positions = [scope.pos(expr.pos)];
  let body: Expr = expr.body;
  while (
    body.kind === 'lambda' &&
    body.formals === undefined &&
    names.length < mostArguments &&
    !names.includes(body.arg!)
  ) {
    names.push(body.arg!);
    positions.push(scope.pos(body.pos));
    body = body.body;
  }
  return new PlainCode(expr.name, names, positions, lazyCode(body, scope.frame(names)));
}

class PlainCode implements LambdaCode {
  readonly name: string | undefined;
  readonly arity: number;
  readonly formals = null;
  readonly body: Code;
  readonly #names: readonly string[];
  readonly #positions: readonly PosIdx[];

  constructor(name: string | undefined, names: readonly string[], positions: readonly PosIdx[], body: Code) {
    this.name = name;
    this.arity = names.length;
    this.#names = names;
    this.#positions = positions;
    this.body = body;
  }

  posOf(argumentsGiven: number): PosIdx {
    return this.#positions[argumentsGiven];
  }

  argumentName(argumentsGiven: number): string {
    return this.#names[argumentsGiven];
  }

  bindFormals(): never {
    throw new Error('a plain lambda has no pattern');
  }
}

/** `{ a, b ? 1, ... } @ args: body`. Slots: `args` first if named, then the pattern's names as written. */
class PatternCode implements LambdaCode {
  readonly name: string | undefined;
  readonly arity = 1;
  readonly formals: FormalsInfo;
  readonly body: Code;
  readonly #pos: PosIdx;
  readonly #argument: string | undefined;
  readonly #size: number;
  readonly #first: number;
  readonly #symbols: readonly SymbolId[];
  readonly #inner: Scope;
  readonly #list: readonly Formal[];
  #defaults: (Delay | null)[] | null = null;
  /** The arguments' names last time, and where each of the pattern's names was among them (-1: absent). */
  #lastKeys: readonly SymbolId[] | null = null;
  #lastPlaces: readonly number[] = [];

  constructor(expr: LambdaExpr, scope: Scope) {
    const { list, ellipsis } = expr.formals!;
    const names = list.map((formal) => formal.name);
    if (expr.arg !== undefined) names.unshift(expr.arg);
    this.name = expr.name;
    this.#pos = scope.pos(expr.pos);
    this.#argument = expr.arg;
    this.#size = names.length;
    this.#first = expr.arg === undefined ? 0 : 1;
    this.#symbols = list.map((formal) => intern(formal.name));
    this.#list = list;
    this.formals = {
      list: list.map((formal, i) => ({
        symbol: this.#symbols[i],
        hasDefault: formal.fallback !== undefined,
        pos: scope.pos(formal.pos),
      })),
      ellipsis,
    };
    this.#inner = scope.frame(names);
    this.body = lazyCode(expr.body, this.#inner);
  }

  posOf(): PosIdx {
    return this.#pos;
  }

  argumentName(): string | undefined {
    return this.#argument;
  }

  bindFormals(env: Env, argument: Lazy, pos: PosIdx): Env {
    const attrs = argument instanceof AttrSet ? argument : this.#forceArgument(argument, pos);
    const places = attrs.shape.keys === this.#lastKeys ? this.#lastPlaces : this.#match(attrs.shape, pos);
    const frame = new Env(env, undefined, undefined, undefined, restFor(this.#size));
    const first = this.#first;
    if (first === 1) frame.a = argument;
    const { values } = attrs;
    for (let i = 0; i < places.length; i++) {
      const place = places[i];
      const value = place >= 0 ? values[place] : this.#default(i)(frame);
      const slot = first + i;
      if (slot >= inlineSlots) frame.rest![slot - inlineSlots] = value;
      else writeSlot(frame, slot, value);
    }
    return frame;
  }

  #forceArgument(argument: Lazy, pos: PosIdx): AttrSet {
    if (argument instanceof Thunk && argument.code === null && argument.env instanceof AttrSet)
      return argument.env;
    try {
      return forceAttrs(argument, this.#pos, 'while evaluating the value passed for the lambda argument');
    } catch (error) {
      throw pos === 0 ? error : withTrace(error, 'from call site', pos);
    }
  }

  #default(index: number): Delay {
    this.#defaults ??= this.#list.map(() => null);
    let delay = this.#defaults[index];
    if (delay === null) {
      delay = this.#inner.delay(this.#list[index].fallback!);
      this.#defaults[index] = delay;
    }
    return delay;
  }

  /** Where the pattern's names are in a set of this shape; refuses what is missing or too much. */
  #match(shape: Shape, pos: PosIdx): readonly number[] {
    const places = this.#symbols.map((symbol) => shape.find(symbol));
    let used = 0;
    for (let i = 0; i < places.length; i++) {
      if (places[i] >= 0) used++;
      else if (!this.formals.list[i].hasDefault) throw this.#missing(this.#symbols[i], pos);
    }
    if (!this.formals.ellipsis && used !== shape.keys.length) throw this.#unexpected(shape, pos);
    this.#lastKeys = shape.keys;
    this.#lastPlaces = places;
    return places;
  }

  #called(): string {
    return `function '${this.name ?? 'anonymous lambda'}' called`;
  }

  #missing(symbol: SymbolId, pos: PosIdx) {
    const message = `${this.#called()} without required argument '${printAttrName(symbolName(symbol))}'`;
    return evalError(message, this.#pos, {
      code: 'missing-argument',
      trace: 'from call site',
      tracePos: pos,
    });
  }

  #unexpected(shape: Shape, pos: PosIdx) {
    const symbol = shape.keys.find((key) => !this.#symbols.includes(key))!;
    const name = symbolName(symbol);
    const error = evalError(
      `${this.#called()} with unexpected argument '${printAttrName(name)}'`,
      this.#pos,
      {
        code: 'unexpected-argument',
        hint: didYouMean(name, this.#symbols.map(symbolName)),
      },
    );
    return error.addTrace('from call site', resolvePos(pos));
  }
}

export function compileCall(expr: CallExpr, scope: Scope): Run {
  const pos = scope.pos(expr.pos);
  const fn = scope.run(expr.fn);
  const args = expr.args.map((arg) => scope.delay(arg));
  const [a, b, c] = args;
  switch (args.length) {
    case 1:
      return (env): Value => call1(fn(env), a(env), pos);
    case 2:
      return (env): Value => call2(fn(env), a(env), b(env), pos);
    case 3:
      return (env): Value => call3(fn(env), a(env), b(env), c(env), pos);
    default:
      return (env): Value =>
        callFunction(
          fn(env),
          args.map((arg) => arg(env)),
          pos,
        );
  }
}
