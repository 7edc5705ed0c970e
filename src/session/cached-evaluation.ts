/**
 * The evaluation cache as a session uses it: which requests may be kept, under which key, whether a kept answer still
 * holds, and giving it again. See ADR 0007 for why that is exact.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { decodeBytes } from '../diagnostics/index.ts';
import { changedInput } from './check-inputs.ts';
import type { EvaluationRequest } from './evaluation.ts';
import { EvaluationCache, type EvaluationOutcome, type EvaluationRecord } from './evaluation-cache.ts';
import type { EvaluationInputs } from './evaluation-inputs.ts';
import { FileAccess } from './file-access.ts';
import { lazyCrypto } from './lazy-crypto.ts';
import { PathResolver } from './path-resolver.ts';
import type { SearchPathEntry } from './search-path.ts';
import type { Settings } from './settings.ts';
import { cacheDirectory, type StoreLocation } from './store-location.ts';

/** Identifies the program; set by the bundler, and not there when the sources run: they may change under a cache. */
declare const FIRN_BUILD: string | undefined;

/** What the answers of a session depend on besides the requests. */
export interface CachedEvaluationOptions {
  readonly settings: Settings;
  readonly env: NodeJS.ProcessEnv;
  readonly searchPath: readonly SearchPathEntry[];
  readonly location: StoreLocation;
  /** Names the program, instead of the bundle's own name. */
  readonly build?: string | undefined;
  /** Gets a line on why an answer is, or is not, taken from the cache. */
  readonly explain: (line: string) => void;
}

/** Asks the store; `undefined` where none is open. */
export interface StoreQuestions {
  readonly isValid: (path: string) => boolean;
  /** Keeps the path from being collected while this process lives. */
  readonly hold: (path: string) => Promise<void>;
}

/** Settings that change no answer. */
const withoutEffect = new Set([
  'cores',
  'eval-cache',
  'eval-cache-size',
  'explain-cache',
  'max-jobs',
  'parse-cache',
  'parse-cache-size',
  'resident-evaluator',
  'resident-idle',
  'resident-memory',
]);

/** Features that let builds have results which their derivation does not fix. */
const unfixing = ['ca-derivations', 'impure-derivations', 'dynamic-derivations'];

/** Keys whose answers this process found not to hold: they are not looked at twice. */
const stale = new Set<string>();

export class CachedEvaluation {
  readonly #options: CachedEvaluationOptions;
  readonly #cache: EvaluationCache;
  readonly #build: string;
  /** Keys of the requests before: files that they imported are remembered, and print nothing again. */
  #previous = '';

  private constructor(options: CachedEvaluationOptions, build: string) {
    const { settings, env } = options;
    const directory = join(cacheDirectory(env), 'evaluation');
    this.#options = options;
    this.#build = build;
    this.#cache = new EvaluationCache(directory, settings['eval-cache-size'] * 1_000_000);
  }

  /** `undefined` when answers are not to be kept. */
  static open(options: CachedEvaluationOptions): CachedEvaluation | undefined {
    const { settings } = options;
    const build = options.build ?? (typeof FIRN_BUILD === 'string' ? FIRN_BUILD : undefined);
    if (build === undefined || !settings['eval-cache']) return undefined;
    if (settings['experimental-features'].some((name) => unfixing.includes(name))) return undefined;
    return new CachedEvaluation(options, build);
  }

  /**
   * The key of the next request; `undefined` for one that cannot be kept. What flakes depend on is not known here: they
   * are looked up outside of evaluation.
   */
  nextKey(request: EvaluationRequest): string | undefined {
    if (request.source.kind === 'flake') return undefined;
    const { settings, env, searchPath, location } = this.#options;
    const effective = Object.entries(settings).filter(([name]) => !withoutEffect.has(name));
    const all = {
      build: this.#build,
      request,
      settings: effective,
      searchPath,
      home: env['HOME'] ?? homedir(),
      directory: process.cwd(),
      user: process.getuid?.(),
      stores: [location.storeDir, location.realStoreDir],
      previous: this.#previous,
    };
    const key = lazyCrypto().hash('sha256', JSON.stringify(all), 'hex');
    this.#previous = key;
    return key;
  }

  /** Notes something else that the session's evaluator was asked. */
  alsoAsked(what: string): void {
    this.#previous += `\0${what}`;
  }

  /** The kept answer, when it still holds. Without a store only those that need none are found. */
  async find(
    key: string,
    request: EvaluationRequest,
    store: StoreQuestions | undefined,
  ): Promise<EvaluationRecord | undefined> {
    if (stale.has(key)) return undefined;
    const record = this.#cache.find(key);
    if (record === undefined) {
      stale.add(key);
      this.#options.explain('no answer is kept for this request');
      return undefined;
    }
    if (store === undefined && record.inputs.some(([kind]) => kind === 'valid')) return undefined;
    const reason = await this.#staleBecause(record, request, store);
    if (reason === undefined) {
      this.#options.explain(`the kept answer holds: ${record.inputs.length} inputs`);
      return record;
    }
    stale.add(key);
    this.#options.explain(`the kept answer does not hold: ${reason}`);
    return undefined;
  }

  async #staleBecause(
    { inputs, products, outcome }: EvaluationRecord,
    request: EvaluationRequest,
    store: StoreQuestions | undefined,
  ): Promise<string | undefined> {
    const { location, env } = this.#options;
    const changed = changedInput(inputs, {
      files: new FileAccess(new PathResolver(location.storeDir, location.realStoreDir)),
      variable: (name) => env[decodeBytes(name)],
      isValid: store?.isValid,
    });
    if (changed !== undefined) return describeChange(changed[0], changed[1]);
    if (!request.writeStore || 'error' in outcome) return undefined;
    for (const path of products) {
      if (store === undefined) return 'no store is open';
      // Held first: what is valid afterwards stays so.
      await store.hold(path);
      if (!store.isValid(path)) return `'${path}' is not in the store`;
    }
    return undefined;
  }

  /** Keeps an answer, unless something about it could be another next time. */
  add(key: string, outcome: EvaluationOutcome, learned: EvaluationInputs): void {
    const reason = learned.impure ?? ('error' in outcome ? notKept(outcome.error) : undefined);
    if (reason !== undefined) {
      this.#options.explain(`the answer is not kept: ${reason}`);
      return;
    }
    const { inputs, products, printed } = learned;
    stale.delete(key);
    this.#cache.add(key, { inputs, products, printed, outcome });
  }
}

/** Why an error is not kept: those of Nix expressions are, those of this run are not. */
function notKept({ type, code }: { readonly type: string; readonly code: string }): string | undefined {
  if (type !== 'EvalError' && type !== 'ParseError' && type !== 'NixError') return `it failed with '${code}'`;
  return code === 'stack-overflow' || code === 'retry' ? `it failed with '${code}'` : undefined;
}

function describeChange(kind: string, name: string): string {
  switch (kind) {
    case 'variable':
      return `the environment variable '${name}' changed`;
    case 'valid':
      return `the validity of '${name}' changed, or no store is open`;
    default:
      return `'${name}' changed`;
  }
}
