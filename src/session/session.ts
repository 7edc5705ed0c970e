/**
 * A session joins what a command needs: the store it works on, the evaluator, the builder. It is the only part that
 * knows all three. Everything is opened when it is first needed; `close` ends it.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type Builder,
  type BuildMode,
  type BuildPlan,
  type SandboxTools,
  sandboxToolsIn,
} from '../builder/index.ts';
import {
  foreignBelow,
  type IsForeign,
  type Logger,
  NixError,
  StoreError,
  UsageError,
  Verbosity,
} from '../diagnostics/index.ts';
import type { FetchRequest, FetchResult } from '../eval/index.ts';
import { equalHashes, formatHash, parseStorePath, printStorePath, type StorePath } from '../formats/index.ts';
import {
  addIndirectRoot,
  followLinksToStorePath,
  HashSink,
  LocalStore,
  queryValidPathInfo,
} from '../store/index.ts';
import { CachedEvaluation, type StoreQuestions } from './cached-evaluation.ts';
import { currentUser } from './current-user.ts';
import { answerOrThrow } from './evaluate-without-store.ts';
import type { EvaluationAnswer, EvaluationRequest, FoundDerivation } from './evaluation.ts';
import type { EvaluationFetcher } from './evaluation-fetch.ts';
import { type Evaluated, EvaluatorClient } from './evaluator-client.ts';
import { PathResolver } from './path-resolver.ts';
import { PendingAdditions } from './pending-additions.ts';
import { readBuildLog } from './read-build-log.ts';
import { explainLookup, type SearchPathEntry, searchPath } from './search-path.ts';
import type { Settings } from './settings.ts';
import { isWritableStore, locateStore, type StoreLocation } from './store-location.ts';

export interface SessionOptions {
  readonly settings: Settings;
  readonly env: NodeJS.ProcessEnv;
  readonly logger: Logger;
  /** `--store`; without it `NIX_REMOTE`, else automatic. */
  readonly storeUri: string | undefined;
  /** `-I` values. */
  readonly searchPath: readonly string[];
  /** Nothing will be written: a store that this user may only read is good enough. */
  readonly onlyReads?: boolean;
  /** Names the program, for the evaluation cache; the bundle has a name of its own, the sources none. */
  readonly build?: string;
  /**
   * An evaluator that outlives the session. Such a session neither builds nor fetches for evaluation: see
   * `neededMore`.
   */
  readonly evaluator?: EvaluatorHolder;
  /** Gets what evaluation prints, instead of the logger. */
  readonly print?: (message: string) => void;
  readonly signal: AbortSignal;
}

/** Outputs of a derivation to build. */
export interface Installable {
  /** Printed store path of the `.drv`. */
  readonly drvPath: string;
  readonly outputs: readonly string[];
}

/** Where an evaluator that outlives sessions is kept. */
export interface EvaluatorHolder {
  client?: EvaluatorClient;
}

/** Opens the store; the rest follows when it is needed. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { logger, settings, signal, onlyReads = false } = options;
  const location = locateStore(options.storeUri, options.env, { onlyReads });
  const store = await LocalStore.open({
    ...location,
    logger,
    durable: settings['fsync-store-paths'],
    reserveBytes: settings['gc-reserved-space'],
    autoOptimise: settings['auto-optimise-store'],
    readOnly: onlyReads && !isWritableStore(location),
    signal,
  });
  return new Session(options, location, store);
}

export class Session {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly location: StoreLocation;
  readonly store: LocalStore;
  readonly searchPath: readonly SearchPathEntry[];
  /** Files that the user did not write: those of the store and of the distribution in use. */
  readonly isForeignFile: IsForeign;
  readonly #options: SessionOptions;
  readonly #resolver: PathResolver;
  readonly #additions: PendingAdditions;
  readonly #cached: CachedEvaluation | undefined;
  #evaluator: EvaluatorClient | undefined;
  #builder: Builder | undefined;
  #neededMore = false;
  #fetcher: Promise<EvaluationFetcher> | undefined;

  constructor(options: SessionOptions, location: StoreLocation, store: LocalStore) {
    this.settings = options.settings;
    this.logger = options.logger;
    this.location = location;
    this.store = store;
    this.#options = options;
    this.#resolver = new PathResolver(location.storeDir, location.realStoreDir);
    this.#additions = new PendingAdditions(store);
    this.searchPath = searchPath({
      flags: options.searchPath,
      env: options.env,
      settings: options.settings,
      stateDir: location.stateDir,
      user: currentUser(),
    });
    this.#cached = CachedEvaluation.open({
      settings: options.settings,
      env: options.env,
      searchPath: this.searchPath,
      location,
      build: options.build,
      explain: (line) => {
        if (options.settings['explain-cache']) this.logger.log(Verbosity.error, `evaluation cache: ${line}`);
      },
    });
    this.isForeignFile = foreignBelow([location.storeDir, ...distributionDirectories(this.searchPath)]);
  }

  /** Evaluates, or gives the answer that is kept; afterwards everything that evaluation produced is in the store. */
  async evaluate(request: EvaluationRequest): Promise<EvaluationAnswer> {
    const key = this.#cached?.nextKey(request);
    const kept = key === undefined ? undefined : await this.#cached!.find(key, request, this.#questions());
    for (const message of kept?.printed ?? []) this.#print(message);
    if (kept !== undefined) return answerOrThrow(kept.outcome);
    const { outcome, learned } = (await this.#askResident(request)) ?? (await this.evaluateAnew(request));
    if (key !== undefined && learned !== undefined) this.#cached!.add(key, outcome, learned);
    return answerOrThrow(outcome);
  }

  /** Evaluates in this process; what was produced is in the store unless the outcome is an error. */
  async evaluateAnew(request: EvaluationRequest) {
    const result = await this.#client().evaluate(request);
    if ('answer' in result.outcome) await this.#additions.settle();
    return result;
  }

  /** Whether evaluation wanted something built or fetched from a session that does neither. */
  get neededMore(): boolean {
    return this.#neededMore;
  }

  /** Lets the user's resident evaluator do it, where one is wanted and there. */
  async #askResident(request: EvaluationRequest): Promise<Evaluated | undefined> {
    const { settings, evaluator } = this.#options;
    const isWanted = settings['resident-evaluator'] && evaluator === undefined && !this.#evaluator;
    if (!isWanted || request.source.kind === 'flake') return undefined;
    const { askResident } = await import('./resident-client.ts');
    const print = (message: string) => this.#print(message);
    return askResident(request, { ...this.#options, directory: process.cwd() }, this.#questions(), print);
  }

  /** Resolves `<name>` in the search path; byte strings. */
  findFile(name: string): Promise<string> {
    this.#cached?.alsoAsked(name);
    return this.#client().findFile(name).catch(explainLookup);
  }

  #questions(): StoreQuestions {
    return {
      isValid: (path) => this.store.isValidPath(this.#parse(path)),
      hold: (path) => this.store.addTempRoot(this.#parse(path)),
    };
  }

  #print(message: string): void {
    if (this.#options.print) this.#options.print(message);
    else this.logger.log(Verbosity.error, message);
  }

  /**
   * Builds outputs; their printed store paths, in order. Mode `check` builds what is valid again and compares, `repair`
   * puts right what is damaged.
   *
   * @throws BuildError when one fails; Interrupted
   */
  async build(installables: readonly Installable[], mode: BuildMode = 'normal'): Promise<string[]> {
    await this.#additions.settle();
    const wanted = installables.map(({ drvPath, outputs }) => ({ drvPath: this.#parse(drvPath), outputs }));
    const builder = await this.builder();
    const results = await builder.buildPaths(wanted, { mode, signal: this.#options.signal });
    const { throwFailures } = await import('../builder/index.ts');
    throwFailures(results, this.store.storeDir, this.logger);
    return installables.flatMap(({ outputs }, i) =>
      outputs.map((name) => printStorePath(this.store.storeDir, results[i].outputs.get(name)!)),
    );
  }

  /**
   * Puts a damaged path right, by building it anew.
   *
   * @throws BuildError when nothing is known to build it from
   */
  async repairPath(path: StorePath): Promise<void> {
    const builder = await this.builder();
    await builder.repairPath(path, { signal: this.#options.signal });
  }

  /** What `build` would do, without doing it. */
  async planBuild(installables: readonly Installable[]): Promise<BuildPlan> {
    await this.#additions.settle();
    const builder = await this.builder();
    return builder.queryMissing(
      installables.map(({ drvPath, outputs }) => ({ drvPath: this.#parse(drvPath), outputs })),
    );
  }

  /** The outputs that a `.drv` given by name stands for (all of them, or `FILE.drv!out,dev`). */
  derivationFromFile(argument: string): FoundDerivation[] {
    const [file, names] = argument.split('!');
    const path = this.storePathOf(file);
    const derivation = this.store.readDerivation(path);
    const outputs = [...derivation.outputs].map(
      ([name, output]) => [name, output.path || undefined] as const,
    );
    const wanted = names === undefined || names === '*' ? outputs.map(([name]) => name) : names.split(',');
    return wanted.map((outputName) => {
      const output = outputs.find(([name]) => name === outputName);
      if (!output)
        throw new UsageError(`derivation '${file}' has no output '${outputName}'`, {
          hint: `it has: ${outputs.map(([name]) => name).join(', ')}`,
        });
      return {
        attrPath: '',
        name: path.derivationName,
        drvPath: printStorePath(this.store.storeDir, path),
        outputName,
        outPath: output[1],
        outputs,
      };
    });
  }

  /**
   * The store path that a user's argument names: a store path, a file below one, or a link to one (`./result`).
   *
   * @throws StoreError when it is none
   */
  storePathOf(argument: string): StorePath {
    return followLinksToStorePath(this.location, argument);
  }

  /** Makes `link` a symbolic link to a store path and registers it as a root. */
  async addIndirectRoot(link: string, path: string): Promise<void> {
    const target = this.#parse(path);
    await this.store.addTempRoot(target);
    addIndirectRoot(this.location, link, target, this.store.toRealPath(target));
  }

  /** Where a printed store path (or a path below one) really is on this machine. */
  realPath(path: string): string {
    return this.#resolver.map(path);
  }

  /** What is wrong with the files of a valid path: `undefined` when they have the hash that was registered. */
  async contentsProblem(path: StorePath): Promise<StoreError | undefined> {
    const info = queryValidPathInfo(this.store, path);
    const sink = new HashSink('sha256');
    for await (const chunk of this.store.narFromPath(path)) sink.write(chunk);
    const hash = sink.finish();
    if (equalHashes(hash, info.narHash)) return undefined;
    const [expected, got] = [info.narHash, hash].map((each) => formatHash(each, 'nix32', true));
    return new StoreError(
      `path '${printStorePath(this.store.storeDir, path)}' was modified! expected hash '${expected}', got '${got}'`,
      { code: 'path-modified' },
    );
  }

  /**
   * The log of the build that made a path (a derivation, or an output whose deriver is known).
   *
   * @throws NixError when there is none
   */
  buildLogOf(argument: string): string {
    const path = this.storePathOf(argument);
    const derivations = path.isDerivation ? [path] : this.store.queryValidDerivers(path);
    const deriver = path.isDerivation ? undefined : this.store.queryPathInfo(path)?.deriver;
    for (const derivation of deriver ? [deriver, ...derivations] : derivations) {
      const log = readBuildLog(this.location.logDir, derivation);
      if (log !== undefined) return log;
    }
    throw new NixError(`build log of '${argument}' is not available`, {
      code: 'no-log',
      hint: 'it was not built in this store, or its log was deleted',
    });
  }

  /** The builder, with its many modules loaded only when something is built. */
  async builder(): Promise<Builder> {
    const { Builder } = await import('../builder/index.ts');
    const { buildSettings } = await import('./build-settings.ts');
    this.#builder ??= new Builder({
      store: this.store,
      logger: this.logger,
      settings: buildSettings(this.settings, this.#options.env),
      sandboxTools: this.sandboxTools(),
    });
    return this.#builder;
  }

  /**
   * The programs that make a sandbox, from the channel in use.
   *
   * @throws NixError when no channel has them yet
   */
  sandboxTools(): SandboxTools {
    const candidates = [
      this.#options.env['FIRN_SANDBOX_TOOLS'],
      ...this.searchPath
        .filter(({ prefix }) => prefix === 'nixpkgs' || prefix === 'nixos')
        .map(({ path }) => this.#resolver.follow(join(path, 'bootstrap'))),
    ];
    for (const candidate of candidates)
      if (candidate && existsSync(candidate)) return sandboxToolsIn(candidate);
    throw new NixError('the programs that make a sandbox are not there yet', {
      code: 'no-sandbox-tools',
      hint: "they come with the channel: run 'nix-channel --add debian:trixie nixos' and 'nix-channel --update', or use '--option sandbox false'",
    });
  }

  async close(): Promise<void> {
    await this.#evaluator?.close();
    await this.#additions.settle().catch(() => {});
    (await this.#fetcher)?.[Symbol.dispose]();
    this.store.close();
  }

  #client(): EvaluatorClient {
    const { evaluator, signal, env } = this.#options;
    if (evaluator === undefined) return (this.#evaluator ??= this.#newEvaluator(false));
    evaluator.client ??= this.#newEvaluator(true);
    const handlers = { ...this.#handlers(), build: this.#refuse, fetch: this.#refuse };
    evaluator.client.adopt({ handlers, signal, env });
    return evaluator.client;
  }

  #newEvaluator(keepCode: boolean): EvaluatorClient {
    return new EvaluatorClient({
      signal: this.#options.signal,
      workerData: {
        settings: this.settings,
        storeDir: this.location.storeDir,
        realStoreDir: this.location.realStoreDir,
        searchPath: this.searchPath,
        env: { ...this.#options.env },
        recordInputs: keepCode || this.#cached !== undefined,
        keepCode,
      },
      handlers: this.#handlers(),
    });
  }

  readonly #refuse = (): never => {
    this.#neededMore = true;
    throw new NixError('this evaluator neither builds nor fetches');
  };

  /** What the evaluator may ask; see `NodeEvalIo`. */
  #handlers() {
    return {
      addText: (printed: string, name: string, contents: string, references: readonly string[]) =>
        this.#additions.add(printed, references, () =>
          this.store.addText(
            name,
            contents,
            references.map((path) => this.#parse(path)),
          ),
        ),
      addPath: (
        printed: string,
        physical: string,
        name: string,
        recursive: boolean,
        excluded: readonly string[],
      ) => {
        const left = new Set(excluded.map((path) => physical + path));
        const filter = left.size > 0 ? (path: string) => !left.has(path) : undefined;
        this.#additions.addTree(printed, () =>
          this.store.addPath(name, physical, { method: recursive ? 'nar' : 'flat', filter }),
        );
      },
      isValidPath: async (path: string) => {
        await this.#additions.settle();
        return this.store.isValidPath(this.#parse(path));
      },
      queryReferences: async (path: string) => {
        await this.#additions.settle();
        const { references } = queryValidPathInfo(this.store, this.#parse(path));
        return references.map((each) => printStorePath(this.store.storeDir, each));
      },
      ensurePath: async (path: string) => {
        await this.#additions.settle();
        if (!this.store.isValidPath(this.#parse(path)))
          throw new NixError(`path '${path}' is not valid`, { code: 'invalid-path' });
      },
      build: async (installables: readonly Installable[]) => {
        await this.build(installables);
      },
      fetch: async (request: FetchRequest) => {
        await this.#additions.settle();
        return this.#fetch(request);
      },
      flush: () => {},
      print: (message: string) => this.#print(message),
    };
  }

  /** Loads the fetchers only when something is fetched. */
  async #fetch(request: FetchRequest): Promise<FetchResult> {
    const { env, signal } = this.#options;
    this.#fetcher ??= import('./evaluation-fetch.ts').then(
      ({ EvaluationFetcher }) => new EvaluationFetcher(this, env, signal),
    );
    return (await this.#fetcher).fetch(request);
  }

  #parse(path: string): StorePath {
    return parseStorePath(this.store.storeDir, path);
  }
}

/** Where `<nixpkgs>` is, unless the user is at work in it. */
function distributionDirectories(path: readonly SearchPathEntry[]): string[] {
  const here = `${process.cwd()}/`;
  return path
    .filter(({ prefix }) => prefix === 'nixpkgs' || prefix === 'nixos')
    .map((entry) => resolve(entry.path))
    .filter((directory) => !here.startsWith(`${directory}/`));
}
