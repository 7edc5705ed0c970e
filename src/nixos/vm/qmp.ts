/** A client of QEMU's machine protocol (QMP): JSON objects, one a line, over a Unix socket. */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { NixError } from '../../diagnostics/index.ts';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Something that QEMU tells by itself: its name in `event`, and what belongs to it. */
export type QmpEvent = Readonly<Record<string, unknown>>;

/** Events that nobody asked for are kept, but not without end. */
const KEPT_EVENTS = 1000;

/** An open, negotiated connection. */
export class QmpClient implements Disposable {
  readonly #socket: Socket;
  readonly #pending: Pending[] = [];
  readonly #events: QmpEvent[] = [];
  readonly #eventListeners = new Set<() => void>();

  private constructor(socket: Socket) {
    this.#socket = socket;
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => this.#receive(line));
    // It passes on the socket's errors, which the next handler takes care of.
    lines.on('error', () => {});
    socket.on('error', (error) => this.#failAll(error));
    socket.on('close', () => this.#failAll(new NixError('QEMU closed its control connection')));
  }

  /** Connects to the socket at `path` and leaves the negotiation mode. */
  static async connect(path: string): Promise<QmpClient> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const client = new QmpClient(socket);
    await client.execute('qmp_capabilities');
    return client;
  }

  /** Runs one command; resolves with its `return`, rejects with QEMU's description of the error. */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ resolve, reject });
      this.#socket.write(
        `${JSON.stringify(args ? { execute: command, arguments: args } : { execute: command })}\n`,
      );
    });
  }

  /** A command of the human monitor, such as `sendkey alt-f1`; its output. */
  async monitor(line: string): Promise<string> {
    return String(await this.execute('human-monitor-command', { 'command-line': line }));
  }

  /** The oldest event not asked for yet, waited for when there is none; `undefined` once the time is over. */
  async nextEvent(milliseconds: number): Promise<QmpEvent | undefined> {
    if (this.#events.length === 0 && milliseconds > 0) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#eventListeners.delete(done);
          resolve();
        };
        const timer = setTimeout(done, milliseconds);
        this.#eventListeners.add(done);
      });
    }
    return this.#events.shift();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #receive(line: string): void {
    const message = JSON.parse(line) as {
      return?: unknown;
      error?: { desc: string };
      event?: string;
      QMP?: unknown;
    };
    if (message.QMP !== undefined) return;
    if (message.event !== undefined) {
      this.#events.push(message);
      if (this.#events.length > KEPT_EVENTS) this.#events.shift();
      for (const listener of [...this.#eventListeners]) listener();
      return;
    }
    const pending = this.#pending.shift();
    if (message.error) pending?.reject(new NixError(`QEMU: ${message.error.desc}`));
    else pending?.resolve(message.return);
  }

  #failAll(error: Error): void {
    for (const pending of this.#pending.splice(0)) pending.reject(error);
  }
}
