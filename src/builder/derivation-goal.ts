/** The goal "these outputs of a derivation are valid", for the scheduler: a build, or a download. */
import { ActivityType, type NixError } from '../diagnostics/index.ts';
import {
  type Derivation,
  derivationKind,
  parseStorePath,
  printStorePath,
  type StorePath,
} from '../formats/index.ts';
import { type DerivationOptions, readDerivationOptions } from './derivation-options.ts';
import type { DownloadService } from './download-service.ts';
import {
  combinedExitStatus,
  dependenciesFailed,
  nothingToCheck,
  rejected,
  systemFailure,
  unknownInstallable,
  wrongPlatform,
} from './errors.ts';
import { fetchOutput } from './fetch-output.ts';
import { type BuildContext, buildLocally } from './local-build.ts';
import { fitsMachine } from './sandbox-plan.ts';
import type { Goal } from './scheduler.ts';

/** A derivation and the names of the outputs that are wanted; none: all. */
export interface Installable {
  readonly drvPath: StorePath;
  readonly outputs: readonly string[];
}

/**
 * `check`: what was asked for is built again and compared with what is valid; `repair`: it is built again and replaces
 * what is valid where that is damaged. What it needs is made as usual.
 */
export type BuildMode = 'normal' | 'check' | 'repair';

/** What the goals of one request share. */
export interface GoalContext extends BuildContext {
  readonly downloads: DownloadService;
  readonly parentActivity: number;
  /** Builds that run in this process, by derivation: a second request for other outputs waits for the first. */
  readonly running: Map<string, Promise<void>>;
}

/** Whether a derivation only fetches a file. */
export function isFetch(derivation: Derivation): boolean {
  return derivation.builder === 'builtin:fetchurl';
}

export class DerivationGoal implements Goal {
  readonly key: string;
  readonly drvPath: StorePath;
  readonly #context: GoalContext;
  readonly #wanted: readonly string[];
  readonly #mode: BuildMode;
  #derivation: Derivation | undefined;

  constructor(context: GoalContext, installable: Installable, mode: BuildMode = 'normal') {
    this.#context = context;
    this.#mode = mode;
    this.drvPath = installable.drvPath;
    this.#wanted = installable.outputs.toSorted();
    this.key = `${mode}:${installable.drvPath.baseName}!${this.#wanted.join(',')}`;
  }

  get drvPathText(): string {
    return printStorePath(this.#context.store.storeDir, this.drvPath);
  }

  get derivation(): Derivation {
    this.#derivation ??= this.#context.store.readDerivation(this.drvPath);
    return this.#derivation;
  }

  get pool(): string {
    return isFetch(this.derivation) ? 'fetch' : 'build';
  }

  /** The wanted outputs and their paths. Throws `BuildError` for a name that the derivation does not have. */
  outputs(): Map<string, StorePath> {
    const { outputs } = this.derivation;
    const names =
      this.#wanted.length === 0 || this.#wanted.includes('*') ? [...outputs.keys()] : this.#wanted;
    return new Map(
      names.map((name) => {
        const output = outputs.get(name);
        if (!output) throw unknownInstallable(this.drvPathText, name, [...outputs.keys()]);
        return [name, parseStorePath(this.#context.store.storeDir, output.path)];
      }),
    );
  }

  get #check(): boolean {
    return this.#mode === 'check' && !isFetch(this.derivation);
  }

  /** Valid outputs are no reason not to build. */
  get #again(): boolean {
    return this.#check || this.#mode === 'repair';
  }

  async prepare(): Promise<'done' | readonly Goal[]> {
    const { store } = this.#context;
    await store.addTempRoot(this.drvPath);
    const kind = derivationKind(this.derivation);
    if (kind !== 'inputAddressed' && kind !== 'fixed') {
      throw rejected(
        'output-kind',
        `derivation '${this.drvPathText}' has ${kind} outputs, which Firn cannot build`,
      );
    }
    const outputs = [...this.outputs().values()];
    for (const path of outputs) await store.addTempRoot(path);
    const valid = outputs.every((path) => store.isValidPath(path));
    if (this.#check && !valid) throw nothingToCheck(this.drvPathText);
    if (valid && !this.#again) return 'done';
    for (const source of this.derivation.inputSrcs)
      this.#context.closures.info(parseStorePath(store.storeDir, source));
    return [...this.derivation.inputDrvs].map(
      ([drvPath, outputNames]) =>
        new DerivationGoal(this.#context, {
          drvPath: parseStorePath(store.storeDir, drvPath),
          outputs: outputNames,
        }),
    );
  }

  async run(signal: AbortSignal): Promise<void> {
    const { running } = this.#context;
    const key = this.drvPath.baseName;
    await running.get(key)?.catch(() => {});
    const valid = [...this.outputs().values()].every((path) => this.#context.store.isValidPath(path));
    if (valid && !this.#again) return;
    const build = this.#lockAndMake(signal);
    running.set(key, build);
    try {
      await build;
    } catch (error) {
      const first = firstError(error);
      if (first instanceof Error && 'syscall' in first) {
        throw systemFailure(this.drvPathText, first as NodeJS.ErrnoException);
      }
      throw first;
    } finally {
      running.delete(key);
    }
  }

  dependencyFailed(errors: readonly NixError[]): NixError {
    return dependenciesFailed(this.drvPathText, errors.length, combinedExitStatus(errors));
  }

  async #lockAndMake(signal: AbortSignal): Promise<void> {
    const { store, logger, downloads, parentActivity } = this.#context;
    const { derivation } = this;
    const paths = [...derivation.outputs.values()].map((output) =>
      parseStorePath(store.storeDir, output.path),
    );
    for (const path of paths) await store.addTempRoot(path);
    const onWait = (path: StorePath) =>
      logger
        .activity(
          ActivityType.buildWaiting,
          `waiting for lock on '${printStorePath(store.storeDir, path)}'`,
          [],
          parentActivity,
        )
        .stop();
    using _locks = await store.lockPaths(paths, { signal, onWait });
    // Another process may have been here while we waited.
    if (!this.#again && paths.every((path) => store.isValidPath(path))) return;
    const options = readDerivationOptions(derivation, this.drvPathText);
    const request = {
      drvPath: this.drvPath,
      derivation,
      options,
      parentActivity,
      signal,
      mode: this.#again ? this.#mode : 'normal',
    };
    if (isFetch(derivation)) await fetchOutput(this.#context, request, downloads);
    else {
      this.#checkMachine(options);
      await buildLocally(this.#context, request);
    }
  }

  #checkMachine(options: DerivationOptions): void {
    const { settings } = this.#context;
    if (fitsMachine(this.derivation, options.requiredSystemFeatures, settings)) return;
    throw wrongPlatform({
      drvPath: this.drvPathText,
      platform: this.derivation.platform,
      required: options.requiredSystemFeatures,
      system: settings.system,
      features: settings.systemFeatures,
    });
  }
}

/** What went wrong first, when cleaning up afterwards went wrong as well (`using` joins the two). */
function firstError(error: unknown): unknown {
  return error instanceof SuppressedError ? firstError(error.suppressed) : error;
}
