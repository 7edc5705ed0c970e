/**
 * The main thread's side of the evaluator: starts the Worker on first use, hands requests over, serves what the
 * evaluator calls and posts, and passes Ctrl-C on as the interrupt flag.
 */
import { existsSync } from 'node:fs';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { Interrupted, NixError } from '../diagnostics/index.ts';
import { rebuildError } from './error-transfer.ts';
import type { EvaluationAnswer, EvaluationRequest } from './evaluation.ts';
import type { EvaluationOutcome } from './evaluation-cache.ts';
import type { EvaluationInputs } from './evaluation-inputs.ts';
import type { EvaluatorWorkerData, WorkerReply, WorkerRequest } from './evaluator-protocol.ts';
import { type Handler, makeSignal, SyncResponder } from './sync-channel.ts';

/** Megabytes of stack for the evaluator; enough for `max-call-depth` calls of real code (measured, see ADR 0001). */
const STACK_MEGABYTES = 900;
/** Old-space limit; a large system needs a few hundred. */
const HEAP_MEGABYTES = 12_000;

export interface EvaluatorClientOptions {
  readonly workerData: Omit<EvaluatorWorkerData, 'port' | 'signal'>;
  /** What the evaluator may call and post. */
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly signal: AbortSignal;
}

/** How an evaluation ended and, where that is recorded, what it learned. */
export interface Evaluated {
  readonly outcome: EvaluationOutcome;
  readonly learned: EvaluationInputs | undefined;
}

/** For whom an evaluator works now. */
export interface EvaluatorUse {
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly signal: AbortSignal;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export class EvaluatorClient {
  readonly #options: EvaluatorClientOptions;
  /** Looked up at each call: they change with the user. */
  readonly #handlers: Record<string, Handler>;
  #signal: AbortSignal;
  #env: Readonly<Record<string, string | undefined>> | undefined;
  #running: { worker: Worker; responder: SyncResponder; port: MessagePort } | undefined;
  #next = 1;
  readonly #pending = new Map<
    number,
    { resolve: (reply: WorkerReply) => void; reject: (error: unknown) => void }
  >();

  constructor(options: EvaluatorClientOptions) {
    this.#options = options;
    this.#handlers = { ...options.handlers };
    this.#signal = options.signal;
  }

  /** From now on the evaluator works for somebody else; only one that keeps nothing but code may. */
  adopt({ handlers, signal, env }: EvaluatorUse): void {
    Object.assign(this.#handlers, handlers);
    this.#signal = signal;
    this.#env = env;
  }

  /** Evaluates: how that ended (positions and traces of an error included) and, where it is recorded, what it learned. */
  async evaluate(request: EvaluationRequest): Promise<Evaluated> {
    const reply = await this.#send({ kind: 'evaluate', request, env: this.#env });
    const outcome = 'error' in reply ? { error: reply.error } : { answer: reply.value as EvaluationAnswer };
    return { outcome, learned: reply.learned };
  }

  /** Resolves `<name>`; a byte string. */
  async findFile(name: string): Promise<string> {
    const reply = await this.#send({ kind: 'findFile', name });
    if ('error' in reply) throw rebuildError(reply.error);
    return reply.value as string;
  }

  async close(): Promise<void> {
    await this.#running?.worker.terminate();
    this.#running?.port.close();
    this.#running = undefined;
  }

  async #send(request: WorkerRequest): Promise<WorkerReply> {
    const { worker, responder } = (this.#running ??= this.#start());
    const id = this.#next++;
    const signal = this.#signal;
    signal.throwIfAborted();
    const onAbort = () => responder.interrupt();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const reply = await new Promise<WorkerReply>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject });
        worker.postMessage({ id, request });
      });
      responder.throwIfFailed();
      return reply;
    } finally {
      this.#pending.delete(id);
      signal.removeEventListener('abort', onAbort);
    }
  }

  #start() {
    const channel = new MessageChannel();
    const signal = makeSignal();
    const responder = new SyncResponder(channel.port1, signal, this.#handlers);
    const worker = new Worker(workerFile(), {
      workerData: { ...this.#options.workerData, port: channel.port2, signal } satisfies EvaluatorWorkerData,
      transferList: [channel.port2],
      resourceLimits: { stackSizeMb: STACK_MEGABYTES, maxOldGenerationSizeMb: HEAP_MEGABYTES },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    worker.on('message', ({ id, reply }: { id: number; reply: WorkerReply }) =>
      this.#pending.get(id)?.resolve(reply),
    );
    worker.on('error', (error) => this.#failAll(workerFailure(error)));
    worker.on('exit', () =>
      this.#failAll(
        this.#signal.aborted ? new Interrupted() : new NixError('the evaluator stopped unexpectedly'),
      ),
    );
    return { worker, responder, port: channel.port1 };
  }

  #failAll(error: unknown): void {
    this.#running = undefined;
    for (const { reject } of this.#pending.values()) reject(error);
  }
}

/** Beside this file in the bundle; in the sources with its own extension. */
function workerFile(): URL {
  const bundled = new URL('./evaluator-worker.js', import.meta.url);
  return existsSync(bundled) ? bundled : new URL('./evaluator-worker.ts', import.meta.url);
}

function workerFailure(error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new NixError('evaluation needs more memory than it may use', {
      code: 'out-of-memory',
      hint: `the limit is ${HEAP_MEGABYTES} MB`,
    });
  }
  return error;
}
