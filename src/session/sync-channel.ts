/**
 * The boundary between synchronous evaluation and asynchronous work (ADR 0001). The evaluator runs in a Worker and
 * may *call* the main thread, blocking in `Atomics.wait` until the answer is there, or *post* to it and go on. The
 * main thread handles calls asynchronously. Posts and calls share one port, so a call is handled after every
 * earlier post has at least been started.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import {
  BuildError,
  EvalError,
  Interrupted,
  NixError,
  ParseError,
  StoreError,
  UsageError,
} from '../diagnostics/index.ts';

/** Slots of the shared signal array. */
const slot = { answered: 0, interrupt: 1 } as const;

interface Request {
  readonly call: boolean;
  readonly method: string;
  readonly args: readonly unknown[];
}
type Answer = { readonly value: unknown } | { readonly error: ErrorRecord };

/** An error as data, so that it can cross threads and be kept in caches. Positions are not kept. */
export interface ErrorRecord {
  readonly type: string;
  readonly message: string;
  readonly code: string;
  readonly hint?: string | undefined;
  readonly exitStatus: number;
  readonly stack?: string | undefined;
}

const errorClasses = { NixError, BuildError, EvalError, ParseError, StoreError, UsageError };

/** Turns any thrown value into data. */
export function errorToRecord(error: unknown): ErrorRecord {
  if (error instanceof NixError) {
    const { message, code, hint, exitStatus } = error;
    const type =
      Object.entries(errorClasses).findLast(([, kind]) => error instanceof kind)?.[0] ?? 'NixError';
    return { type, message, code, hint, exitStatus };
  }
  const type = error instanceof Interrupted ? 'Interrupted' : 'Error';
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  return { type, message, code: type, exitStatus: 1, stack };
}

/** The error that a record stands for. */
export function recordToError(record: ErrorRecord): Error {
  if (record.type === 'Interrupted') return new Interrupted(record.message);
  const kind = (errorClasses as Record<string, typeof NixError>)[record.type];
  if (kind)
    return new kind(record.message, { code: record.code, hint: record.hint, exitStatus: record.exitStatus });
  const error = new Error(record.message);
  if (record.stack !== undefined) error.stack = record.stack;
  return error;
}

/** A fresh signal array for one channel. */
export function makeSignal(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** The evaluator's end. */
export class SyncCaller {
  readonly #port: MessagePort;
  readonly #signal: Int32Array<SharedArrayBuffer>;

  constructor(port: MessagePort, signal: Int32Array<SharedArrayBuffer>) {
    this.#port = port;
    this.#signal = signal;
  }

  /** Whether the main thread asked the evaluation to stop. Cheap enough to poll on every call. */
  get interrupted(): boolean {
    return this.#signal[slot.interrupt] !== 0;
  }

  /** Runs `method` on the main thread and blocks until it answered; rethrows its error. */
  call(method: string, ...args: unknown[]): unknown {
    Atomics.store(this.#signal, slot.answered, 0);
    this.#port.postMessage({ call: true, method, args } satisfies Request);
    Atomics.wait(this.#signal, slot.answered, 0);
    const answer = receiveMessageOnPort(this.#port)?.message as Answer | undefined;
    if (!answer) throw new Error(`no answer to '${method}'`);
    if ('error' in answer) throw recordToError(answer.error);
    return answer.value;
  }

  /** Runs `method` on the main thread without waiting. Its failure surfaces at the main thread's next barrier. */
  post(method: string, ...args: unknown[]): void {
    this.#port.postMessage({ call: false, method, args } satisfies Request);
  }
}

export type Handler = (...args: never[]) => unknown;

/** The main thread's end: answers calls with the handlers, collects the failures of posts. */
export class SyncResponder {
  readonly #signal: Int32Array<SharedArrayBuffer>;
  #firstFailure: unknown;
  #failed = false;

  constructor(
    port: MessagePort,
    signal: Int32Array<SharedArrayBuffer>,
    handlers: Readonly<Record<string, Handler>>,
  ) {
    this.#signal = signal;
    port.on('message', (request: Request) => {
      void this.#handle(port, request, handlers);
    });
  }

  async #handle(
    port: MessagePort,
    request: Request,
    handlers: Readonly<Record<string, Handler>>,
  ): Promise<void> {
    let answer: Answer;
    try {
      const handler = handlers[request.method];
      if (!handler) throw new Error(`unknown method '${request.method}'`);
      answer = { value: await (handler as (...args: readonly unknown[]) => unknown)(...request.args) };
    } catch (error) {
      if (!request.call && !this.#failed) {
        this.#failed = true;
        this.#firstFailure = error;
      }
      answer = { error: errorToRecord(error) };
    }
    if (!request.call) return;
    port.postMessage(answer);
    Atomics.store(this.#signal, slot.answered, 1);
    Atomics.notify(this.#signal, slot.answered);
  }

  /** Asks the evaluation to stop at its next call. */
  interrupt(): void {
    Atomics.store(this.#signal, slot.interrupt, 1);
  }

  /** Clears an interruption so that the evaluator can be used again. */
  clearInterrupt(): void {
    Atomics.store(this.#signal, slot.interrupt, 0);
  }

  /** Rethrows the first failure of a post. */
  throwIfFailed(): void {
    if (this.#failed) throw this.#firstFailure;
  }
}
