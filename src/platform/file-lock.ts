/**
 * Advisory file locks, released by the kernel when the holder dies.
 *
 * Node has neither `flock` nor `fcntl`. SQLite has: `BEGIN EXCLUSIVE` on an empty database takes POSIX locks on
 * the file (and leaves it empty), and SQLite keeps two connections of one process apart, which bare POSIX locks
 * do not. C++ Nix uses `flock`, which POSIX locks do not exclude; where a `flock` program is at hand, it is run
 * on a descriptor that it inherits: the lock belongs to the shared open file description and stays with us.
 *
 * A locked file must not be opened and closed by other code of this process: that would drop the POSIX lock.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, unlinkSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted } from '../diagnostics/index.ts';

export type LockMode = 'shared' | 'exclusive';

export interface LockOptions {
  readonly mode?: LockMode;
  /** Argument vector of a `flock` program, to exclude a real Nix as well. */
  readonly flock?: readonly string[] | undefined;
}

const sqliteBusy = 5;
const sqliteNotADatabase = 26;

/** A held lock. Disposing or `release()` gives it up; the file stays. */
export class FileLock implements Disposable {
  readonly path: string;
  #database: DatabaseSync | undefined;
  #descriptor: number | undefined;

  private constructor(path: string, database: DatabaseSync, descriptor: number | undefined) {
    this.path = path;
    this.#database = database;
    this.#descriptor = descriptor;
  }

  /** Takes the lock without waiting; `undefined` when somebody else holds it. Creates the file (empty). */
  static tryAcquire(path: string, options: LockOptions = {}): FileLock | undefined {
    const mode = options.mode ?? 'exclusive';
    const database = tryBegin(path, mode);
    if (!database) return undefined;
    if (!options.flock) return new FileLock(path, database, undefined);
    const descriptor = openSync(path, 'r+');
    const [program, ...args] = options.flock;
    const result = spawnSync(program, [...args, mode === 'shared' ? '-s' : '-x', '-n', '3'], {
      stdio: ['ignore', 'ignore', 'ignore', descriptor],
    });
    // Exit status 1 is "held by somebody"; a program that cannot run leaves our own lock.
    if (result.status !== 1) return new FileLock(path, database, descriptor);
    database.close();
    closeSync(descriptor);
    return undefined;
  }

  /**
   * Waits for the lock, trying again with growing pauses (10 ms up to 500 ms). `onWait` is called once when the
   * first try fails. Throws `Interrupted` when `signal` is aborted.
   */
  static async acquire(
    path: string,
    options: LockOptions & { readonly signal?: AbortSignal; readonly onWait?: () => void } = {},
  ): Promise<FileLock> {
    for (let pause = 10; ; pause = Math.min(pause * 1.5, 500)) {
      if (options.signal?.aborted) throw new Interrupted();
      const lock = FileLock.tryAcquire(path, options);
      if (lock) return lock;
      if (pause === 10) options.onWait?.();
      await sleep(pause);
    }
  }

  release(): void {
    this.#database?.close();
    this.#database = undefined;
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

function tryBegin(path: string, mode: LockMode): DatabaseSync | undefined {
  for (;;) {
    const database = new DatabaseSync(path, { timeout: 0 });
    try {
      // A journal in memory: no second file appears beside the lock.
      database.exec('PRAGMA journal_mode=MEMORY');
      if (mode === 'exclusive') database.exec('BEGIN EXCLUSIVE');
      else database.exec('BEGIN; SELECT name FROM sqlite_schema');
      return database;
    } catch (error) {
      database.close();
      const code = (error as { errcode?: number }).errcode;
      if (code === sqliteBusy) return undefined;
      // C++ Nix writes a byte into lock files it is about to delete: such a file is stale.
      if (code !== sqliteNotADatabase) throw error;
      unlinkSync(path);
    }
  }
}
