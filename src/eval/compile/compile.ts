/**
 * The compiler: from syntax tree to JavaScript closures `(frame) => value`. Each kind of expression has a function in
 * a module of this folder; here is the dispatch, and the choice of what needs a thunk. What is compiled when: an
 * expression's own spine at once, the bodies of lambdas and of thunks when they are first run.
 */
import type { SourceFile } from '../../diagnostics/index.ts';
import type { Expr, ParsedFile } from '../../syntax/index.ts';
import { registerSource } from '../positions.ts';
import type { Runtime } from '../runtime.ts';
import { Env, type Lazy, NixFloat, NixPath, Thunk, type Value } from '../value.ts';
import {
  compileAssert,
  compileCurPos,
  compileIf,
  compileLet,
  compileList,
  compileListDelay,
  compileWith,
} from './control.ts';
import { compileCall, compileLambda } from './functions.ts';
import { lazyCode } from './lazy-code.ts';
import { compileBinary, compileNegate, compileNot } from './operators.ts';
import { type Delay, type FileScope, type Run, Scope } from './scope.ts';
import { compileHasAttr, compileSelect, compileSelectDelay } from './select.ts';
import { compileAttrs, compileAttrsDelay } from './sets.ts';
import { compileConcatenation, compileSearchPath } from './strings.ts';
import { compileVariable, compileVariableDelay } from './variables.ts';

/** Code for an expression's value. */
function compile(expr: Expr, scope: Scope): Run {
  switch (expr.kind) {
    case 'int':
    case 'string':
    case 'float':
    case 'path': {
      const value = constant(expr);
      return () => value;
    }
    case 'concat':
      return compileConcatenation(expr, scope);
    case 'searchPath':
      return compileSearchPath(expr, scope);
    case 'var':
      return compileVariable(expr.name, scope.pos(expr.pos), scope);
    case 'select':
      return compileSelect(expr, scope);
    case 'hasAttr':
      return compileHasAttr(expr, scope);
    case 'attrs':
      return compileAttrs(expr, scope);
    case 'list':
      return compileList(expr, scope);
    case 'lambda':
      return compileLambda(expr, scope);
    case 'call':
      return compileCall(expr, scope);
    case 'let':
      return compileLet(expr, scope);
    case 'with':
      return compileWith(expr, scope);
    case 'if':
      return compileIf(expr, scope);
    case 'assert':
      return compileAssert(expr, scope);
    case 'not':
      return compileNot(expr, scope);
    case 'negate':
      return compileNegate(expr, scope);
    case 'binary':
      return compileBinary(expr, scope);
    case 'curPos':
      return compileCurPos(expr.pos, scope);
  }
}

type Literal = Expr & { kind: 'int' | 'string' | 'float' | 'path' };

function constant(expr: Literal): Value {
  switch (expr.kind) {
    case 'float':
      return new NixFloat(expr.value);
    case 'path':
      return new NixPath(expr.value);
    default:
      return expr.value;
  }
}

/** Code for a value that may not be needed: constants and variables are there already, the rest becomes a thunk. */
function compileDelay(expr: Expr, scope: Scope): Delay {
  switch (expr.kind) {
    case 'int':
    case 'string':
    case 'float':
    case 'path': {
      const value = constant(expr);
      return () => value;
    }
    case 'var':
      return compileVariableDelay(expr, scope);
    case 'lambda':
      return compileLambda(expr, scope);
    case 'attrs':
      return compileAttrsDelay(expr) ?? thunkOf(expr, scope);
    case 'list':
      return compileListDelay(expr) ?? thunkOf(expr, scope);
    case 'select':
      return compileSelectDelay(expr, scope, thunkOf(expr, scope));
    default:
      return thunkOf(expr, scope);
  }
}

function thunkOf(expr: Expr, scope: Scope): Delay {
  const code = lazyCode(expr, scope);
  return (env) => new Thunk(code, env);
}

/** What a whole file is compiled with. */
export interface CompileOptions {
  readonly runtime: Runtime;
  readonly globals: ReadonlyMap<string, Lazy>;
}

/** Code for a parsed file; call it without arguments to evaluate the file's expression, as often as you like. */
export function compileFile(file: ParsedFile, sizeBytes: number, options: CompileOptions): () => Value {
  const scope = new Scope(fileScope(file.source, sizeBytes, options), null, null);
  const root = new Env(null);
  let run: Run | undefined;
  return () => {
    run ??= compile(file.root, scope);
    return run(root);
  };
}

function fileScope(source: SourceFile, sizeBytes: number, { runtime, globals }: CompileOptions): FileScope {
  return {
    source,
    base: registerSource(source, sizeBytes),
    runtime,
    globals,
    compile,
    compileDelay,
    compileThunk: thunkOf,
  };
}
