/**
 * Runs goals in the order of their dependencies, as many at a time as their pool has places. It knows nothing of
 * derivations. A goal fails when one of its dependencies does; after the first failure nothing new is started and
 * what runs is stopped, unless `keepGoing` is set.
 */
import { Interrupted, NixError } from '../diagnostics/index.ts';

/** Something to be made once. */
export interface Goal {
  /** Goals with equal keys are one. */
  readonly key: string;
  /** Which places it competes for; asked when `prepare` is through. */
  readonly pool: string;
  /** Cheap: `done` when nothing is to be made, else what must be made before. */
  prepare(): Promise<'done' | readonly Goal[]>;
  /** Makes it. Throws `NixError` when that fails, `Interrupted` when `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** The error of this goal when dependencies failed. */
  dependencyFailed(errors: readonly NixError[]): NixError;
}

export type Outcome =
  | { readonly status: 'present' }
  | { readonly status: 'made' }
  | { readonly status: 'failed'; readonly error: NixError }
  /** Not tried, or stopped, because something else failed or the user interrupted. */
  | { readonly status: 'cancelled' };

export interface SchedulerOptions {
  /** Places of each pool. */
  readonly places: Readonly<Record<string, number>>;
  readonly keepGoing: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Told of every goal's end, dependencies before their users. */
  readonly onOutcome?: (goal: Goal, outcome: Outcome) => void;
  /** Told when a goal is found to have to be made, and when it starts. */
  readonly onProgress?: (goal: Goal, event: 'needed' | 'started') => void;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #outcomes = new Map<string, Promise<Outcome>>();
  readonly #pools: ReadonlyMap<string, Places>;
  readonly #stop = new AbortController();
  #bug: unknown;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#pools = new Map(Object.entries(options.places).map(([name, count]) => [name, new Places(count)]));
  }

  /**
   * Makes all goals and what they need; the outcomes are in the goals' order. Throws `Interrupted` when the signal was
   * aborted, and whatever a goal threw that is no `NixError` (a bug); nothing runs any more in either case.
   */
  async realise(goals: readonly Goal[]): Promise<Outcome[]> {
    const { signal } = this.#options;
    const onAbort = () => this.#stop.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) this.#stop.abort();
    try {
      const outcomes = await Promise.all(goals.map((goal) => this.#outcome(goal)));
      // Goals that nobody waits for any more may still be stopping.
      await Promise.all(this.#outcomes.values());
      if (this.#bug !== undefined) throw this.#bug;
      if (signal?.aborted) throw new Interrupted();
      return outcomes;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #outcome(goal: Goal): Promise<Outcome> {
    let outcome = this.#outcomes.get(goal.key);
    if (!outcome) {
      outcome = this.#make(goal).then((result) => {
        if (result.status === 'failed' && !this.#options.keepGoing) this.#stop.abort();
        this.#options.onOutcome?.(goal, result);
        return result;
      });
      this.#outcomes.set(goal.key, outcome);
    }
    return outcome;
  }

  async #make(goal: Goal): Promise<Outcome> {
    try {
      // Not at once: a long chain of dependencies must not become a deep stack.
      await Promise.resolve();
      if (this.#stop.signal.aborted) return { status: 'cancelled' };
      const dependencies = await goal.prepare();
      if (dependencies === 'done') return { status: 'present' };
      this.#options.onProgress?.(goal, 'needed');
      const refusal = await this.#makeDependencies(goal, dependencies);
      if (refusal) return refusal;
      return await this.#runInPlace(goal);
    } catch (error) {
      if (error instanceof Interrupted) return { status: 'cancelled' };
      if (error instanceof NixError) return { status: 'failed', error };
      this.#bug ??= error;
      this.#stop.abort();
      return { status: 'cancelled' };
    }
  }

  async #makeDependencies(goal: Goal, dependencies: readonly Goal[]): Promise<Outcome | undefined> {
    const outcomes = await Promise.all(dependencies.map((each) => this.#outcome(each)));
    const errors = outcomes.flatMap((each) => (each.status === 'failed' ? [each.error] : []));
    if (errors.length > 0) return { status: 'failed', error: goal.dependencyFailed(errors) };
    return outcomes.some((each) => each.status === 'cancelled') ? { status: 'cancelled' } : undefined;
  }

  async #runInPlace(goal: Goal): Promise<Outcome> {
    const places = this.#pools.get(goal.pool);
    if (!places) throw new Error(`no places are known for goals of the pool '${goal.pool}'`);
    await places.take();
    try {
      if (this.#stop.signal.aborted) return { status: 'cancelled' };
      this.#options.onProgress?.(goal, 'started');
      await goal.run(this.#stop.signal);
      return { status: 'made' };
    } finally {
      places.leave();
    }
  }
}

/** A counting semaphore, first come first served. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
