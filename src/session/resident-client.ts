/**
 * A command's side of the resident evaluator. Whatever goes wrong here, the command evaluates by itself: the evaluator
 * is started for the next one when it is not there, and left alone when it is busy, slow to answer, or declines.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Interrupted } from '../diagnostics/index.ts';
import type { StoreQuestions } from './cached-evaluation.ts';
import type { EvaluationRequest } from './evaluation.ts';
import type { EvaluationInputs } from './evaluation-inputs.ts';
import type { Evaluated } from './evaluator-client.ts';
import {
  type ResidentAnswer,
  type ResidentQuestion,
  type ResidentStatus,
  receive,
  residentSocket,
  send,
} from './resident-protocol.ts';
import type { Settings } from './settings.ts';

/** Identifies the program; set by the bundler. */
declare const FIRN_BUILD: string | undefined;

/** Milliseconds within which a question is accepted. */
const patience = 1000;

/** What a session is opened with, and the working directory. */
export interface AskOptions {
  readonly settings: Settings;
  readonly env: NodeJS.ProcessEnv;
  readonly storeUri: string | undefined;
  readonly searchPath: readonly string[];
  readonly onlyReads?: boolean;
  readonly build?: string;
  readonly directory: string;
  readonly signal?: AbortSignal;
}

/**
 * The resident evaluator's answer; `undefined` when the command has to evaluate by itself. What it produced is held by
 * a temporary root of this process.
 *
 * @throws Interrupted
 */
export async function askResident(
  request: EvaluationRequest,
  options: AskOptions,
  store: StoreQuestions,
  print: (message: string) => void,
): Promise<(Evaluated & { readonly learned: EvaluationInputs }) | undefined> {
  const path = socketOf(options.env, options.build);
  if (path === undefined) return undefined;
  const { env, storeUri, searchPath, directory, settings } = options;
  const session = { settings, env, storeUri, searchPath, onlyReads: options.onlyReads === true, directory };
  const printed: string[] = [];
  const conversation = new Conversation(path, { kind: 'evaluate', session, request }, options.signal);
  for await (const answer of conversation.answers()) {
    if (answer.kind === 'print') printed.push(answer.message);
    if (answer.kind === 'declined') return undefined;
    if (answer.kind !== 'done') continue;
    // The connection still lasts, and with it the evaluator's own roots.
    if (request.writeStore && 'answer' in answer.outcome && !(await holdAll(answer.learned.products, store)))
      return undefined;
    for (const message of printed) print(message);
    return { outcome: answer.outcome, learned: answer.learned };
  }
  if (conversation.isRefused) startResident(path, options);
  return undefined;
}

function socketOf(env: NodeJS.ProcessEnv, build: string | undefined): string | undefined {
  const name = build ?? (typeof FIRN_BUILD === 'string' ? FIRN_BUILD : undefined);
  return name === undefined ? undefined : residentSocket(env, name);
}

async function holdAll(paths: readonly string[], store: StoreQuestions): Promise<boolean> {
  for (const path of paths) {
    await store.hold(path);
    if (!store.isValid(path)) return false;
  }
  return true;
}

/** A question and the messages that answer it; none when nobody is there, or answers in time. */
class Conversation {
  /** Whether nobody listens. */
  isRefused = false;
  readonly #socket: Socket;
  readonly #incoming: AsyncGenerator<ResidentAnswer>;
  readonly #signal: AbortSignal | undefined;

  constructor(path: string, question: ResidentQuestion, signal?: AbortSignal) {
    this.#socket = connect(path);
    this.#signal = signal;
    this.#socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ENOENT' || code === 'ECONNREFUSED') this.isRefused = true;
    });
    this.#socket.setTimeout(patience, () => void this.#socket.destroy());
    this.#incoming = answersOf(this.#socket);
    send(this.#socket, question);
  }

  /** @throws Interrupted */
  async *answers(): AsyncGenerator<ResidentAnswer> {
    const onAbort = () => void this.#socket.destroy();
    this.#signal?.addEventListener('abort', onAbort, { once: true });
    try {
      for await (const answer of this.#incoming) {
        this.#socket.setTimeout(0);
        yield answer;
      }
      if (this.#signal?.aborted) throw new Interrupted();
    } finally {
      this.#signal?.removeEventListener('abort', onAbort);
      this.#socket.destroy();
    }
  }
}

/** What arrives until the connection ends, for whatever reason. */
async function* answersOf(socket: Socket): AsyncGenerator<ResidentAnswer> {
  const queue: ResidentAnswer[] = [];
  let isOver = false;
  let wake = () => {};
  receive(socket, (message) => {
    queue.push(message as ResidentAnswer);
    wake();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    isOver = true;
    wake();
  });
  while (!isOver || queue.length > 0) {
    const next = queue.shift();
    if (next !== undefined) yield next;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

/** Starts the evaluator as a process of its own that goes on after this one. */
function startResident(path: string, { env, settings }: AskOptions): void {
  const bundled = new URL('./resident-main.js', import.meta.url);
  const file = existsSync(bundled) ? bundled : new URL('./resident-main.ts', import.meta.url);
  const limits = [settings['resident-idle'], settings['resident-memory']].map(String);
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', fileURLToPath(file), path, ...limits],
    { detached: true, stdio: 'ignore', cwd: '/', env },
  );
  child.on('error', () => {});
  child.unref();
}

/** How the user's resident evaluator is; `undefined` when there is none. */
export async function residentStatus(
  env: NodeJS.ProcessEnv,
  build?: string,
): Promise<ResidentStatus | undefined> {
  const path = socketOf(env, build);
  if (path === undefined) return undefined;
  for await (const answer of new Conversation(path, { kind: 'status' }).answers())
    if (answer.kind === 'status') return answer.status;
  return undefined;
}

/** Ends the user's resident evaluator; whether there was one. */
export async function stopResident(env: NodeJS.ProcessEnv, build?: string): Promise<boolean> {
  const path = socketOf(env, build);
  if (path === undefined) return false;
  for await (const answer of new Conversation(path, { kind: 'stop' }).answers())
    if (answer.kind === 'stopping') return true;
  return false;
}
