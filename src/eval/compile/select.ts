/**
 * Selection (`a.b.c`, with or without `or`) and the test for attributes (`a ? b.c`). Each step remembers where it
 * found its attribute last time; sets with the same names share their `keys` array, so this usually saves the search.
 */
import type { AttrName, HasAttrExpr, SelectExpr } from '../../syntax/index.ts';
import { printExpr } from '../../syntax/index.ts';
import { didYouMean, evalError, typeError, withTrace } from '../errors.ts';
import { force, forceTextNoContext, forceThunk } from '../force.ts';
import type { PosIdx } from '../positions.ts';
import { printAttrName } from '../print.ts';
import { intern, type SymbolId, symbolName } from '../symbols.ts';
import { AttrSet, Code, type Env, isFunction, type Lazy, NixFloat, Thunk, type Value } from '../value.ts';
import { AttrLookup } from './attr-lookup.ts';
import type { Delay, Run, Scope } from './scope.ts';

/** One step of an attribute path: a fixed name, or code for one. */
type Step =
  | { readonly lookup: AttrLookup }
  | { readonly name: Run; readonly source: string; readonly pos: PosIdx };

function compilePath(path: readonly AttrName[], scope: Scope): Step[] {
  return path.map((step) => {
    if ('name' in step) return { lookup: new AttrLookup(intern(step.name)) };
    const source = `"\${${printExpr(step.expr)}}"`;
    return { name: scope.run(step.expr), source, pos: scope.pos(step.expr.pos) };
  });
}

/** The lookup of a step, computing its name where it is not fixed. */
function lookupOf(step: Step, env: Env): AttrLookup {
  if ('lookup' in step) return step.lookup;
  const name = forceTextNoContext(step.name(env), step.pos, 'while evaluating an attribute name');
  return new AttrLookup(intern(name));
}

/** The path as error messages show it; names that cannot be computed are shown as written. */
function showPath(steps: readonly Step[], env: Env): string {
  return steps
    .map((step) => {
      try {
        return printAttrName(symbolName(lookupOf(step, env).symbol));
      } catch {
        return 'source' in step ? step.source : '';
      }
    })
    .join('.');
}

const selecting = 'while selecting an attribute';

function missingAttribute(attrs: AttrSet, symbol: SymbolId) {
  const name = symbolName(symbol);
  return evalError(`attribute '${printAttrName(name)}' missing`, 0, {
    code: 'missing-attribute',
    hint: didYouMean(name, attrs.names()),
  });
}

/** The unforced attribute of what should be a set. */
function attributeOf(value: Value, lookup: AttrLookup, pos: PosIdx): Lazy {
  if (!(value instanceof AttrSet)) throw withTrace(typeError('a set', value, pos), selecting, pos);
  const index = lookup.find(value.shape);
  if (index < 0) throw missingAttribute(value, lookup.symbol);
  return value.values[index];
}

/** `subject.name`, the most frequent form. */
function selectOne(subject: Run, lookup: AttrLookup, pos: PosIdx): Run {
  return (env) => {
    let set: Value | undefined;
    try {
      set = subject(env);
      const lazy =
        set instanceof AttrSet
          ? (set.values[lookup.find(set.shape)] ?? attributeOf(set, lookup, pos))
          : attributeOf(set, lookup, pos);
      if (lazy instanceof Thunk) return lazy.code === null ? lazy.env : forceThunk(lazy, pos);
      return lazy;
    } catch (error) {
      throw selectOneFailed(error, set, lookup.symbol, pos);
    }
  };
}

function selectOneFailed(error: unknown, set: Value | undefined, symbol: SymbolId, pos: PosIdx): unknown {
  if (set === undefined) return withTrace(error, selecting, pos);
  const name = printAttrName(symbolName(symbol));
  const attrPos = set instanceof AttrSet ? set.position(symbol) : 0;
  const traced = attrPos === 0 ? error : withTrace(error, `from the definition of '${name}'`, attrPos);
  return withTrace(traced, `while evaluating the attribute '${name}'`, pos);
}

export function compileSelect(expr: SelectExpr, scope: Scope): Run {
  const pos = scope.pos(expr.pos);
  const subject = scope.run(expr.subject);
  const steps = compilePath(expr.path, scope);
  if (expr.fallback !== undefined) return selectOr(subject, steps, scope.run(expr.fallback), pos);
  const [first] = steps;
  if (steps.length === 1 && 'lookup' in first) return selectOne(subject, first.lookup, pos);
  return selectPath(subject, steps, pos);
}

/** `subject.a.b.c`. */
function selectPath(subject: Run, steps: readonly Step[], pos: PosIdx): Run {
  return (env) => {
    let value: Value;
    try {
      value = subject(env);
    } catch (error) {
      throw withTrace(error, selecting, pos);
    }
    let attrPos = 0;
    let done = 0;
    try {
      for (const step of steps) {
        const lookup = lookupOf(step, env);
        if (done > 0) value = forceStep(value, attrPos, done, pos);
        const lazy = attributeOf(value, lookup, pos);
        attrPos = (value as AttrSet).position(lookup.symbol);
        done++;
        value = lazy as Value;
      }
      return force(value, attrPos === 0 ? pos : attrPos);
    } catch (error) {
      const traced =
        attrPos === 0
          ? error
          : withTrace(error, `from the definition of '${showPath(steps.slice(0, done), env)}'`, attrPos);
      throw withTrace(traced, `while evaluating the attribute '${showPath(steps, env)}'`, pos);
    }
  };
}

/** The set that a path goes on from. */
function forceStep(lazy: Lazy, _attrPos: PosIdx, _done: number, pos: PosIdx): Value {
  try {
    return force(lazy, pos);
  } catch (error) {
    throw withTrace(error, selecting, pos);
  }
}

/** `subject.a.b or fallback`: any step that is no set, or lacks the attribute, gives the fallback. */
function selectOr(subject: Run, steps: readonly Step[], fallback: Run, pos: PosIdx): Run {
  return (env) => {
    let lazy: Lazy;
    try {
      lazy = subject(env);
    } catch (error) {
      throw withTrace(error, selecting, pos);
    }
    let attrPos = 0;
    let done = 0;
    try {
      for (const step of steps) {
        const lookup = lookupOf(step, env);
        const set: Value = force(lazy, pos);
        const index = set instanceof AttrSet ? lookup.find(set.shape) : -1;
        if (index < 0) return fallback(env);
        lazy = (set as AttrSet).values[index];
        attrPos = (set as AttrSet).shape.positionAt(index);
        done++;
      }
      return force(lazy, attrPos === 0 ? pos : attrPos);
    } catch (error) {
      const traced =
        attrPos === 0
          ? error
          : withTrace(error, `from the definition of '${showPath(steps.slice(0, done), env)}'`, attrPos);
      throw withTrace(traced, `while evaluating the attribute '${showPath(steps, env)}'`, pos);
    }
  };
}

export function compileHasAttr(expr: HasAttrExpr, scope: Scope): Run {
  const pos = scope.pos(expr.pos);
  const subject = scope.run(expr.subject);
  const steps = compilePath(expr.path, scope);
  const has = (env: Env): boolean => {
    let lazy: Lazy = subjectOfTest(subject, env, pos);
    for (const step of steps) {
      const set: Value = force(lazy, pos);
      const lookup = lookupOf(step, env);
      const index = set instanceof AttrSet ? lookup.find(set.shape) : -1;
      if (index < 0) return false;
      lazy = (set as AttrSet).values[index];
    }
    return true;
  };
  return has;
}

function subjectOfTest(subject: Run, env: Env, pos: PosIdx): Value {
  try {
    return subject(env);
  } catch (error) {
    throw withTrace(error, "in the argument of '?'", pos);
  }
}

/**
 * An attribute of a set that may not be computed yet, for `inherit (subject) name`. Where the set is there already
 * and so is the attribute's value, no computation is left to be delayed. Functions and floats still get a thunk of
 * their own: comparison tells one variable's function from another's.
 */
export function delaySelect(symbol: SymbolId, pos: PosIdx, defPos: PosIdx): (subject: Lazy) => Lazy {
  const lookup = new AttrLookup(symbol);
  const code = new Code((subject: Lazy) => selectLazily(subject, lookup, pos), defPos);
  return (subject) => {
    const set = subject instanceof Thunk && subject.code === null ? (subject.env as Value) : subject;
    return knownAttribute(set, lookup) ?? new Thunk(code, subject);
  };
}

/** The attribute if it is known without computing anything. */
export function knownAttribute(set: Lazy, lookup: AttrLookup): Lazy | undefined {
  if (!(set instanceof AttrSet)) return undefined;
  const index = lookup.find(set.shape);
  if (index < 0) return undefined;
  const lazy = set.values[index];
  let value: Lazy = lazy;
  if (lazy instanceof Thunk) {
    if (lazy.code !== null) return undefined;
    value = lazy.env as Value;
  }
  return typeof value === 'object' && (value instanceof NixFloat || isFunction(value as Value))
    ? new Thunk(null, value)
    : lazy;
}

function selectLazily(subject: Lazy, lookup: AttrLookup, pos: PosIdx): Value {
  let set: Value | undefined;
  try {
    set = force(subject, pos);
    const lazy = attributeOf(set, lookup, pos);
    return force(lazy, pos);
  } catch (error) {
    throw selectOneFailed(error, set, lookup.symbol, pos);
  }
}

/**
 * `subject.name` that may not be needed. When the subject is a variable whose set is there already, the attribute is
 * taken at once if its value is known.
 */
export function compileSelectDelay(expr: SelectExpr, scope: Scope, thunk: Delay): Delay {
  const [step] = expr.path;
  if (
    expr.path.length !== 1 ||
    !('name' in step) ||
    expr.fallback !== undefined ||
    expr.subject.kind !== 'var'
  ) {
    return thunk;
  }
  const place = scope.lookup(expr.subject.name);
  if (place.kind !== 'slot') return thunk;
  const subject = scope.delay(expr.subject);
  const lookup = new AttrLookup(intern(step.name));
  return (env) => {
    const lazy = subject(env);
    const set = lazy instanceof Thunk && lazy.code === null ? (lazy.env as Value) : lazy;
    return knownAttribute(set, lookup) ?? thunk(env);
  };
}
