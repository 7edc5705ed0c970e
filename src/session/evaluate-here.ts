/**
 * Small evaluations in the main thread. Nothing is written and nobody can be asked here, so an evaluation that turns
 * out to need more is dropped, and the caller does it again in the usual way.
 */
import { Interrupted, NixError } from '../diagnostics/index.ts';
import { limits } from '../eval/index.ts';
import { RequestAnswerer } from './answer-request.ts';
import { currentUser } from './current-user.ts';
import type { EvaluationAnswer, EvaluationRequest } from './evaluation.ts';
import { NodeEvalIo } from './node-eval-io.ts';
import { PathResolver } from './path-resolver.ts';
import { searchPath } from './search-path.ts';
import type { SmallEvaluationOptions } from './small-evaluation.ts';
import { locateStore, type StoreLocation } from './store-location.ts';

/** Calls that a small evaluation makes at most: about as long as a Worker takes to start and to get warm. */
const mostCalls = 400_000;

/** The evaluation needs what is not there. Not an error of the program: `tryEval` does not see it. */
class NotSmall extends Interrupted {}

class SmallEvalIo extends NodeEvalIo {
  override readFile(): never {
    throw new NotSmall();
  }
  override readDirectory(): never {
    throw new NotSmall();
  }
  override addPath(): never {
    throw new NotSmall();
  }
}

/** The answer to a request for a value, or `undefined` when it takes more than there is here. @throws NixError */
export function evaluateHere(
  request: EvaluationRequest,
  options: SmallEvaluationOptions,
): EvaluationAnswer | undefined {
  const printed: string[] = [];
  try {
    return killableBySignals(() => answer(request, options, printed));
  } catch (error) {
    if (isTooMuch(error)) {
      printed.length = 0;
      return undefined;
    }
    throw error;
  } finally {
    for (const message of printed) options.print(message);
  }
}

function isTooMuch(error: unknown): boolean {
  return error instanceof Interrupted || (error instanceof NixError ? error.code === 'stack-overflow' : true);
}

function answer(request: EvaluationRequest, options: SmallEvaluationOptions, printed: string[]) {
  const location = openableStore(options);
  const { settings, env } = options;
  const { stateDir } = location;
  const path = searchPath({ flags: options.searchPath, env, settings, stateDir, user: currentUser() });
  const io = smallIo(location, env, printed);
  const answerer = new RequestAnswerer(io, { settings, env, searchPath: path });
  limits.maxCalls = limits.calls + mostCalls;
  try {
    return answerer.evaluate(request);
  } finally {
    limits.maxCalls = Number.POSITIVE_INFINITY;
  }
}

/** Where the store is. What is wrong with it is for those to say who open it. */
function openableStore({ storeUri, env }: SmallEvaluationOptions): StoreLocation {
  try {
    return locateStore(storeUri, env);
  } catch {
    throw new NotSmall();
  }
}

function smallIo({ storeDir, realStoreDir }: StoreLocation, env: NodeJS.ProcessEnv, printed: string[]) {
  return new SmallEvalIo({
    storeDir,
    resolver: new PathResolver(storeDir, realStoreDir),
    caller: {
      call: () => {
        throw new NotSmall();
      },
      post: (method, message) => {
        if (method !== 'print') throw new NotSmall();
        printed.push(message as string);
      },
    },
    env,
    writeStore: false,
  });
}

/** Runs `action` with signals doing what they do by default: nothing else could stop a synchronous evaluation. */
function killableBySignals<T>(action: () => T): T {
  const handlers = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).flatMap((signal) =>
    process.listeners(signal).map((handler) => ({ signal, handler })),
  );
  for (const { signal, handler } of handlers) process.off(signal, handler);
  try {
    return action();
  } finally {
    for (const { signal, handler } of handlers) process.on(signal, handler);
  }
}
