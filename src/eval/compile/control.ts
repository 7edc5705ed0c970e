/** `let`, `with`, `if`, `assert`, lists and `__curPos`. */
import type { AssertExpr, IfExpr, LetExpr, ListExpr, WithExpr } from '../../syntax/index.ts';
import { printExpr } from '../../syntax/index.ts';
import { assertEqual } from '../assert-equal.ts';
import { AssertionError, withTrace } from '../errors.ts';
import { positionSet } from '../position-set.ts';
import { resolvePos } from '../positions.ts';
import { Env, type Lazy } from '../value.ts';
import { runBool } from './operators.ts';
import type { Delay, Run, Scope } from './scope.ts';
import { compileFrame } from './sets.ts';

export function compileLet(expr: LetExpr, scope: Scope): Run {
  const { inner, makeFrame } = compileFrame(expr.attrs, scope, false);
  const body = inner.run(expr.body);
  return (env) => body(makeFrame(env));
}

export function compileWith(expr: WithExpr, scope: Scope): Run {
  const attrs = scope.delay(expr.scope);
  const body = scope.with().run(expr.body);
  return (env) => body(new Env(env, attrs(env)));
}

/** Each branch is compiled when it is first taken. */
export function compileIf(expr: IfExpr, scope: Scope): Run {
  const condition = scope.run(expr.condition);
  const pos = scope.pos(expr.condition.pos);
  let yes: Run | null = null;
  let no: Run | null = null;
  return (env) => {
    if (runBool(condition, env, pos, 'while evaluating a branch condition')) {
      yes ??= scope.run(expr.then);
      return yes(env);
    }
    no ??= scope.run(expr.else);
    return no(env);
  };
}

/** A failing `assert a == b` tells where the two differ. */
export function compileAssert(expr: AssertExpr, scope: Scope): Run {
  const condition = scope.run(expr.condition);
  const body = scope.run(expr.body);
  const pos = scope.pos(expr.pos);
  const conditionPos = scope.pos(expr.condition.pos);
  const { condition: test } = expr;
  const sides =
    test.kind === 'binary' && test.operator === '=='
      ? { left: scope.run(test.left), right: scope.run(test.right), pos: scope.pos(test.pos) }
      : null;
  return (env) => {
    if (runBool(condition, env, conditionPos, 'in the condition of the assert statement')) return body(env);
    const text = printExpr(test);
    if (sides !== null) {
      try {
        assertEqual(sides.left(env), sides.right(env), sides.pos);
      } catch (error) {
        if (!(error instanceof AssertionError)) throw error;
        throw withTrace(error, `while evaluating the condition of the assertion '${text}'`, pos);
      }
    }
    throw new AssertionError(`assertion '${text}' failed`, { pos: resolvePos(pos), code: 'assertion' });
  };
}

export function compileList(expr: ListExpr, scope: Scope): Run {
  const items = expr.items.map((item) => scope.delay(item));
  if (items.length === 0) return () => emptyList;
  return (env) => makeList(items, env);
}

const emptyList: Lazy[] = [];

function makeList(items: readonly Delay[], env: Env): Lazy[] {
  const list = new Array<Lazy>(items.length);
  for (let i = 0; i < items.length; i++) list[i] = items[i](env);
  return list;
}

/** An empty list that may not be needed is a constant; other lists are not worth making early. */
export function compileListDelay(expr: ListExpr): Delay | null {
  return expr.items.length === 0 ? () => emptyList : null;
}

export function compileCurPos(offset: number, scope: Scope): Run {
  const pos = scope.pos(offset);
  return () => positionSet(pos);
}
