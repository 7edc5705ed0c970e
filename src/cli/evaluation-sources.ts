/** How the commands name what they evaluate: files, `-E` texts and standard input. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { encodeBytes } from '../diagnostics/index.ts';
import type { EvaluationRequest, ExpressionSource } from '../session/index.ts';
import type { Invocation } from './common-flags.ts';

/**
 * The sources that positional arguments stand for.
 *
 * @param positional files (`-` is standard input), or expressions when `asExpressions`
 */
export function expressionSources(positional: readonly string[], asExpressions: boolean): ExpressionSource[] {
  const basePath = encodeBytes(process.cwd());
  return positional.map((argument): ExpressionSource => {
    if (asExpressions) return { kind: 'text', text: encodeBytes(argument), basePath };
    if (argument === '-') return { kind: 'text', text: readFileSync(0, 'latin1'), basePath, stdin: true };
    if (/^<.+>$/.test(argument) || /^(https?|file|channel):/.test(argument))
      return { kind: 'file', path: encodeBytes(argument) };
    return { kind: 'file', path: encodeBytes(resolve(argument)) };
  });
}

/** A request with the invocation's arguments filled in. */
export function evaluationRequest(
  invocation: Invocation,
  source: ExpressionSource,
  rest: Partial<EvaluationRequest> & Pick<EvaluationRequest, 'output'>,
): EvaluationRequest {
  return {
    source,
    attrPaths: [''],
    args: invocation.args.map(({ name, kind, text }) => ({
      name: encodeBytes(name),
      kind,
      text: encodeBytes(text),
    })),
    strict: false,
    writeStore: true,
    ...rest,
  };
}
