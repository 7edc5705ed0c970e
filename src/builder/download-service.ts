/**
 * Downloads for `builtin:fetchurl`. One worker per builder does them all, several at a time, in a sandbox of its own
 * that shares the host's network (see docs/decisions/0004-fetching.md). Its files are only a proposal: whoever asked
 * copies and hashes them again.
 */
import { chmodSync, closeSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { BuildError, Interrupted } from '../diagnostics/index.ts';
import type { WorkerEvent, WorkerRequest, WorkerSettings } from '../fetchers/index.ts';
import { defaultUrlFetcherSettings } from '../fetchers/index.ts';
import { type RunningProcess, startProcess } from '../platform/index.ts';
import { FlockFile } from '../store/index.ts';
import type { BuildUser } from './build-user.ts';
import type { BuildContext } from './local-build.ts';
import { sandboxProcess } from './local-build.ts';
import { nodeRuntime } from './node-runtime.ts';
import type { BuilderProcess } from './run-builder.ts';
import { parentDirectories, type SandboxPlan } from './sandbox.ts';
import { networkFiles } from './sandbox-plan.ts';
import { namespaceFailure, sandboxStarts, workerOnHost } from './without-sandbox.ts';
import { Workspace } from './workspace.ts';

export interface DownloadJob {
  readonly urls: readonly string[];
  readonly expectedHash?: string;
  readonly unpack: boolean;
  readonly executable: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number, expectedBytes: number) => void;
}

/** A file that the worker left; disposing deletes it. */
export interface Downloaded extends Disposable {
  readonly path: string;
  /** Whom it must belong to; `undefined`: ourselves. */
  readonly ownerUid: number | undefined;
}

interface Pending {
  readonly job: DownloadJob;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const directoryInside = '/build';

/** Starts its worker at the first download. Dispose it when all downloads are over. */
export class DownloadService implements AsyncDisposable {
  readonly #context: BuildContext;
  #worker: Promise<Worker> | undefined;

  constructor(context: BuildContext) {
    this.#context = context;
  }

  /** Throws `BuildError` telling what every address answered, or `Interrupted`. */
  async download(job: DownloadJob): Promise<Downloaded> {
    this.#worker ??= Worker.start(this.#context);
    const worker = await this.#worker;
    return worker.download(job);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const worker = await this.#worker?.catch(() => undefined);
    this.#worker = undefined;
    await worker?.stop();
  }
}

class Worker {
  readonly #workspace: Workspace;
  readonly #slot: FlockFile;
  readonly #user: BuildUser | undefined;
  readonly #process: RunningProcess;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #messages = '';
  /** Why the process is no longer there. */
  #failure: Error | undefined;

  static async start(context: BuildContext): Promise<Worker> {
    const user = await context.users?.acquire();
    const slot = takeSlot(join(context.store.stateDir, 'downloads'));
    const workspace = await Workspace.create(`${slot.path.slice(0, -'.lock'.length)}`, user);
    const sandbox = (plan: SandboxPlan) => sandboxProcess({ ...context, workspace, user }, plan);
    const sandboxed = context.settings.sandbox !== 'off' || (await sandboxStarts(context.tools, sandbox));
    if (!sandboxed) context.logger.warn('downloading without a sandbox, which this system does not allow');
    const process = sandboxed ? sandbox(workerPlan(workspace)) : workerWithoutSandbox(workspace, user);
    return new Worker(context, {
      workspace,
      slot,
      user,
      process,
      etc: sandboxed ? '/etc' : workspace.etcDirectory,
    });
  }

  private constructor(
    context: BuildContext,
    parts: {
      workspace: Workspace;
      slot: FlockFile;
      user: BuildUser | undefined;
      process: BuilderProcess;
      /** `/etc` as the worker sees it. */
      etc: string;
    },
  ) {
    this.#workspace = parts.workspace;
    this.#slot = parts.slot;
    this.#user = parts.user;
    const { settings } = context;
    this.#workspace.writeEtc(directoryInside, networkFiles(settings.caFile));
    const { descriptors, ...command } = parts.process;
    this.#process = startProcess({ ...command, stdin: 'pipe', extra: descriptors });
    for (const descriptor of descriptors) closeSync(descriptor);
    this.#process.stdin?.on('error', () => {});
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#messages = (this.#messages + chunk.toString()).slice(-2000);
    });
    createInterface({ input: this.#process.stdout! }).on('line', (line) => this.#handle(line));
    this.#process.exited.then(
      () => {
        const said = this.#messages.trim();
        const noNamespaces = namespaceFailure(said.split('\n'), context.store);
        this.#fail(noNamespaces ?? new BuildError(`the download worker ended: ${said}`));
      },
      (error: Error) => this.#fail(error),
    );
    this.#write(workerSettings(context, parts.etc));
  }

  async download(job: DownloadJob): Promise<Downloaded> {
    if (job.signal.aborted) throw new Interrupted();
    if (this.#failure) throw this.#failure;
    const id = this.#nextId++;
    const path = join(this.#workspace.buildDirectory, String(id));
    const remove = () => rmSync(path, { recursive: true, force: true });
    const cancel = () => this.#write({ kind: 'cancel', id });
    job.signal.addEventListener('abort', cancel, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#pending.set(id, { job, resolve, reject });
        const { urls, expectedHash, unpack, executable } = job;
        this.#write({
          kind: 'download',
          id,
          urls,
          name: String(id),
          ...(expectedHash === undefined ? {} : { expectedHash }),
          unpack,
          executable,
        });
      });
    } catch (error) {
      remove();
      throw job.signal.aborted ? new Interrupted() : error;
    } finally {
      this.#pending.delete(id);
      job.signal.removeEventListener('abort', cancel);
    }
    return { path, ownerUid: this.#user?.uid, [Symbol.dispose]: remove };
  }

  async stop(): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await this.#workspace[Symbol.asyncDispose]();
    await this.#user?.[Symbol.asyncDispose]();
    this.#slot.close();
  }

  #write(message: WorkerRequest | WorkerSettings): void {
    this.#process.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  #handle(line: string): void {
    const event = parseEvent(line);
    const pending = event && this.#pending.get(event.id);
    if (!event || !pending) return;
    if (event.kind === 'progress') pending.job.onProgress(event.doneBytes, event.expectedBytes);
    else if (event.kind === 'done') pending.resolve();
    else {
      // The worker knows its directory by the name that it has inside.
      const message = String(event.message).replaceAll(
        `'${directoryInside}/`,
        `'${this.#workspace.buildDirectory}/`,
      );
      pending.reject(new BuildError(message, { code: 'download-failed', hint: event.hint }));
    }
  }

  #fail(error: Error): void {
    this.#failure = error;
    for (const { reject } of this.#pending.values()) reject(error);
  }
}

/** The worker is not trusted: a line that is no event is no reason to fail. */
function parseEvent(line: string): WorkerEvent | undefined {
  try {
    return JSON.parse(line) as WorkerEvent;
  } catch {
    return undefined;
  }
}

/** A directory name that no other process uses, with its lock. */
function takeSlot(directory: string): FlockFile {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  for (let number = 0; ; number++) {
    const lock = new FlockFile(join(directory, `${number}.lock`));
    if (lock.tryLock('exclusive')) return lock;
    lock.close();
  }
}

function workerPlan(workspace: Workspace): SandboxPlan {
  const runtime = nodeRuntime();
  const [program, ...args] = runtime.command;
  const mounts = [
    { kind: 'writable', source: workspace.buildDirectory, target: directoryInside },
    { kind: 'writable', source: workspace.temporaryDirectory, target: '/tmp' },
    { kind: 'read-only', source: workspace.etcDirectory, target: '/etc' },
    ...runtime.mounts,
  ] as const;
  return {
    directories: [
      ...new Set([...mounts.flatMap((mount) => parentDirectories(mount.target)), ...runtime.directories]),
    ],
    mounts,
    environment: new Map([['HOME', '/homeless-shelter']]),
    workingDirectory: directoryInside,
    hostNetwork: true,
    separateErrors: true,
    shmSizeBytes: 0,
    program,
    programName: 'node',
    args: [...args, 'download'],
  };
}

/** The worker as we run ourselves; as root it becomes the build user before it reads anything. */
function workerWithoutSandbox(workspace: Workspace, user: BuildUser | undefined): BuilderProcess {
  // Its directory must be reachable for that user.
  chmodSync(workspace.root, 0o711);
  const { command, environment } = workerOnHost('download', user);
  const [program, ...args] = command;
  return {
    program,
    args,
    env: { HOME: '/homeless-shelter', ...environment },
    cwd: workspace.buildDirectory,
    descriptors: [],
  };
}

function workerSettings(context: BuildContext, etc: string): WorkerSettings {
  const { downloads, caFile } = context.settings;
  return {
    ...defaultUrlFetcherSettings,
    attempts: downloads.attempts,
    connectTimeoutSeconds: downloads.connectTimeoutSeconds,
    stalledTimeoutSeconds: downloads.stalledTimeoutSeconds,
    maxConnections: downloads.maxParallel,
    proxyEnvironment: downloads.proxyEnvironment,
    caFile: caFile === undefined ? undefined : join(etc, 'ssl/certs/ca-certificates.crt'),
  };
}
