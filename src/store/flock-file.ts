/**
 * Lock files, exactly as C++ Nix uses them: `flock` on an open file of mode 0600. Waiting is trying again with
 * growing pauses, so that signals and other work are not held up. The kernel gives a lock up when its holder dies.
 */
import { closeSync, constants, fstatSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted } from '../diagnostics/index.ts';
import { tryFlock } from './native/syscall.ts';
import { making } from './write-fault.ts';

export type LockMode = 'shared' | 'exclusive';

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 200;

/** An open lock file. Closing it (or disposing) gives the lock up. */
export class FlockFile implements Disposable {
  readonly path: string;
  #descriptor: number;

  /** Opens the file, creating it when it is missing; takes no lock yet. */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = making(path, () => openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  /** Takes (or changes) the lock unless somebody else is in the way. */
  tryLock(mode: LockMode): boolean {
    return tryFlock(this.#descriptor, mode);
  }

  /** Gives the lock up, keeping the file open. */
  unlock(): void {
    tryFlock(this.#descriptor, 'none');
  }

  /**
   * Whether the file has been deleted by a former holder, who leaves a byte in it for those who waited: the lock
   * on it is worth nothing then.
   */
  isStale(): boolean {
    const stat = fstatSync(this.#descriptor);
    return stat.size !== 0 || stat.nlink === 0;
  }

  /** Deletes the file while the lock is held. */
  delete(): void {
    try {
      unlinkSync(this.path);
      writeSync(this.#descriptor, 'd');
    } catch {
      // Deleting is a courtesy; and on a full disk the missing link tells those who wait.
    }
  }

  close(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once, when the first try fails. */
  readonly onWait?: (() => void) | undefined;
}

/**
 * Waits until `attempt` gives something.
 *
 * @throws Interrupted when `signal` is aborted
 */
export async function waitFor<T>(attempt: () => T | undefined, options: WaitOptions = {}): Promise<T> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    if (options.signal?.aborted) throw new Interrupted();
    const result = attempt();
    if (result !== undefined) return result;
    if (pause === FIRST_PAUSE_MS) options.onWait?.();
    await sleep(pause);
  }
}

/** Opens `path` and waits for the lock. */
export async function lockFile(path: string, mode: LockMode, options: WaitOptions = {}): Promise<FlockFile> {
  const file = new FlockFile(path);
  try {
    await waitFor(() => file.tryLock(mode) || undefined, options);
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}
