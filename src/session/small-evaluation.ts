/**
 * Evaluation without opening a store: of short expressions on the command line (`-E '1 + 1'`), for which starting a
 * thread and opening a store take longer than themselves (`evaluate-here.ts` tries), and what the evaluation cache or the
 * resident evaluator has an answer to (`evaluate-without-store.ts`).
 */
import type { EvaluationAnswer, EvaluationRequest } from './evaluation.ts';
import type { Settings } from './settings.ts';

/** Bytes of an expression that may be small. */
const longest = 256;

/** Builtins that make much of little, or need files or the store anyway. */
const notSmall =
  /import|fetch|[fF]ile|path|Path|store|Store|derivation|genList|replicate|range|genericClosure|match|split|Flake|<[\w.+-]|\//;

export interface SmallEvaluationOptions {
  readonly settings: Settings;
  readonly env: NodeJS.ProcessEnv;
  readonly storeUri: string | undefined;
  /** `-I` values. */
  readonly searchPath: readonly string[];
  /** Gets what evaluation prints, once it is known that the evaluation counts. */
  readonly print: (message: string) => void;
  /** Gets a line on the evaluation cache, when the settings ask for that. */
  readonly explain?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * The answer to a request that writes nothing, or `undefined` when it takes a session.
 *
 * @throws NixError as any evaluation does
 */
export async function evaluateSmall(
  request: EvaluationRequest,
  options: SmallEvaluationOptions,
): Promise<EvaluationAnswer | undefined> {
  if (request.writeStore || request.source.kind === 'flake') return undefined;
  if (looksSmall(request)) {
    const { evaluateHere } = await import('./evaluate-here.ts');
    const answer = evaluateHere(request, options);
    if (answer !== undefined) return answer;
  }
  const { evaluateWithoutStore } = await import('./evaluate-without-store.ts');
  return evaluateWithoutStore(request, options);
}

function looksSmall({ source, args, output, writeStore, attrPaths }: EvaluationRequest): boolean {
  if (source.kind !== 'text' || writeStore || output === 'derivations') return false;
  const texts = [source.text, ...args.map(({ text }) => text), ...attrPaths];
  return texts.join('').length <= longest && !texts.some((text) => notSmall.test(text));
}
