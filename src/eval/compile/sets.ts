/**
 * Attribute set literals. Names known at parse time give one shape per literal, made once; evaluating the literal
 * then only fills an array. `rec` sets and `let` share the making of their frame.
 */
import type { AttrDef, AttrsExpr, DynamicAttrDef, Expr } from '../../syntax/index.ts';
import { evalError } from '../errors.ts';
import { force, forceAttrs, forceTextNoContext } from '../force.ts';
import type { PosIdx } from '../positions.ts';
import { printAttrName, printPos } from '../print.ts';
import { Shape } from '../shape.ts';
import { intern, type SymbolId } from '../symbols.ts';
import { AttrSet, AttrSetBuilder, Env, type Lazy } from '../value.ts';
import { restFor, writeSlot } from './frames.ts';
import type { Delay, Run, Scope } from './scope.ts';
import { delaySelect } from './select.ts';

/** Code for one attribute, given the frame it belongs to and the subjects of the set's `inherit (x)`. */
type Member = (env: Env, outer: Env, subjects: readonly Lazy[]) => Lazy;

/** The literal's attributes in the order of their symbols. */
function sortedDefs(expr: AttrsExpr): { def: AttrDef; symbol: SymbolId }[] {
  return expr.attrs.map((def) => ({ def, symbol: intern(def.name) })).sort((a, b) => a.symbol - b.symbol);
}

/** `inner` is the scope of plain values; plainly inherited names are looked up in `outer`. */
function compileMember(def: AttrDef, inner: Scope, outer: Scope, ownThunks = false): Member {
  switch (def.source) {
    case 'plain': {
      const delay = ownThunks ? inner.thunk(def.value) : inner.delay(def.value);
      return (env) => delay(env);
    }
    case 'inherit': {
      const delay = outer.delay(def.value);
      return (_env, frame) => delay(frame);
    }
    case 'inheritFrom': {
      const select = delaySelect(intern(def.name), inner.pos(def.value.pos), inner.pos(def.pos));
      const index = def.fromIndex!;
      return (_env, _outer, subjects) => select(subjects[index]);
    }
  }
}

const noSubjects: readonly Lazy[] = [];

/** The subjects of `inherit (x)`, each made once per set. */
function compileSubjects(subjects: readonly Expr[], scope: Scope): (env: Env) => readonly Lazy[] {
  if (subjects.length === 0) return () => noSubjects;
  const delays = subjects.map((subject) => scope.delay(subject));
  if (delays.length === 1) {
    const only = delays[0];
    return (env) => [only(env)];
  }
  return (env) => delays.map((delay) => delay(env));
}

export function compileAttrs(expr: AttrsExpr, scope: Scope): Run {
  if (expr.recursive) return compileRecursive(expr, scope);
  const fill = compilePlain(expr, scope);
  if (expr.dynamicAttrs.length === 0) return fill;
  const addDynamic = compileDynamic(expr.dynamicAttrs, scope);
  return (env) => addDynamic(fill(env), env);
}

/** The shape of the literal's static names. */
function shapeOf(defs: readonly { def: AttrDef; symbol: SymbolId }[], scope: Scope): Shape {
  const keys = defs.map(({ symbol }) => symbol);
  return new Shape(
    Shape.shareKeys(keys),
    defs.map(({ def }) => scope.pos(def.pos)),
    true,
  );
}

function compilePlain(expr: AttrsExpr, scope: Scope): (env: Env) => AttrSet {
  const defs = sortedDefs(expr);
  const shape = shapeOf(defs, scope);
  if (expr.inheritFrom.length === 0) {
    return fillPlain(
      shape,
      defs.map(({ def }) => scope.delay(def.value)),
    );
  }
  const members = defs.map(({ def }) => compileMember(def, scope, scope));
  const subjectsOf = compileSubjects(expr.inheritFrom, scope);
  return (env) => {
    const subjects = subjectsOf(env);
    const values = new Array<Lazy>(members.length);
    for (let i = 0; i < members.length; i++) values[i] = members[i](env, env, subjects);
    return new AttrSet(shape, values);
  };
}

/** A set of plain attributes; small sizes without a loop. */
function fillPlain(shape: Shape, delays: readonly Delay[]): (env: Env) => AttrSet {
  const [a, b, c, d] = delays;
  switch (delays.length) {
    case 0: {
      const empty = new AttrSet(shape, []);
      return () => empty;
    }
    case 1:
      return (env) => new AttrSet(shape, [a(env)]);
    case 2:
      return (env) => new AttrSet(shape, [a(env), b(env)]);
    case 3:
      return (env) => new AttrSet(shape, [a(env), b(env), c(env)]);
    case 4:
      return (env) => new AttrSet(shape, [a(env), b(env), c(env), d(env)]);
    default:
      return (env) => {
        const values = new Array<Lazy>(delays.length);
        for (let i = 0; i < delays.length; i++) values[i] = delays[i](env);
        return new AttrSet(shape, values);
      };
  }
}

/**
 * The frame of a `let` or `rec`: its static attributes in the order of their symbols. `ownThunks`: variables that
 * stand for other variables get a thunk of their own, so that the frame can still be changed.
 */
export function compileFrame(
  expr: AttrsExpr,
  scope: Scope,
  ownThunks: boolean,
): { inner: Scope; makeFrame: (env: Env) => Env } {
  const defs = sortedDefs(expr);
  const inner = scope.frame(defs.map(({ def }) => def.name));
  const members = defs.map(({ def }) => compileMember(def, inner, scope, ownThunks));
  const subjectsOf = compileSubjects(expr.inheritFrom, inner);
  const size = defs.length;
  const makeFrame = (env: Env): Env => {
    const frame = new Env(env, undefined, undefined, undefined, restFor(size));
    const subjects = subjectsOf(frame);
    for (let i = 0; i < size; i++) writeSlot(frame, i, members[i](frame, env, subjects));
    return frame;
  };
  return { inner, makeFrame };
}

function compileRecursive(expr: AttrsExpr, scope: Scope): Run {
  const defs = sortedDefs(expr);
  const shape = shapeOf(defs, scope);
  const { inner, makeFrame } = compileFrame(expr, scope, expr.attrs.some(isOverrides));
  const overrides = compileOverrides(defs, shape);
  const addDynamic = expr.dynamicAttrs.length === 0 ? null : compileDynamic(expr.dynamicAttrs, inner);
  return (env) => {
    const frame = makeFrame(env);
    let attrs = new AttrSet(shape, slotsOf(frame, defs.length));
    if (overrides !== null) attrs = overrides(attrs, frame);
    return addDynamic === null ? attrs : addDynamic(attrs, frame);
  };
}

function slotsOf(frame: Env, size: number): Lazy[] {
  const { a, b, c, rest } = frame;
  switch (size) {
    case 0:
      return [];
    case 1:
      return [a!];
    case 2:
      return [a!, b!];
    case 3:
      return [a!, b!, c!];
    default:
      return [a!, b!, c!, ...(rest as Lazy[])];
  }
}

function isOverrides(def: AttrDef): boolean {
  return def.name === '__overrides';
}

/**
 * `__overrides`: the attributes of that set replace those of the `rec`, for the attributes' own references too.
 */
function compileOverrides(
  defs: readonly { def: AttrDef; symbol: SymbolId }[],
  shape: Shape,
): ((attrs: AttrSet, frame: Env) => AttrSet) | null {
  const index = defs.findIndex(({ def }) => isOverrides(def));
  if (index < 0) return null;
  return (attrs, frame) => {
    const overrides = forceAttrs(
      attrs.values[index],
      shape.positionAt(index),
      'while evaluating the `__overrides` attribute',
    );
    const builder = new AttrSetBuilder();
    overrides.shape.keys.forEach((key, i) => {
      builder.add(key, overrides.values[i], overrides.shape.positionAt(i));
      const slot = shape.find(key);
      if (slot >= 0) writeSlot(frame, slot, overrides.values[i]);
    });
    attrs.shape.keys.forEach((key, i) => {
      builder.add(key, attrs.values[i], shape.positionAt(i));
    });
    return builder.build();
  };
}

/** Attributes whose names are computed; `null` leaves one out. They come last, and are not seen by the others. */
function compileDynamic(
  defs: readonly DynamicAttrDef[],
  scope: Scope,
): (attrs: AttrSet, env: Env) => AttrSet {
  const members = defs.map((def) => ({
    name: scope.run(def.name),
    value: scope.delay(def.value),
    pos: scope.pos(def.pos),
  }));
  return (attrs, env) => {
    let builder: AttrSetBuilder | null = null;
    const added = new Map<SymbolId, PosIdx>();
    for (const { name, value, pos } of members) {
      const nameValue = force(name(env), pos);
      if (nameValue === null) continue;
      const text = forceTextNoContext(nameValue, pos, 'while evaluating the name of a dynamic attribute');
      const symbol = intern(text);
      const index = attrs.shape.find(symbol);
      const previous = index >= 0 ? attrs.shape.positionAt(index) : added.get(symbol);
      if (previous !== undefined) {
        throw evalError(
          `dynamic attribute '${printAttrName(text)}' already defined at ${printPos(previous)}`,
          pos,
        );
      }
      added.set(symbol, pos);
      builder ??= builderWith(attrs);
      builder.add(symbol, value(env), pos);
    }
    return builder === null ? attrs : builder.build();
  };
}

function builderWith(attrs: AttrSet): AttrSetBuilder {
  const builder = new AttrSetBuilder();
  attrs.shape.keys.forEach((key, i) => {
    builder.add(key, attrs.values[i], attrs.shape.positionAt(i));
  });
  return builder;
}

/** A set literal that may not be needed. */
export function compileAttrsDelay(expr: AttrsExpr): Delay | null {
  if (expr.attrs.length > 0 || expr.dynamicAttrs.length > 0) return null;
  const empty = new AttrSet(new Shape(Shape.shareKeys([]), null, true), []);
  return () => empty;
}
