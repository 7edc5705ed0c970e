/**
 * `nix-store --optimise`: files with the same contents and mode become one, by hard links to `.links/HASH`, where HASH
 * is the nix32 SHA-256 of the file's NAR (which contains the executable bit).
 */
import { chmodSync, linkSync, lstatSync, readdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ActivityType, type Logger, ResultType } from '../diagnostics/index.ts';
import { formatNix32 } from '../formats/index.ts';
import { dumpTree } from './dump-tree.ts';
import { fromNodeBytes, toBytePath, toNodePath } from './host-path.ts';
import type { LocalStore } from './local-store.ts';
import { HashSink } from './node-hash.ts';
import { STORE_MTIME_SECONDS } from './restore-tree.ts';

/** What linking needs of a store. */
export interface OptimiseContext {
  readonly realStoreDir: string;
  readonly logger: Logger;
}

export interface OptimiseResult {
  readonly filesLinked: number;
  readonly freedBytes: number;
}

/** Links equal files of all valid paths. May be repeated, and interrupted at any point. */
export async function optimiseStore(store: LocalStore): Promise<OptimiseResult> {
  const optimiser = new Optimiser(store);
  optimiser.loadLinks();
  const paths = store.queryAllValidPaths();
  using activity = store.logger.activity(ActivityType.optimiseStore, 'optimising the store');
  for (const [index, path] of paths.entries()) {
    await store.addTempRoot(path);
    if (!store.isValidPath(path)) continue;
    await optimiser.visit(toBytePath(store.toRealPath(path)), (sizeBytes, blocks) =>
      activity.result(ResultType.fileLinked, sizeBytes, blocks),
    );
    activity.progress(index + 1, paths.length);
  }
  return { filesLinked: optimiser.filesLinked, freedBytes: optimiser.freedBytes };
}

/** Links one path's files (`auto-optimise-store`). */
export async function optimisePath(store: OptimiseContext, realPath: string): Promise<void> {
  await new Optimiser(store).visit(toBytePath(realPath), () => {});
}

class Optimiser {
  filesLinked = 0;
  freedBytes = 0;
  readonly #store: OptimiseContext;
  readonly #links: string;
  readonly #linkedInodes = new Set<number>();
  #counter = 0;

  constructor(store: OptimiseContext) {
    this.#store = store;
    this.#links = toBytePath(join(store.realStoreDir, '.links'));
  }

  /** Notes which files are linked already: saves reading them when the whole store is visited. */
  loadLinks(): void {
    for (const name of readdirSync(toNodePath(this.#links))) {
      const stat = lstatSync(toNodePath(`${this.#links}/${name}`), { throwIfNoEntry: false });
      if (stat) this.#linkedInodes.add(stat.ino);
    }
  }

  /** Visits a tree (a byte string path). */
  async visit(root: string, onLinked: (sizeBytes: number, blocks: number) => void): Promise<void> {
    const pending = [root];
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      const stat = lstatSync(toNodePath(path));
      if (stat.isDirectory()) {
        for (const name of readdirSync(toNodePath(path), { encoding: 'buffer' })) {
          pending.push(`${path}/${fromNodeBytes(name)}`);
        }
      } else if (stat.isFile() && !this.#linkedInodes.has(stat.ino)) {
        if ((stat.mode & 0o200) !== 0) {
          this.#store.logger.warn(`skipping suspicious writable file '${path}'`);
        } else if (await this.#link(path, stat.ino, stat.size)) onLinked(stat.size, stat.blocks);
      }
      if (++this.#counter % 128 === 0) await nextTurn();
    }
  }

  /** Replaces the file by a link to its like; `false` when it is the first of its kind, or linking is not possible. */
  async #link(path: string, inode: number, sizeBytes: number): Promise<boolean> {
    const hash = new HashSink('sha256');
    await dumpTree(path, (chunk) => hash.write(chunk));
    const link = `${this.#links}/${formatNix32(hash.finish().digest)}`;
    const known = lstatSync(toNodePath(link), { throwIfNoEntry: false });
    if (known && known.size !== sizeBytes) {
      this.#store.logger.warn(`removing corrupted link '${link}'`);
      rmSync(toNodePath(link), { force: true });
    }
    try {
      linkSync(toNodePath(path), toNodePath(link));
      this.#linkedInodes.add(inode);
      return false;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EMLINK' || code === 'ENOSPC') return false;
      if (code !== 'EEXIST') throw error;
    }
    return this.#replace(path, link);
  }

  #replace(path: string, link: string): boolean {
    const temporary = toNodePath(
      toBytePath(join(this.#store.realStoreDir, `.tmp-link-${process.pid}-${this.#counter}`)),
    );
    const parent = toNodePath(dirname(path));
    const inStore = dirname(path) === toBytePath(this.#store.realStoreDir);
    const sizeBytes = lstatSync(toNodePath(path)).size;
    // The store directory's own mode is not ours to change.
    if (!inStore) chmodSync(parent, 0o755);
    try {
      linkSync(toNodePath(link), temporary);
      renameSync(temporary, toNodePath(path));
    } catch (error) {
      rmSync(temporary, { force: true });
      const { code } = error as NodeJS.ErrnoException;
      // Too many links, or a collector has just removed this one.
      if (code === 'EMLINK' || code === 'ENOENT') return false;
      throw error;
    } finally {
      if (!inStore) {
        chmodSync(parent, 0o555);
        utimesSync(parent, STORE_MTIME_SECONDS, STORE_MTIME_SECONDS);
      }
    }
    this.filesLinked++;
    this.freedBytes += sizeBytes;
    return true;
  }
}
