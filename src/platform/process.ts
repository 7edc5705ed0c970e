/**
 * Subprocesses: the only place that starts them. Every process gets a session of its own (so Ctrl-C on the
 * terminal reaches us alone), is killed as a group, and none outlives this program: what still runs when it
 * exits is killed then.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { Interrupted, NixError } from '../diagnostics/index.ts';

/** How a process ended. `signal` is its name (`SIGKILL`). */
export type ExitStatus =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals };

/** What a standard stream is connected to; a number is a descriptor of ours. */
export type Connection = 'ignore' | 'inherit' | 'pipe' | number;

export interface ProcessOptions {
  /** Absolute path, or a name looked up in our own `PATH`. */
  readonly program: string;
  readonly args?: readonly string[];
  /** What the program sees as its own name; `program` when absent. */
  readonly argv0?: string;
  /** The whole environment; ours when absent. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: Connection;
  readonly stdout?: Connection;
  readonly stderr?: Connection;
  /** Descriptors 3, 4, ... of the child. */
  readonly extra?: readonly Connection[];
  /** Numeric user and group; supplementary groups are cleared (needs root). */
  readonly uid?: number;
  readonly gid?: number;
  /**
   * The process stays in our own group and session, so that a shell in it has the terminal and Ctrl-C reaches it; `kill`
   * then means the process alone.
   */
  readonly foreground?: boolean;
  /** The group is killed after this many seconds; `exited` then still resolves. */
  readonly timeoutSeconds?: number;
  /** Aborting kills the group. */
  readonly signal?: AbortSignal;
}

/** A running process. Disposing kills its group and waits until it is gone. */
export interface RunningProcess extends AsyncDisposable {
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** The child's descriptors by number, where `pipe` was asked for. */
  readonly streams: readonly (Readable | Writable | null | undefined)[];
  /** Resolves once the process ended and its streams are closed; rejects when it could not be started. */
  readonly exited: Promise<ExitStatus>;
  /** Whether `timeoutSeconds` was over. */
  readonly timedOut: boolean;
  /** Signals the whole process group; does nothing once the process is gone. */
  kill(signal?: NodeJS.Signals): void;
}

/** Processes that still run, killed when this program exits. */
const running = new Set<ChildProcess>();
let exitHandlerInstalled = false;

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Gone in between, or not yet a group leader: the direct signal is all that is left to try.
    child.kill(signal);
  }
}

function register(child: ChildProcess): void {
  running.add(child);
  child.once('close', () => running.delete(child));
  if (exitHandlerInstalled) return;
  exitHandlerInstalled = true;
  process.once('exit', () => {
    for (const each of running) killGroup(each, 'SIGKILL');
  });
}

/** Starts a process. Throws nothing: a program that cannot be started rejects `exited` with a `NixError`. */
export function startProcess(options: ProcessOptions): RunningProcess {
  const { stdin = 'ignore', stdout = 'pipe', stderr = 'pipe', extra = [] } = options;
  const child = spawn(options.program, [...(options.args ?? [])], {
    argv0: options.argv0,
    cwd: options.cwd,
    env: options.env ?? process.env,
    uid: options.uid,
    gid: options.gid,
    detached: options.foreground !== true,
    stdio: [stdin, stdout, stderr, ...extra],
  });
  register(child);
  let timedOut = false;
  const kill = (signal: NodeJS.Signals = 'SIGKILL') => killGroup(child, signal);
  const timer =
    options.timeoutSeconds === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          kill();
        }, options.timeoutSeconds * 1000);
  const onAbort = () => kill();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) kill();
  const exited = waitForClose(child, options.program).finally(() => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  });
  exited.catch(() => {});
  return {
    pid: child.pid ?? -1,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    streams: child.stdio as RunningProcess['streams'],
    exited,
    get timedOut() {
      return timedOut;
    },
    kill,
    async [Symbol.asyncDispose]() {
      kill();
      await exited.catch(() => {});
    },
  };
}

function waitForClose(child: ChildProcess, program: string): Promise<ExitStatus> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      reject(
        new NixError(`cannot start the program '${program}': ${cause.code ?? cause.message}`, {
          code: 'process-start',
          cause,
        }),
      );
    });
    child.once('close', (code, signal) => {
      resolve(signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'signalled', signal });
    });
  });
}

/** What a finished process left behind. Outputs are byte strings. */
export interface ProcessResult {
  readonly status: ExitStatus;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

/**
 * Runs a process to its end and collects what it writes; `input` is fed to its standard input. Any exit status
 * is a result. Throws `NixError` when it cannot be started and `Interrupted` when `signal` was aborted.
 */
export async function runProcess(
  options: ProcessOptions & { readonly input?: string | Uint8Array },
): Promise<ProcessResult> {
  await using child = startProcess({
    ...options,
    stdin: options.input === undefined ? options.stdin : 'pipe',
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  if (options.input !== undefined && child.stdin) {
    // A child that does not read its input is no error of ours.
    child.stdin.on('error', () => {});
    child.stdin.end(typeof options.input === 'string' ? Buffer.from(options.input, 'latin1') : options.input);
  }
  const status = await child.exited;
  if (options.signal?.aborted) throw new Interrupted();
  return { status, stdout: await stdout, stderr: await stderr, timedOut: child.timedOut };
}

async function collect(stream: Readable | null): Promise<string> {
  if (!stream) return '';
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

/** Whether a process ended with exit status 0. */
export function succeeded(status: ExitStatus): boolean {
  return status.kind === 'exited' && status.code === 0;
}

const signalNames: Readonly<Record<string, string>> = {
  SIGHUP: 'Hangup',
  SIGINT: 'Interrupt',
  SIGILL: 'Illegal instruction',
  SIGABRT: 'Aborted',
  SIGBUS: 'Bus error',
  SIGFPE: 'Floating point exception',
  SIGKILL: 'Killed',
  SIGSEGV: 'Segmentation fault',
  SIGPIPE: 'Broken pipe',
  SIGTERM: 'Terminated',
  SIGXFSZ: 'File size limit exceeded',
};

/** C++ Nix's words for an exit status: `failed with exit code 2`, `failed due to signal 9 (Killed)`, `succeeded`. */
export function describeExitStatus(status: ExitStatus): string {
  if (status.kind === 'exited')
    return status.code === 0 ? 'succeeded' : `failed with exit code ${status.code}`;
  const name = signalNames[status.signal];
  return `failed due to signal ${constants.signals[status.signal]}${name ? ` (${name})` : ''}`;
}
