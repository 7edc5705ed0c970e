/**
 * The check that every variable is bound, over a whole file before any of it is evaluated, as C++ Nix does it.
 * A variable inside a `with` may always come from there. Not recursive: todo lists instead of the stack, and one
 * count per name instead of a chain of scopes.
 */
import { suggestNear } from '../diagnostics/index.ts';
import type { AttrName, AttrsExpr, Expr, LambdaExpr, ParsedFile, VarExpr } from './ast.ts';
import { undefinedVariable } from './errors.ts';

/** Names to bind or to release once all work before is done; `withs` counts enclosing `with`s. */
class Leave {
  readonly names: readonly string[];
  readonly isWith: boolean;
  constructor(names: readonly string[], isWith: boolean) {
    this.names = names;
    this.isWith = isWith;
  }
}
class Enter {
  readonly names: readonly string[];
  readonly isWith: boolean;
  constructor(names: readonly string[], isWith: boolean) {
    this.names = names;
    this.isWith = isWith;
  }
}
type Work = Expr | Enter | Leave;

/** What stands around an expression: the names that are bound without the file doing it. */
export type StaticNames = Pick<ReadonlySet<string>, 'has' | typeof Symbol.iterator>;

/**
 * Checks that all variables of `file` are bound in it or in `staticNames`.
 *
 * @throws ParseError "undefined variable" for the first unbound variable of the text, with near names as a hint.
 */
export function checkScopes(file: ParsedFile, staticNames: StaticNames): void {
  const check = new ScopeCheck(staticNames);
  check.run(file.root);
  if (!check.unbound) return;
  const { name, pos } = check.unbound;
  if (name.length < 2) throw undefinedVariable(file.source, pos, name, []);
  throw undefinedVariable(file.source, pos, name, suggestNear(name, check.candidates));
}

/** The names that a file takes from outside of it, in byte order; those that a `with` may have are left out. */
export function freeNames(file: ParsedFile): string[] {
  const free = new Set<string>();
  const check = new ScopeCheck({
    has: (name) => free.add(name) !== undefined,
    [Symbol.iterator]: () => free.values(),
  });
  check.run(file.root);
  return [...free].sort();
}

class ScopeCheck {
  unbound: VarExpr | undefined;
  /** The names that were in scope where `unbound` stands. */
  candidates: string[] = [];
  readonly #staticNames: StaticNames;
  readonly #bound = new Map<string, number>();
  readonly #todo: Work[] = [];
  #withs = 0;

  constructor(staticNames: StaticNames) {
    this.#staticNames = staticNames;
  }

  run(root: Expr): void {
    const todo = this.#todo;
    todo.push(root);
    for (let work = todo.pop(); work !== undefined; work = todo.pop()) {
      if (work instanceof Enter) this.#enter(work, 1);
      else if (work instanceof Leave) this.#enter(work, -1);
      else this.#visit(work);
    }
  }

  #enter(scope: Enter | Leave, step: number): void {
    if (scope.isWith) this.#withs += step;
    for (const name of scope.names) this.#bound.set(name, (this.#bound.get(name) ?? 0) + step);
  }

  #variable(expr: VarExpr): void {
    if (this.#withs > 0 || (this.#bound.get(expr.name) ?? 0) > 0 || this.#staticNames.has(expr.name)) return;
    if (this.unbound && this.unbound.pos <= expr.pos) return;
    this.unbound = expr;
    this.candidates = [...this.#bound].filter(([, count]) => count > 0).map(([name]) => name);
    this.candidates.push(...[...this.#staticNames].filter((name) => !name.startsWith('__')));
  }

  #path(path: readonly AttrName[]): void {
    for (const step of path) if ('expr' in step) this.#todo.push(step.expr);
  }

  #visit(expr: Expr): void {
    const todo = this.#todo;
    switch (expr.kind) {
      case 'var':
        this.#variable(expr);
        return;
      case 'concat':
        for (const part of expr.parts) if (part.kind !== 'string') todo.push(part);
        return;
      case 'select':
        this.#path(expr.path);
        if (expr.fallback) todo.push(expr.fallback);
        todo.push(expr.subject);
        return;
      case 'hasAttr':
        this.#path(expr.path);
        todo.push(expr.subject);
        return;
      case 'attrs':
        this.#set(expr, undefined, expr.recursive);
        return;
      case 'list':
        for (const item of expr.items) todo.push(item);
        return;
      case 'lambda':
        this.#lambda(expr);
        return;
      case 'call':
        for (const arg of expr.args) todo.push(arg);
        todo.push(expr.fn);
        return;
      case 'let':
        this.#set(expr.attrs, expr.body, true);
        return;
      case 'with':
        todo.push(new Leave([], true), expr.body, new Enter([], true), expr.scope);
        return;
      case 'if':
        todo.push(expr.else, expr.then, expr.condition);
        return;
      case 'assert':
        todo.push(expr.body, expr.condition);
        return;
      case 'not':
      case 'negate':
        todo.push(expr.operand);
        return;
      case 'binary':
        todo.push(expr.right, expr.left);
        return;
    }
  }

  #lambda(expr: LambdaExpr): void {
    const names = expr.formals ? expr.formals.list.map((formal) => formal.name) : [];
    if (expr.arg !== undefined) names.push(expr.arg);
    this.#todo.push(new Leave(names, false), expr.body);
    for (const formal of expr.formals?.list ?? []) if (formal.fallback) this.#todo.push(formal.fallback);
    this.#enter(new Enter(names, false), 1);
  }

  /** A set or the bindings of a `let`; plainly inherited names are looked up outside of it. */
  #set(attrs: AttrsExpr, body: Expr | undefined, recursive: boolean): void {
    for (const def of attrs.attrs) if (def.source === 'inherit') this.#variable(def.value as VarExpr);
    if (recursive) {
      const names = attrs.attrs.map((def) => def.name);
      this.#todo.push(new Leave(names, false));
      this.#enter(new Enter(names, false), 1);
    }
    if (body) this.#todo.push(body);
    for (const subject of attrs.inheritFrom) this.#todo.push(subject);
    for (const def of attrs.attrs) if (def.source === 'plain') this.#todo.push(def.value);
    for (const def of attrs.dynamicAttrs) this.#todo.push(def.name, def.value);
  }
}
