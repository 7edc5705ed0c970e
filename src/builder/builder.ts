/** The builder: makes the outputs of derivations valid, and tells beforehand what that takes. */
import { type Activity, ActivityType, type Logger, NixError } from '../diagnostics/index.ts';
import { parseStorePath, type StorePath } from '../formats/index.ts';
import { areIdsMapped } from '../platform/index.ts';
import type { WritableStore } from '../store/index.ts';
import { BuildUserPool } from './build-user.ts';
import { ClosureFinder } from './closure.ts';
import {
  type BuildMode,
  DerivationGoal,
  type GoalContext,
  type Installable,
  isFetch,
} from './derivation-goal.ts';
import { DownloadService } from './download-service.ts';
import { buildsFailed, combinedExitStatus } from './errors.ts';
import type { BuildContext } from './local-build.ts';
import { Repair } from './repair.ts';
import type { SandboxTools } from './sandbox-tools.ts';
import { type Goal, type Outcome, Scheduler } from './scheduler.ts';
import type { BuildSettings } from './settings.ts';

export interface BuilderOptions {
  readonly store: WritableStore;
  readonly logger: Logger;
  readonly settings: BuildSettings;
  readonly sandboxTools: SandboxTools;
}

export interface BuildPathsOptions {
  /** `normal` unless told otherwise. */
  readonly mode?: BuildMode;
  readonly signal?: AbortSignal | undefined;
}

/** What became of one installable. */
export interface BuildResult {
  readonly drvPath: StorePath;
  readonly status: 'alreadyValid' | 'built' | 'failed' | 'cancelled';
  /** Output name -> path; valid unless the build failed. */
  readonly outputs: ReadonlyMap<string, StorePath>;
  /** Present exactly when it failed. Errors of dependencies have gone to the logger. */
  readonly error?: NixError | undefined;
}

/** What a build would do. */
export interface BuildPlan {
  /** `.drv` paths, dependencies first. */
  readonly willBuild: readonly StorePath[];
  /** `.drv` paths of downloads. */
  readonly willFetch: readonly StorePath[];
  /** As far as the derivations tell (`size`). */
  readonly downloadBytes: number;
  /** Paths that are neither valid nor made by a derivation. */
  readonly unknown: readonly StorePath[];
}

/** Builds derivations of one store. */
export class Builder {
  readonly #context: BuildContext;

  constructor(options: BuilderOptions) {
    const { store, logger, settings, sandboxTools } = options;
    const { buildUserFirstId, buildUserCount, buildUserGroupId } = settings;
    const lastId = buildUserFirstId + buildUserCount - 1;
    // Root of a small user namespace builds as what it really is: an ordinary user.
    const root = process.getuid?.() === 0 && areIdsMapped(lastId, buildUserGroupId);
    this.#context = {
      store,
      logger,
      settings,
      tools: sandboxTools,
      closures: new ClosureFinder(store),
      users: root
        ? new BuildUserPool({
            stateDir: store.stateDir,
            firstUid: buildUserFirstId,
            count: buildUserCount,
            gid: buildUserGroupId,
          })
        : undefined,
    };
  }

  /**
   * Makes all installables valid. Failures are in the results, in the installables' order; what failed below them
   * goes to the logger as it happens. Throws `Interrupted` when the signal is aborted: everything started has ended.
   *
   * Mode `check` builds what is valid again and compares; mode `repair` also looks at the contents of everything that
   * the outputs refer to, and builds again what is damaged.
   */
  async buildPaths(
    installables: readonly Installable[],
    options: BuildPathsOptions = {},
  ): Promise<BuildResult[]> {
    const { mode = 'normal', signal } = options;
    if (mode !== 'repair') return this.#realise(installables, mode, signal);
    const repair = this.#repair(signal);
    const results: BuildResult[] = [];
    for (const result of await this.#realise(installables, 'normal', signal)) {
      results.push(result.error ? result : await repaired(result, repair));
    }
    return results;
  }

  /**
   * Puts the files of a valid path right, through the derivation that makes it, when they are damaged or gone.
   *
   * @throws BuildError `cannot-repair` when no derivation makes it, or it cannot be built
   */
  async repairPath(
    path: StorePath,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    await this.#repair(options.signal).path(path);
  }

  #repair(signal: AbortSignal | undefined): Repair {
    const { store, logger } = this.#context;
    const build = async (installables: readonly Installable[], mode: BuildMode) => {
      const results = await this.#realise(installables, mode, signal);
      throwFailures(results, store.storeDir, logger);
    };
    return new Repair(store, logger, {
      make: (installables) => build(installables, 'normal'),
      rebuild: (drvPath) => build([{ drvPath, outputs: [] }], 'repair'),
    });
  }

  async #realise(
    installables: readonly Installable[],
    mode: BuildMode,
    signal: AbortSignal | undefined,
  ): Promise<BuildResult[]> {
    const { logger, settings } = this.#context;
    using realise = logger.activity(ActivityType.realise, '');
    await using downloads = new DownloadService(this.#context);
    using progress = new Progress(logger, realise);
    const context: GoalContext = {
      ...this.#context,
      downloads,
      parentActivity: realise.id,
      running: new Map(),
    };
    const goals = installables.map((each) => new DerivationGoal(context, each, mode));
    const top = new Set(goals.map((goal) => goal.key));
    const scheduler = new Scheduler({
      places: { build: Math.max(settings.maxJobs, 1), fetch: settings.downloads.maxParallel },
      keepGoing: settings.keepGoing,
      signal,
      onProgress: (goal, event) => progress.on(goal, event),
      onOutcome: (goal, outcome) => {
        progress.finish(goal, outcome);
        if (outcome.status === 'failed' && !top.has(goal.key)) logger.error(outcome.error);
      },
    });
    const outcomes = await scheduler.realise(goals);
    return goals.map((goal, i) => buildResult(goal, outcomes[i]));
  }

  /** What `buildPaths` would do. Reads `.drv` files and the database, changes nothing. */
  queryMissing(installables: readonly Installable[]): BuildPlan {
    const { store } = this.#context;
    const willBuild: StorePath[] = [];
    const willFetch: StorePath[] = [];
    const unknown = new Map<string, StorePath>();
    let downloadBytes = 0;
    const seen = new Set<string>();
    // Depth first with a stack of our own; a derivation is listed when all of its inputs are.
    const pending: { drvPath: StorePath; outputs: readonly string[]; entered: boolean }[] = installables
      .map((each) => ({ ...each, entered: false }))
      .reverse();
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { drvPath, outputs } = next;
      const derivation = store.readDerivation(drvPath);
      if (next.entered) {
        (isFetch(derivation) ? willFetch : willBuild).push(drvPath);
        if (isFetch(derivation)) downloadBytes += Number(derivation.env.get('size') ?? 0) || 0;
        continue;
      }
      const names = outputs.length === 0 || outputs.includes('*') ? [...derivation.outputs.keys()] : outputs;
      const valid = names.every((name) => {
        const output = derivation.outputs.get(name);
        return output !== undefined && store.isValidPath(parseStorePath(store.storeDir, output.path));
      });
      if (valid || seen.has(drvPath.baseName)) continue;
      seen.add(drvPath.baseName);
      pending.push({ ...next, entered: true });
      for (const source of derivation.inputSrcs) {
        const path = parseStorePath(store.storeDir, source);
        if (!store.isValidPath(path)) unknown.set(path.baseName, path);
      }
      for (const [input, inputOutputs] of derivation.inputDrvs) {
        pending.push({
          drvPath: parseStorePath(store.storeDir, input),
          outputs: inputOutputs,
          entered: false,
        });
      }
    }
    return { willBuild, willFetch, downloadBytes, unknown: [...unknown.values()] };
  }
}

/** A result after its outputs' closure was repaired; a failure when that was not possible. */
async function repaired(result: BuildResult, repair: Repair): Promise<BuildResult> {
  try {
    await repair.closure([...result.outputs.values()]);
    return result;
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    return { ...result, status: 'failed', error };
  }
}

function buildResult(goal: DerivationGoal, outcome: Outcome): BuildResult {
  const outputs = outcome.status === 'failed' ? new Map<string, StorePath>() : goal.outputs();
  const statuses = {
    present: 'alreadyValid',
    made: 'built',
    failed: 'failed',
    cancelled: 'cancelled',
  } as const;
  return {
    drvPath: goal.drvPath,
    status: statuses[outcome.status],
    outputs,
    ...(outcome.status === 'failed' ? { error: outcome.error } : {}),
  };
}

/**
 * Throws when a result is a failure: the one error, or, after several were logged, one that names all derivations.
 * Its exit status is C++ Nix's.
 */
export function throwFailures(results: readonly BuildResult[], storeDir: string, logger: Logger): void {
  const failed = results.filter((result) => result.error !== undefined);
  if (failed.length === 0) return;
  if (results.length === 1) throw failed[0].error!;
  const errors = failed.map((result) => result.error!);
  if (failed.length === 1 && combinedExitStatus(errors) === errors[0].exitStatus) throw errors[0];
  for (const error of errors) logger.error(error);
  throw buildsFailed(
    failed.map((result) => `${storeDir}/${result.drvPath.baseName}`),
    errors,
  );
}

/** Counts builds and downloads for the logger's activities. */
class Progress implements Disposable {
  readonly #activities: Readonly<Record<string, Activity>>;
  readonly #started = new Set<string>();
  readonly #counts: Readonly<
    Record<string, { needed: number; running: number; done: number; failed: number }>
  >;

  constructor(logger: Logger, parent: Activity) {
    this.#activities = {
      build: logger.activity(ActivityType.builds, '', [], parent.id),
      fetch: logger.activity(ActivityType.copyPaths, '', [], parent.id),
    };
    const none = () => ({ needed: 0, running: 0, done: 0, failed: 0 });
    this.#counts = { build: none(), fetch: none() };
  }

  on(goal: Goal, event: 'needed' | 'started'): void {
    const counts = this.#counts[goal.pool];
    if (event === 'needed') counts.needed++;
    else {
      counts.running++;
      this.#started.add(goal.key);
    }
    this.#report(goal.pool);
  }

  /** Only goals that were needed count; others end as `present`, or fail before their pool is known. */
  finish(goal: Goal, outcome: Outcome): void {
    if (!this.#started.delete(goal.key)) return;
    const counts = this.#counts[goal.pool];
    counts.running--;
    if (outcome.status === 'made') counts.done++;
    else if (outcome.status === 'failed') counts.failed++;
    this.#report(goal.pool);
  }

  [Symbol.dispose](): void {
    for (const activity of Object.values(this.#activities)) activity.stop();
  }

  #report(pool: string): void {
    const { needed, running, done, failed } = this.#counts[pool];
    this.#activities[pool].progress(done, needed, running, failed);
  }
}
