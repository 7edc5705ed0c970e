/**
 * Evaluation without the Worker and without a store, for short expressions on the command line (`-E '1 + 1'`): starting
 * a thread and opening a store take longer than most of them. Here is what may be tried; `evaluate-here.ts` tries.
 */
import type { EvaluationAnswer, EvaluationRequest } from './evaluation.ts';
import type { Settings } from './settings.ts';

/** Bytes of an expression that may be small. */
const longest = 256;

/** Builtins that make much of little, or need files or the store anyway. */
const notSmall =
  /import|fetch|[fF]ile|path|Path|store|Store|derivation|genList|replicate|range|genericClosure|match|split|Flake|[<>/]/;

export interface SmallEvaluationOptions {
  readonly settings: Settings;
  readonly env: NodeJS.ProcessEnv;
  readonly storeUri: string | undefined;
  /** `-I` values. */
  readonly searchPath: readonly string[];
  /** Gets what evaluation prints, once it is known that the evaluation counts. */
  readonly print: (message: string) => void;
}

/**
 * The answer to a request for a value, or `undefined` when the request is not small.
 *
 * @throws NixError as any evaluation does
 */
export async function evaluateSmall(
  request: EvaluationRequest,
  options: SmallEvaluationOptions,
): Promise<EvaluationAnswer | undefined> {
  if (!looksSmall(request)) return undefined;
  const { evaluateHere } = await import('./evaluate-here.ts');
  return evaluateHere(request, options);
}

function looksSmall({ source, args, output, writeStore, attrPaths }: EvaluationRequest): boolean {
  if (source.kind !== 'text' || writeStore || output === 'derivations') return false;
  const texts = [source.text, ...args.map(({ text }) => text), ...attrPaths];
  return texts.join('').length <= longest && !texts.some((text) => notSmall.test(text));
}
