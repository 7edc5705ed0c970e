/** Code that is compiled when it is first run: most of a big program never is. */
import type { Expr } from '../../syntax/index.ts';
import { Code, type Env, type Value } from '../value.ts';
import type { Scope } from './scope.ts';

/** The code of an expression in a scope. */
export function lazyCode(expr: Expr, scope: Scope): Code {
  return new Code(compileAndRun, scope.pos(expr.pos), { expr, scope });
}

function compileAndRun(this: Code, env: Env): Value {
  const { expr, scope } = this.source as { expr: Expr; scope: Scope };
  const run = scope.run(expr);
  this.run = run;
  this.source = null;
  return run(env);
}
