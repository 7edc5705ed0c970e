/**
 * Makes many additions durable and valid together. Flushing one file costs milliseconds, flushing a whole file
 * system hardly more, and so does a transaction; what is added at the same time therefore shares both. The order
 * holds: a path becomes valid after its bytes are safe, and after (or together with) those it was queued after.
 */
import { open } from 'node:fs/promises';
import { syncFileSystem } from './native/syscall.ts';
import type { PathInfo } from './store.ts';

/** Up to so many files are flushed one by one. */
const FEW_FILES = 4;

/** A path whose files are in place. */
export interface WrittenPath {
  readonly info: PathInfo;
  readonly realPath: string;
  /** Files, directories and links in it. */
  readonly entries: number;
}

interface Waiting extends WrittenPath {
  resolve(): void;
  reject(error: unknown): void;
}

export interface RegistrationQueueOptions {
  readonly realStoreDir: string;
  /** `false` leaves flushing to the kernel: faster, for stores that may be lost. */
  readonly durable: boolean;
  readonly register: (infos: readonly PathInfo[]) => void;
}

export class RegistrationQueue {
  readonly #options: RegistrationQueueOptions;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;

  constructor(options: RegistrationQueueOptions) {
    this.#options = options;
  }

  /** Resolves when the path is durable and valid. */
  add(path: WrittenPath): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...path, resolve, reject });
      this.#flushing ??= this.#flushAll();
    });
  }

  /** Resolves when nothing is waiting any more. */
  async idle(): Promise<void> {
    while (this.#flushing) await this.#flushing;
  }

  async #flushAll(): Promise<void> {
    // Others who were started in this turn of the event loop join the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#flush(batch);
    }
    this.#flushing = undefined;
  }

  async #flush(batch: Waiting[]): Promise<void> {
    try {
      if (this.#options.durable) await makeDurable(this.#options.realStoreDir, batch);
      this.#options.register(batch.map((path) => path.info));
    } catch (error) {
      if (batch.length === 1) {
        batch[0].reject(error);
        return;
      }
      // One of them is at fault; the others should not suffer.
      for (const path of batch) await this.#flush([path]);
      return;
    }
    for (const path of batch) path.resolve();
  }
}

/** Flushes the files of all paths, and the store directory that names them. */
export async function makeDurable(
  realStoreDir: string,
  paths: readonly { readonly realPath: string; readonly entries: number }[],
): Promise<void> {
  const single = paths.every((path) => path.entries === 1);
  if (!single || paths.length > FEW_FILES) {
    syncFileSystem(realStoreDir);
    return;
  }
  await Promise.all(paths.map((path) => flushFile(path.realPath)));
  await flushFile(realStoreDir);
}

async function flushFile(path: string): Promise<void> {
  try {
    await using handle = await open(path, 'r');
    await handle.sync();
  } catch (error) {
    // A link has nothing of its own to flush: it lives in its directory.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
