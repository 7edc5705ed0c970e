/** A directory with files on which expressions are evaluated twice: through an evaluation cache, and afresh. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { RequestAnswerer } from '../../src/session/answer-request.ts';
import { CachedEvaluation } from '../../src/session/cached-evaluation.ts';
import { transferError } from '../../src/session/error-transfer.ts';
import type { EvaluationRequest } from '../../src/session/evaluation.ts';
import type { EvaluationOutcome } from '../../src/session/evaluation-cache.ts';
import { InputRecorder } from '../../src/session/evaluation-inputs.ts';
import { NodeEvalIo } from '../../src/session/node-eval-io.ts';
import { PathResolver } from '../../src/session/path-resolver.ts';
import { type Settings, SettingsBuilder } from '../../src/session/settings.ts';
import { locateStore } from '../../src/session/store-location.ts';

export interface SceneOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
  readonly build?: string;
}

/** How an evaluation ended, as far as a user sees it. */
export interface Shown {
  readonly outcome: unknown;
  readonly printed: readonly string[];
}

export class CachedScene implements Disposable {
  /** Where the files are; the cache and the store are beside it. */
  readonly directory: string;
  #kept: RequestAnswerer | undefined;
  readonly #root = mkdtempSync(join(tmpdir(), 'firn-cached-'));

  constructor(files: Readonly<Record<string, string>> = {}) {
    this.directory = join(this.#root, 'files');
    mkdirSync(this.directory);
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  /** Where records are kept. */
  get cacheDirectory(): string {
    return join(this.#root, 'cache/firn/evaluation');
  }

  /** Evaluates through the cache: what came out, and whether it was kept from before. */
  async evaluate(text: string, options: SceneOptions = {}): Promise<Shown & { readonly isKept: boolean }> {
    const { cached, request } = this.#open(text, options);
    const key = cached?.nextKey(request);
    const record = key === undefined ? undefined : await cached!.find(key, request, undefined);
    if (record !== undefined) return { ...shown(record.outcome, record.printed), isKept: true };
    const recorder = new InputRecorder();
    const { outcome, printed } = this.#run(request, options, recorder);
    if (key !== undefined) cached!.add(key, outcome, recorder.take());
    return { ...shown(outcome, printed), isKept: false };
  }

  /** Evaluates without a cache. */
  afresh(text: string, options: SceneOptions = {}): Shown {
    const { outcome, printed } = this.#run(this.#open(text, options).request, options, undefined);
    return shown(outcome, printed);
  }

  /** Evaluates with an evaluator that has been there since the first call, as the resident one does. */
  resident(text: string): Shown {
    const printed: string[] = [];
    const io = this.#io({}, printed, undefined);
    const { env, surroundings } = this.#surroundings({});
    this.#kept ??= new RequestAnswerer(io, { ...surroundings, env }, undefined, true);
    this.#kept.renew(io);
    return shown(outcomeOf(this.#kept, this.#open(text, {}).request), printed);
  }

  #environment(options: SceneOptions): Record<string, string> {
    return { HOME: '/home/of-the-test', XDG_CACHE_HOME: join(this.#root, 'cache'), ...options.env };
  }

  #open(text: string, options: SceneOptions) {
    const env = this.#environment(options);
    const cached = CachedEvaluation.open({
      settings: settings(options),
      env,
      searchPath: [],
      location: locateStore(join(this.#root, 'store'), env),
      build: options.build ?? 'test',
      explain: () => {},
    });
    const request: EvaluationRequest = {
      source: { kind: 'text', text, basePath: this.directory },
      attrPaths: [''],
      args: [],
      output: 'value',
      strict: true,
      writeStore: false,
    };
    return { cached, request };
  }

  #surroundings(options: SceneOptions) {
    return {
      env: this.#environment(options),
      surroundings: { settings: settings(options), searchPath: [] },
    };
  }

  #io(options: SceneOptions, printed: string[], recorder: InputRecorder | undefined): NodeEvalIo {
    const env = this.#environment(options);
    const { storeDir, realStoreDir } = locateStore(join(this.#root, 'store'), env);
    return new NodeEvalIo({
      storeDir,
      resolver: new PathResolver(storeDir, realStoreDir),
      caller: {
        call: (method) => {
          throw new Error(`'${method}' was not expected`);
        },
        post: (method, message) => void (method === 'print' && printed.push(message as string)),
      },
      env,
      writeStore: false,
      recorder,
    });
  }

  #run(request: EvaluationRequest, options: SceneOptions, recorder: InputRecorder | undefined) {
    const printed: string[] = [];
    const { env, surroundings } = this.#surroundings(options);
    const answerer = new RequestAnswerer(this.#io(options, printed, recorder), { ...surroundings, env });
    return { outcome: outcomeOf(answerer, request), printed };
  }
}

function outcomeOf(answerer: RequestAnswerer, request: EvaluationRequest): EvaluationOutcome {
  try {
    return { answer: answerer.evaluate(request) };
  } catch (error) {
    return { error: transferError(error) };
  }
}

function settings(options: SceneOptions): Settings {
  const builder = new SettingsBuilder();
  for (const [name, value] of Object.entries(options.settings ?? {})) builder.set(name, value);
  return builder.build();
}

/** As plain data, so that what came from the disk compares with what did not. */
function shown(outcome: EvaluationOutcome, printed: readonly string[]): Shown {
  return { outcome: JSON.parse(JSON.stringify(outcome)) as unknown, printed };
}
