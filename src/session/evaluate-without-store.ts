/** What is answered without a store of this process: from the evaluation cache, or by the resident evaluator. */
import { CachedEvaluation } from './cached-evaluation.ts';
import { currentUser } from './current-user.ts';
import { rebuildError } from './error-transfer.ts';
import type { EvaluationAnswer, EvaluationRequest } from './evaluation.ts';
import type { EvaluationOutcome } from './evaluation-cache.ts';
import { explainLookup, searchPath } from './search-path.ts';
import type { SmallEvaluationOptions } from './small-evaluation.ts';
import { locateStore, type StoreLocation } from './store-location.ts';

/** The answer, or `undefined` when it takes a session. @throws NixError as any evaluation does */
export async function evaluateWithoutStore(
  request: EvaluationRequest,
  options: SmallEvaluationOptions,
): Promise<EvaluationAnswer | undefined> {
  const location = tryLocate(options);
  if (location === undefined) return undefined;
  const cached = openCache(location, options);
  const key = cached?.nextKey(request);
  const kept = key === undefined ? undefined : await cached!.find(key, request, undefined);
  if (kept !== undefined) {
    for (const message of kept.printed) options.print(message);
    return answerOrThrow(kept.outcome);
  }
  if (!options.settings['resident-evaluator']) return undefined;
  const evaluated = await askForValue(request, options);
  if (evaluated === undefined) return undefined;
  if (key !== undefined) cached!.add(key, evaluated.outcome, evaluated.learned);
  return answerOrThrow(evaluated.outcome);
}

/** @throws NixError the error with which evaluation ended */
export function answerOrThrow(outcome: EvaluationOutcome): EvaluationAnswer {
  if ('answer' in outcome) return outcome.answer;
  return explainLookup(rebuildError(outcome.error));
}

/** What is wrong with the store is for those to say who open it. */
function tryLocate({ storeUri, env }: SmallEvaluationOptions): StoreLocation | undefined {
  try {
    return locateStore(storeUri, env);
  } catch {
    return undefined;
  }
}

function openCache(location: StoreLocation, options: SmallEvaluationOptions): CachedEvaluation | undefined {
  const { settings, env, searchPath: flags, explain } = options;
  const { stateDir } = location;
  return CachedEvaluation.open({
    settings,
    env,
    searchPath: searchPath({ flags, env, settings, stateDir, user: currentUser() }),
    location,
    explain: explain ?? (() => {}),
  });
}

async function askForValue(request: EvaluationRequest, options: SmallEvaluationOptions) {
  const { askResident } = await import('./resident-client.ts');
  const nothingWritten = () => {
    throw new Error('a value was asked for');
  };
  const store = { hold: nothingWritten, isValid: nothingWritten };
  return askResident(request, { ...options, directory: process.cwd() }, store, options.print);
}
