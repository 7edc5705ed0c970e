/**
 * Locks on store paths: `PATH.lock` beside the path, held while it is built or added. Taken in sorted order, so that
 * two processes cannot wait for each other; deleted when given up.
 *
 * Inside one process the same path can be wanted twice too (two goals, two posts from the evaluator): `flock` tells
 * two open files of one process apart, so that case needs nothing more.
 */
import { compareStorePaths, type StorePath } from '../formats/index.ts';
import { FlockFile, waitFor } from './flock-file.ts';
import type { LockPathsOptions, PathLocks } from './store.ts';

class HeldLocks implements PathLocks {
  readonly #files: FlockFile[] = [];

  add(file: FlockFile): void {
    this.#files.push(file);
  }

  release(): void {
    for (const file of this.#files.splice(0)) {
      file.delete();
      file.close();
    }
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** Locks all paths (files `REAL-STORE-DIR/BASE-NAME.lock`), waiting where necessary. */
export async function lockPaths(
  realStoreDir: string,
  paths: readonly StorePath[],
  options: LockPathsOptions = {},
): Promise<PathLocks> {
  const held = new HeldLocks();
  try {
    for (const path of paths.toSorted(compareStorePaths)) {
      const attempt = () => tryLock(realStoreDir, path);
      const onWait = options.onWait && (() => options.onWait!(path));
      held.add(await waitFor(attempt, { signal: options.signal, onWait }));
    }
    return held;
  } catch (error) {
    held.release();
    throw error;
  }
}

/** As `lockPaths`, without waiting: `undefined` when one of them is held by somebody else. */
export function tryLockPaths(realStoreDir: string, paths: readonly StorePath[]): PathLocks | undefined {
  const held = new HeldLocks();
  for (const path of paths.toSorted(compareStorePaths)) {
    const file = tryLock(realStoreDir, path);
    if (!file) {
      held.release();
      return undefined;
    }
    held.add(file);
  }
  return held;
}

function tryLock(realStoreDir: string, path: StorePath): FlockFile | undefined {
  for (;;) {
    const file = new FlockFile(`${realStoreDir}/${path.baseName}.lock`);
    if (!file.tryLock('exclusive')) {
      file.close();
      return undefined;
    }
    if (!file.isStale()) return file;
    // We locked a file that its last holder has just deleted: the next one to open it would not see us.
    file.close();
  }
}
