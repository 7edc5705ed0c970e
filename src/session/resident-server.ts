/**
 * The resident evaluator: a process of the user's that evaluates for their commands, one at a time. It keeps nothing
 * but code: parsed and compiled files (compared with their texts at each use) and what V8 made of them. Stores are open,
 * and their temporary roots held, only while a command is connected. It ends after some idleness, when it has grown too
 * big, when asked, and when its socket is gone.
 */
import { existsSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { MemoryLogger } from '../diagnostics/index.ts';
import type { EvaluationOutcome } from './evaluation-cache.ts';
import { type ResidentQuestion, type ResidentSession, receive, send } from './resident-protocol.ts';
import { type EvaluatorHolder, openSession } from './session.ts';

/** Variables that decide where things are; a change of one needs another evaluator. */
const deciding = /^(HOME|USER|LOGNAME|TMPDIR|XDG_.*|NIX_.*|FIRN_.*)$/;
/** Milliseconds between two looks at whether to go on. */
const watchInterval = 5_000;

export interface ResidentOptions {
  readonly socket: string;
  readonly idleSeconds: number;
  /** Bytes of resident set. */
  readonly memory: number;
}

type Evaluate = ResidentQuestion & { kind: 'evaluate' };

export class ResidentServer {
  readonly #options: ResidentOptions;
  readonly #server = createServer((socket) => this.#serve(socket));
  readonly #watch: NodeJS.Timeout;
  #holder: EvaluatorHolder = {};
  /** What the held evaluator was started with. */
  #key = '';
  #isBusy = false;
  #evaluations = 0;
  #lastUse = Date.now();

  private constructor(options: ResidentOptions) {
    this.#options = options;
    this.#watch = setInterval(() => this.#stopIfUseless(), watchInterval);
  }

  /** Begins to listen; `undefined` when another one does already. */
  static async start(options: ResidentOptions): Promise<ResidentServer | undefined> {
    if (existsSync(options.socket)) {
      if (await isAnswered(options.socket)) return undefined;
      rmSync(options.socket, { force: true });
    }
    const server = new ResidentServer(options);
    return new Promise((resolve) => {
      server.#server.once('error', () => {
        server.stop();
        resolve(undefined);
      });
      server.#server.listen(options.socket, () => resolve(server));
    });
  }

  /** Ends it; a command that is connected then evaluates by itself. */
  stop(): void {
    clearInterval(this.#watch);
    this.#server.close();
    rmSync(this.#options.socket, { force: true });
    void this.#forget();
  }

  async #forget(): Promise<void> {
    const { client } = this.#holder;
    this.#holder = {};
    this.#key = '';
    await client?.close();
  }

  #stopIfUseless(): void {
    if (this.#isBusy) return;
    const { idleSeconds, memory, socket } = this.#options;
    const isIdle = Date.now() - this.#lastUse > idleSeconds * 1000;
    if (isIdle || process.memoryUsage().rss > memory || !existsSync(socket)) this.stop();
  }

  #serve(socket: Socket): void {
    socket.on('error', () => {});
    receive(socket, (message) => {
      const question = message as ResidentQuestion;
      switch (question.kind) {
        case 'status':
          send(socket, { kind: 'status', status: this.#status() });
          return;
        case 'stop':
          send(socket, { kind: 'stopping' });
          this.stop();
          return;
        case 'evaluate':
          if (this.#isBusy) send(socket, { kind: 'declined' });
          else void this.#evaluate(socket, question);
      }
    });
  }

  #status() {
    const { rss } = process.memoryUsage();
    return { pid: process.pid, evaluations: this.#evaluations, memory: rss, isBusy: this.#isBusy };
  }

  async #evaluate(socket: Socket, question: Evaluate): Promise<void> {
    this.#isBusy = true;
    send(socket, { kind: 'accepted' });
    try {
      await this.#answer(socket, question);
    } catch {
      // An evaluator in an unknown state is not used again; the command does it by itself.
      await this.#forget();
      socket.destroy();
    } finally {
      this.#isBusy = false;
      this.#evaluations++;
      this.#lastUse = Date.now();
    }
  }

  async #answer(socket: Socket, { session: wanted, request }: Evaluate): Promise<void> {
    const key = keyOf(wanted);
    if (key !== this.#key) await this.#forget();
    this.#key = key;
    process.chdir(wanted.directory);
    const gone = new AbortController();
    const ended = new Promise<void>((resolve) => socket.once('close', resolve)).then(() => gone.abort());
    const session = await openSession({
      ...wanted,
      settings: { ...wanted.settings, 'eval-cache': false, 'resident-evaluator': false },
      logger: new MemoryLogger(),
      signal: gone.signal,
      evaluator: this.#holder,
      print: (message) => send(socket, { kind: 'print', message }),
    });
    try {
      const { outcome, learned } = await session.evaluateAnew(request);
      if (gone.signal.aborted) throw new Error('the command is gone');
      const isOurs = !session.neededMore && learned !== undefined && !isOfThisProcess(outcome);
      send(socket, isOurs ? { kind: 'done', outcome, learned } : { kind: 'declined' });
      // The command closes the connection when it holds roots of its own.
      await ended;
    } finally {
      await session.close();
    }
  }
}

/** Errors that another process may not have: the stack's depth, interruptions, mistakes of the program. */
function isOfThisProcess(outcome: EvaluationOutcome): boolean {
  if (!('error' in outcome)) return false;
  const { code, type } = outcome.error;
  return code === 'stack-overflow' || type === 'Error' || type === 'Interrupted';
}

function keyOf({ settings, env, storeUri, searchPath, onlyReads }: ResidentSession): string {
  const variables = Object.entries(env).filter(([name]) => deciding.test(name));
  return JSON.stringify([settings, variables.sort(), storeUri, searchPath, onlyReads]);
}

/** Whether somebody listens on a socket. */
function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  return new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).finally(() => void socket.destroy());
}
