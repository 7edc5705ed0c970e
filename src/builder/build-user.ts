/**
 * Users that builds run as when we are root. They need no entry in `/etc/passwd`: a range of numbers is enough, each
 * taken by at most one build at a time (a lock file per number, below the store's state directory, as C++ Nix has).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Interrupted } from '../diagnostics/index.ts';
import { killProcessesOf } from '../platform/index.ts';
import { FlockFile } from '../store/index.ts';
import type { BuildUserIds } from './sandbox.ts';

/** A build user that is ours until it is released. */
export interface BuildUser extends BuildUserIds, AsyncDisposable {}

export interface BuildUserPoolOptions {
  readonly stateDir: string;
  readonly firstUid: number;
  readonly count: number;
  readonly gid: number;
}

export class BuildUserPool {
  readonly #options: BuildUserPoolOptions;

  constructor(options: BuildUserPoolOptions) {
    if (options.firstUid <= 0) throw new Error('a build user must not be root');
    this.#options = options;
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
    const { stateDir, firstUid, count, gid } = this.#options;
    const directory = join(stateDir, 'userpool');
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    for (let uid = firstUid; uid < firstUid + count; uid++) {
      const lock = new FlockFile(join(directory, String(uid)));
      if (!lock.tryLock('exclusive')) {
        lock.close();
        continue;
      }
      const release = async () => {
        await killProcessesOf(uid);
        lock.close();
      };
      return { uid, gid, [Symbol.asyncDispose]: release };
    }
    return undefined;
  }
}
