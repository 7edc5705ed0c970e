/** Variables: from a frame, from the globals, or from the sets of enclosing `with`s. */
import type { Expr } from '../../syntax/index.ts';
import { didYouMean, evalError } from '../errors.ts';
import { force, forceAttrs, forceThunk } from '../force.ts';
import type { PosIdx } from '../positions.ts';
import { intern } from '../symbols.ts';
import { AttrSet, Code, type Env, type Lazy, Thunk, type Value } from '../value.ts';
import { AttrLookup } from './attr-lookup.ts';
import { ancestor, slotReader } from './frames.ts';
import type { Delay, Run, Scope } from './scope.ts';

/** The variable's value, computed. `pos` is where it is used. */
export function compileVariable(name: string, pos: PosIdx, scope: Scope): Run {
  const place = scope.lookup(name);
  switch (place.kind) {
    case 'slot': {
      const read = slotReader(place.depth, place.slot);
      return (env) => {
        const lazy = read(env)!;
        if (lazy instanceof Thunk) return lazy.code === null ? lazy.env : forceThunk(lazy, pos);
        return lazy;
      };
    }
    case 'global': {
      const { value } = place;
      if (value instanceof Thunk) return () => force(value, pos);
      return () => value;
    }
    case 'with': {
      const find = withFinder(name, pos, place.depths);
      return (env) => force(find(env), pos);
    }
    case 'unbound':
      return () => {
        throw undefinedVariable(name, pos, []);
      };
  }
}

/** The variable as it is, without computing it. */
export function compileVariableDelay(expr: Expr & { kind: 'var' }, scope: Scope): Delay {
  const { name } = expr;
  const pos = scope.pos(expr.pos);
  const place = scope.lookup(name);
  if (place.kind === 'global') return () => place.value;
  const code = new Code(compileVariable(name, pos, scope), pos);
  if (place.kind !== 'slot') return (env) => new Thunk(code, env);
  const read = slotReader(place.depth, place.slot);
  return (env) => {
    // A slot of a frame that is still being filled has nothing to share yet.
    const lazy = read(env);
    return lazy === undefined ? new Thunk(code, env) : lazy;
  };
}

/** Finds a name in the sets of the `with`s around, innermost first. */
function withFinder(name: string, pos: PosIdx, depths: readonly number[]): (env: Env) => Lazy {
  const lookups = depths.map(() => new AttrLookup(intern(name)));
  return (env) => {
    for (let i = 0; i < depths.length; i++) {
      const attrs = withScope(ancestor(env, depths[i]), pos);
      const index = lookups[i].find(attrs.shape);
      if (index >= 0) return attrs.values[index];
    }
    const candidates = depths.flatMap((depth) => withScope(ancestor(env, depth), pos).names());
    throw undefinedVariable(name, pos, candidates);
  };
}

/** The set of a `with`, computed on the first look into it. */
function withScope(frame: Env, pos: PosIdx): AttrSet {
  const lazy = frame.a!;
  const value: Lazy = lazy instanceof Thunk && lazy.code === null ? (lazy.env as Value) : lazy;
  if (value instanceof AttrSet) return value;
  return forceAttrs(value, pos, 'while evaluating the first subexpression of a with expression');
}

function undefinedVariable(name: string, pos: PosIdx, candidates: readonly string[]) {
  const hint = didYouMean(name, candidates);
  return evalError(`undefined variable '${name}'`, pos, { code: 'undefined-variable', hint });
}
