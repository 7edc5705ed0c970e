/**
 * The driver's side of the backdoor: a root shell in the machine at the other end of a virtio-serial port
 * (`modules/testing/backdoor.sh` is the other side). Everything is bytes; nothing is quoted or encoded.
 *
 *     guest -> driver   `ready BOOTID\n` when the service starts
 *     driver -> guest   `run ID TIMEOUT COMMANDBYTES INPUTBYTES\n` and those bytes
 *     guest -> driver   `done ID STATUS OUTPUTBYTES\n` and those bytes
 *
 * Commands of one machine run one after the other.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { TestError, TestTimeout } from './errors.ts';

export interface BackdoorResult {
  /** Exit status; 124 when the guest ended the command for taking too long. */
  readonly status: number;
  readonly output: Buffer;
}

export interface BackdoorRequest {
  readonly command: string;
  /** What the command reads from its standard input; nothing by default. */
  readonly input?: Uint8Array;
  /** Seconds; absent: no limit. */
  readonly timeoutSeconds?: number;
}

interface Waiting {
  readonly id: number;
  readonly resolve: (result: BackdoorResult) => void;
  readonly reject: (error: Error) => void;
}

/** What a `done` line says. */
interface Header {
  readonly id: number;
  readonly status: number;
  readonly bytes: number;
}

/** The guest's `timeout` may need a while to end a command; then the driver gives up by itself. */
const GRACE_SECONDS = 60;

export class Backdoor implements Disposable {
  readonly #server: Server;
  readonly #name: string;
  readonly #readyListeners = new Set<() => void>();
  #socket: Socket | undefined;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  #wanted = 0;
  #rest: Buffer = Buffer.alloc(0);
  #header: Header | undefined;
  #waiting: Waiting | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #lastId = 0;
  #ready = false;
  #lost: string | undefined;

  /** Listens on the Unix socket `path`, to which QEMU connects. */
  constructor(path: string, name: string) {
    this.#name = name;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.listen(path);
  }

  /** Whether the guest's shell has said that it is there. */
  get ready(): boolean {
    return this.#ready;
  }

  /**
   * Waits for the guest's shell.
   *
   * @throws TestTimeout
   */
  waitReady(timeoutSeconds: number): Promise<void> {
    if (this.#ready) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#readyListeners.delete(done);
        clearTimeout(timer);
        if (this.#ready) resolve();
        else reject(this.#gone());
      };
      const timer = setTimeout(() => {
        this.#readyListeners.delete(done);
        reject(
          new TestTimeout(
            `the shell of machine '${this.#name}' was not there within ${timeoutSeconds} seconds`,
            {
              hint: "see the machine's console output above for how far its boot got",
            },
          ),
        );
      }, timeoutSeconds * 1000);
      this.#readyListeners.add(done);
    });
  }

  /**
   * Runs a command, after those asked for before.
   *
   * @throws TestError when the machine went away
   * @throws TestTimeout when the guest does not answer at all
   */
  run(request: BackdoorRequest): Promise<BackdoorResult> {
    const next = this.#queue.then(() => this.#send(request));
    this.#queue = next.catch(() => {});
    return next;
  }

  /** The guest is about to restart: its shell counts as gone until a new one is there. */
  expectRestart(): void {
    this.#ready = false;
  }

  /** The machine ended: what waits for it fails; a later start may connect again. */
  disconnect(reason: string): void {
    this.#lost = reason;
    this.#ready = false;
    this.#resetInput();
    this.#socket?.destroy();
    this.#socket = undefined;
    this.#waiting?.reject(this.#gone());
    this.#waiting = undefined;
    for (const listener of [...this.#readyListeners]) listener();
  }

  [Symbol.dispose](): void {
    this.disconnect('the test is over');
    this.#server.close();
  }

  #gone(): TestError {
    return new TestError(`machine '${this.#name}' stopped: ${this.#lost ?? 'its shell went away'}`, {
      code: 'test-machine',
    });
  }

  #accept(socket: Socket): void {
    this.#socket?.destroy();
    this.#socket = socket;
    this.#lost = undefined;
    this.#resetInput();
    socket.on('data', (data) => this.#receive(data));
    socket.on('error', () => {});
  }

  #resetInput(): void {
    this.#received = [];
    this.#receivedBytes = 0;
    this.#wanted = 0;
    this.#header = undefined;
  }

  async #send({
    command,
    input = new Uint8Array(),
    timeoutSeconds,
  }: BackdoorRequest): Promise<BackdoorResult> {
    const socket = this.#socket;
    if (!socket || !this.#ready) throw this.#gone();
    const id = ++this.#lastId;
    const bytes = Buffer.from(command, 'utf8');
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<BackdoorResult>((resolve, reject) => {
        this.#waiting = { id, resolve, reject };
        if (timeoutSeconds !== undefined) {
          const limit = timeoutSeconds + GRACE_SECONDS;
          const giveUp = () => reject(new TestTimeout(`machine '${this.#name}' does not answer any more`));
          timer = setTimeout(giveUp, limit * 1000);
        }
        socket.write(`run ${id} ${timeoutSeconds ?? 0} ${bytes.length} ${input.length}\n`);
        socket.write(bytes);
        if (input.length > 0) socket.write(input);
      });
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  #receive(data: Buffer): void {
    this.#received.push(data);
    this.#receivedBytes += data.length;
    if (this.#receivedBytes < this.#wanted) return;
    this.#rest = Buffer.concat(this.#received);
    while (this.#header ? this.#takeOutput(this.#header) : this.#takeLine());
    this.#received = [this.#rest];
    this.#receivedBytes = this.#rest.length;
    this.#wanted = this.#header?.bytes ?? 0;
  }

  /** Takes a line from what was received; false when there is no whole one. */
  #takeLine(): boolean {
    const end = this.#rest.indexOf(10);
    if (end < 0) return false;
    const words = this.#rest.toString('latin1', 0, end).split(' ');
    if (words[0] === 'ready') this.#becomeReady();
    else if (words[0] === 'done')
      this.#header = { id: Number(words[1]), status: Number(words[2]), bytes: Number(words[3]) };
    this.#rest = this.#rest.subarray(end + 1);
    return true;
  }

  /** Takes a command's output; false while it is not complete. */
  #takeOutput({ id, status, bytes }: Header): boolean {
    if (this.#rest.length < bytes) return false;
    const output = Buffer.from(this.#rest.subarray(0, bytes));
    this.#rest = this.#rest.subarray(bytes);
    this.#header = undefined;
    if (this.#waiting?.id === id) this.#waiting.resolve({ status, output });
    return true;
  }

  #becomeReady(): void {
    // A shell that starts anew (after a reboot) knows nothing of what the former one was asked.
    this.#waiting?.reject(this.#gone());
    this.#waiting = undefined;
    this.#ready = true;
    for (const listener of [...this.#readyListeners]) listener();
  }
}
