/**
 * Users that builds run as when we are root. They need no entry in `/etc/passwd`: a range of numbers is enough, each
 * taken by at most one build at a time.
 *
 * Users belong to the machine, not to a store: before and after a build everything that runs under its user is killed,
 * so that two stores of one machine that took the same user would kill each other's builds. A user is therefore taken
 * by locking a file for it in several directories: one for all stores of this machine, the store's own state directory
 * (where C++ Nix looks that shares the store), and that of a C++ Nix which stands beside us, if it ever used the user.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted } from '../diagnostics/index.ts';
import { killProcessesOf } from '../platform/index.ts';
import { FlockFile } from '../store/index.ts';
import type { BuildUserIds } from './sandbox.ts';

/** A build user that is ours until it is released. */
export interface BuildUser extends BuildUserIds, AsyncDisposable {}

export interface BuildUserPoolOptions {
  /** The store's state directory. */
  readonly stateDir: string;
  readonly firstUid: number;
  readonly count: number;
  readonly gid: number;
  /** Lock files that all stores of this machine share; `/run/firn/userpool`. */
  readonly machineDirectory?: string;
}

const machineDirectory = '/run/firn/userpool';
/** Where a C++ Nix of this machine has its lock files. Only those that exist are used: nothing is created there. */
const foreignDirectory = '/nix/var/nix/userpool';

export class BuildUserPool {
  readonly #options: BuildUserPoolOptions;
  readonly #directories: readonly string[];

  constructor(options: BuildUserPoolOptions) {
    if (options.firstUid <= 0) throw new Error('a build user must not be root');
    this.#options = options;
    const machine = options.machineDirectory ?? machineDirectory;
    // A machine whose /run cannot be written has the store's own directory alone.
    this.#directories = [...(tryMakeDirectory(machine) ? [machine] : []), join(options.stateDir, 'userpool')];
  }

  /**
   * A free user, with no process running under it. Waits while all are taken (`onWait` is told once). Releasing kills
   * whatever still runs under the user.
   */
  async acquire(options: { signal?: AbortSignal; onWait?: () => void } = {}): Promise<BuildUser> {
    for (let waited = false; ; waited = true) {
      const user = this.#tryAcquire();
      if (user) {
        await killProcessesOf(user.uid);
        return user;
      }
      if (!waited) options.onWait?.();
      if (options.signal?.aborted) throw new Interrupted();
      await sleep(200);
    }
  }

  #tryAcquire(): BuildUser | undefined {
    const { firstUid, count, gid } = this.#options;
    for (const directory of this.#directories) mkdirSync(directory, { recursive: true, mode: 0o755 });
    for (let uid = firstUid; uid < firstUid + count; uid++) {
      const locks = this.#tryLock(String(uid));
      if (!locks) continue;
      const release = async () => {
        await killProcessesOf(uid);
        for (const lock of locks) lock.close();
      };
      return { uid, gid, [Symbol.asyncDispose]: release };
    }
    return undefined;
  }

  /** All of a user's locks, or none. */
  #tryLock(name: string): FlockFile[] | undefined {
    const paths = this.#directories.map((directory) => join(directory, name));
    const foreign = join(foreignDirectory, name);
    if (!paths.includes(foreign) && existsSync(foreign)) paths.push(foreign);
    const locks: FlockFile[] = [];
    for (const path of paths) {
      const lock = new FlockFile(path);
      locks.push(lock);
      if (lock.tryLock('exclusive')) continue;
      for (const each of locks) each.close();
      return undefined;
    }
    return locks;
  }
}

function tryMakeDirectory(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    return true;
  } catch {
    return false;
  }
}
