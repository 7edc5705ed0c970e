/** Runs a prepared builder to its end: its output goes to the log, and limits on time, silence and log size hold. */
import { closeSync } from 'node:fs';
import { Interrupted } from '../diagnostics/index.ts';
import { type ExitStatus, startProcess } from '../platform/index.ts';
import type { BuildLog } from './build-log.ts';
import { logTooLong, timedOut } from './errors.ts';
import { openLogPipe } from './log-pipe.ts';

export interface BuilderProcess {
  readonly program: string;
  readonly args: readonly string[];
  readonly argv0?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Descriptors 3, 4, ... of the child; closed here once it runs. */
  readonly descriptors: readonly number[];
}

export interface RunLimits {
  readonly timeoutSeconds: number;
  readonly maxSilentTimeSeconds: number;
  readonly maxLogSizeBytes: number;
}

export interface RunBuilderOptions {
  readonly process: BuilderProcess;
  readonly drvPath: string;
  readonly log: BuildLog;
  readonly limits: RunLimits;
  readonly signal: AbortSignal;
  /** Path for the FIFO, and the program that makes it. */
  readonly pipePath: string;
  readonly mkfifo: readonly string[];
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * Resolves with the builder's exit status once it and everything that holds its output are gone. Throws
 * `BuildError` when a limit was reached and `Interrupted` when `signal` was aborted; the builder is dead then, too.
 */
export async function runBuilder(options: RunBuilderOptions): Promise<ExitStatus> {
  const { log, limits, signal, drvPath } = options;
  if (signal.aborted) throw new Interrupted();
  const pipe = openLogPipe(options.pipePath, options.mkfifo, options.user);
  let failure: Error | undefined;
  await using child = startProcess({
    ...options.process,
    stdin: 'ignore',
    stdout: pipe.writer,
    stderr: pipe.writer,
    extra: options.process.descriptors,
  });
  pipe.closeWriter();
  for (const descriptor of options.process.descriptors) closeSync(descriptor);
  const stop = (error: Error) => {
    failure ??= error;
    child.kill();
  };
  const onAbort = () => stop(new Interrupted());
  signal.addEventListener('abort', onAbort, { once: true });
  using timers = new Timers(limits, (silence, seconds) => stop(timedOut(drvPath, seconds, silence)));
  const outputEnded = new Promise<void>((resolve) => pipe.reader.once('close', () => resolve()));
  pipe.reader.on('error', () => {});
  pipe.reader.on('data', (chunk: Buffer) => {
    if (failure) return;
    timers.heard();
    log.write(chunk);
    if (limits.maxLogSizeBytes > 0 && log.sizeBytes > limits.maxLogSizeBytes) {
      stop(logTooLong(drvPath, limits.maxLogSizeBytes));
    }
  });
  try {
    const status = await child.exited;
    // Every process of the build is gone with its pid namespace; without one, a daemon may hold the pipe: no waiting.
    await Promise.race([outputEnded, new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
    if (failure) throw failure;
    return status;
  } finally {
    signal.removeEventListener('abort', onAbort);
    pipe.reader.destroy();
  }
}

/** The two clocks of a build; zero means none. */
class Timers implements Disposable {
  readonly #limits: RunLimits;
  readonly #expired: (silence: boolean, seconds: number) => void;
  readonly #whole: NodeJS.Timeout | undefined;
  #silent: NodeJS.Timeout | undefined;

  constructor(limits: RunLimits, expired: (silence: boolean, seconds: number) => void) {
    this.#limits = limits;
    this.#expired = expired;
    const { timeoutSeconds } = limits;
    if (timeoutSeconds > 0)
      this.#whole = setTimeout(() => expired(false, timeoutSeconds), timeoutSeconds * 1000);
    this.heard();
  }

  /** The builder wrote something. */
  heard(): void {
    const { maxSilentTimeSeconds: seconds } = this.#limits;
    if (seconds === 0) return;
    if (this.#silent) this.#silent.refresh();
    else this.#silent = setTimeout(() => this.#expired(true, seconds), seconds * 1000);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#whole);
    clearTimeout(this.#silent);
  }
}
