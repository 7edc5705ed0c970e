/**
 * Temporary roots: paths that a running process is using or about to add, and that no collector may delete. As in
 * C++ Nix, every process keeps a file `temproots/PID`, locked exclusively while it lives, holding printed paths, each
 * ended by a zero byte; a file that can be locked is a dead process's.
 *
 * Adding a root needs `gc.lock` shared for a moment. When a collector holds it exclusively, it is told of the root
 * through the socket `gc-socket/socket` (a line with the path; the answer is `1`), and answers once it is certain not
 * to delete that path.
 */
import { mkdirSync, readdirSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../diagnostics/index.ts';
import { printStorePath, type StorePath, tryParseStorePath } from '../formats/index.ts';
import { FlockFile } from './flock-file.ts';
import { reachableSocketPath } from './gc-socket.ts';
import { writing } from './write-fault.ts';

/** A collector that has just started opens its socket within this time. */
const RETRY_MS = 10;

/** The temporary roots of this process in one store. */
export class TempRoots implements Disposable {
  readonly #stateDir: string;
  readonly #storeDir: string;
  readonly #gcLock: FlockFile;
  readonly #known = new Set<string>();
  #file: FlockFile | undefined;
  /** Of the file, as far as whole roots go. */
  #sizeBytes = 0;
  #collector: CollectorConnection | undefined;

  constructor(stateDir: string, storeDir: string) {
    this.#stateDir = stateDir;
    this.#storeDir = storeDir;
    this.#gcLock = new FlockFile(join(stateDir, 'gc.lock'));
  }

  /** Protects `path` until this object is disposed. */
  async add(path: StorePath): Promise<void> {
    if (this.#known.has(path.baseName)) return;
    const printed = printStorePath(this.#storeDir, path);
    while (!this.#record(printed)) {
      if (await this.#tellCollector(printed)) {
        this.#append(printed);
        break;
      }
      await sleep(RETRY_MS);
    }
    this.#known.add(path.baseName);
  }

  /** Writes the root down, unless a collector is at work. */
  #record(printed: string): boolean {
    this.#ownFile();
    if (!this.#gcLock.tryLock('shared')) return false;
    try {
      this.#append(printed);
      return true;
    } finally {
      this.#gcLock.unlock();
    }
  }

  /** All of it, or nothing: half a root would spoil the one after it. */
  #append(printed: string): void {
    const { descriptor, path } = this.#ownFile();
    const bytes = Buffer.from(`${printed}\0`);
    writing(path, () => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(descriptor, bytes, done, bytes.length - done, this.#sizeBytes + done);
      }
    });
    this.#sizeBytes += bytes.length;
  }

  async #tellCollector(printed: string): Promise<boolean> {
    try {
      this.#collector ??= await CollectorConnection.open(this.#stateDir);
      await this.#collector.send(printed);
      return true;
    } catch {
      // It has finished, or not opened its socket yet.
      this.#collector?.close();
      this.#collector = undefined;
      return false;
    }
  }

  #ownFile(): FlockFile {
    this.#file ??= openOwnFile(join(this.#stateDir, 'temproots'));
    return this.#file;
  }

  [Symbol.dispose](): void {
    this.#collector?.close();
    this.#gcLock.close();
    if (!this.#file) return;
    try {
      unlinkSync(this.#file.path);
    } catch {
      // A collector may have removed the directory's contents after our death was wrongly assumed; nothing to do.
    }
    this.#file.close();
    this.#file = undefined;
  }
}

/**
 * Opens and locks a file of our own. The usual name is the process id; a process in another namespace, or a second
 * store object of this process, may have it already, so others are tried. Collectors do not look at the name.
 */
function openOwnFile(directory: string): FlockFile {
  writing(directory, () => mkdirSync(directory, { recursive: true }));
  for (let attempt = 0; ; ) {
    const name = attempt === 0 ? `${process.pid}` : `${process.pid}-${attempt}`;
    const file = new FlockFile(join(directory, name));
    if (file.tryLock('exclusive')) {
      if (!file.isStale()) return file;
      // Left by a dead process of the same id, or deleted by a collector just now: make a new one.
      try {
        unlinkSync(file.path);
      } catch {
        // Already gone.
      }
    } else attempt++;
    file.close();
  }
}

/** A connection to a running collector; questions are answered in order, one at a time. */
class CollectorConnection {
  readonly #socket: Socket;
  #pending: Promise<void> = Promise.resolve();

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(stateDir: string): Promise<CollectorConnection> {
    const reachable = reachableSocketPath(join(stateDir, 'gc-socket'));
    try {
      const socket = connect(reachable.path);
      await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
      socket.on('error', () => {});
      return new CollectorConnection(socket);
    } finally {
      reachable.close();
    }
  }

  /** Resolves when the collector has acknowledged the root; rejects when it is gone. */
  send(printed: string): Promise<void> {
    const previous = this.#pending.catch(() => {});
    this.#pending = previous.then(() => this.#ask(printed));
    return this.#pending;
  }

  #ask(printed: string): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      const closed = () => reject(new Error('the collector has finished'));
      if (socket.destroyed || socket.readableEnded) return closed();
      socket.once('close', closed).once('end', closed);
      socket.once('data', () => {
        socket.off('close', closed).off('end', closed);
        resolve();
      });
      socket.write(`${printed}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

/**
 * Reads all processes' temporary roots; files of dead processes are removed.
 *
 * @returns path base name -> who holds it (`{temp:PID}`)
 */
export function findTempRoots(stateDir: string, storeDir: string, logger: Logger): Map<string, string[]> {
  const roots = new Map<string, string[]>();
  const directory = join(stateDir, 'temproots');
  for (const name of readdirSync(directory)) {
    if (name.startsWith('.')) continue;
    using file = new FlockFile(join(directory, name));
    if (file.tryLock('exclusive')) {
      logger.log(3, `removing stale temporary roots file '${file.path}'`);
      file.delete();
      continue;
    }
    const parts = readFileSync(file.descriptor, 'latin1').split('\0');
    // The last part is empty, or a root that its owner is just writing (and so has not been promised).
    for (const printed of parts.slice(0, -1)) {
      const path = tryParseStorePath(storeDir, printed);
      if (!path) continue;
      const holders = roots.get(path.baseName) ?? [];
      holders.push(`{temp:${name}}`);
      roots.set(path.baseName, holders);
    }
  }
  return roots;
}
