/** Strings and paths with interpolation, path literals, lookup paths. */
import type { ConcatExpr, SearchPathExpr } from '../../syntax/index.ts';
import { call2 } from '../call.ts';
import { coerceToString, interpolation } from '../coerce.ts';
import { withTrace } from '../errors.ts';
import { ContextString, mergeContexts, type NixPath, type StringContext, type Value } from '../value.ts';
import { appendToPath } from './operators.ts';
import type { Run, Scope } from './scope.ts';

const segment = 'while evaluating a path segment';

export function compileConcatenation(expr: ConcatExpr, scope: Scope): Run {
  const parts = expr.parts.map((part, i) => ({
    run: scope.run(part),
    pos: scope.pos(expr.positions[i]),
    exprPos: scope.pos(part.pos),
    constant: part.kind === 'string' ? part.value : null,
  }));
  const operand = (part: (typeof parts)[number], env: Parameters<Run>[0]): Value => {
    try {
      return part.run(env);
    } catch (error) {
      throw withTrace(error, "in an operand of '+'", part.exprPos);
    }
  };
  const { runtime } = scope.file;
  if (expr.isPath) {
    const [start, ...rest] = parts;
    const pos = scope.pos(expr.pos);
    return (env) => {
      const path = (operand(start, env) as NixPath).path;
      return appendToPath(
        runtime,
        path,
        rest.map((part) => ({ value: operand(part, env), pos: part.pos })),
        pos,
      );
    };
  }
  return (env) => {
    let text = '';
    let context: StringContext | null = null;
    for (const part of parts) {
      if (part.constant !== null) {
        text += part.constant;
        continue;
      }
      const piece = coerceToString(runtime, operand(part, env), part.pos, segment, interpolation);
      if (typeof piece === 'string') text += piece;
      else {
        text += piece.text;
        context = context === null ? piece.context : mergeContexts(context, piece.context);
      }
    }
    return context === null ? text : new ContextString(text, context);
  };
}

/** `<a/b>` is `__findFile __nixPath "a/b"`, with those names as they are in scope. */
export function compileSearchPath(expr: SearchPathExpr, scope: Scope): Run {
  const pos = scope.pos(expr.pos);
  const findFile = scope.run({ kind: 'var', name: '__findFile', pos: expr.pos });
  const nixPath = scope.delay({ kind: 'var', name: '__nixPath', pos: expr.pos });
  return (env) => call2(findFile(env), nixPath(env), expr.value, pos);
}
