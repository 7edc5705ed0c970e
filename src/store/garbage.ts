/**
 * The garbage collector. Alive is what the roots reach: by references; with `keep-derivations` an output also keeps
 * its deriver, with `keep-outputs` a derivation also keeps its outputs. Everything else in the store directory is
 * deleted: dead valid paths, referrers first, and then what is not valid at all (leftovers of crashes).
 *
 * While it runs it holds `gc.lock` exclusively; roots that appear meanwhile come through the socket. A path is looked
 * up once more right before it is deleted, and whoever asks for the one that is being deleted waits until it is gone.
 */
import { closeSync, lstatSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Interrupted, type Logger } from '../diagnostics/index.ts';
import {
  compareByteStrings,
  compareStorePaths,
  printStorePath,
  StorePath,
  tryParseStorePath,
} from '../formats/index.ts';
import { deleteTree } from '../platform/index.ts';
import { sortByReferences } from './closure.ts';
import { pathAlive, pathInUse } from './errors.ts';
import { lockFile } from './flock-file.ts';
import { findPermanentRoots } from './gc-roots.ts';
import { GcSocketServer } from './gc-socket.ts';
import type { LocalStore } from './local-store.ts';
import { tryFlock } from './native/syscall.ts';
import { deleteReserve } from './store-directories.ts';
import { findTempRoots } from './temp-roots.ts';

export interface CollectOptions {
  /**
   * - `delete-dead`: collect;
   * - `return-dead`, `return-live`: only say what is dead or alive;
   * - `delete-specific`: delete `paths`, which must be dead, and nothing else.
   */
  readonly action: 'delete-dead' | 'return-dead' | 'return-live' | 'delete-specific';
  readonly paths?: readonly StorePath[];
  /** With `delete-specific`: do not look at roots (temporary ones still count). */
  readonly ignoreLiveness?: boolean;
  /** Stop when at least so many bytes have been freed. */
  readonly maxFreedBytes?: number;
  /** `keep-outputs`; off unless told otherwise. */
  readonly keepOutputs?: boolean;
  /** `keep-derivations`; on unless told otherwise. */
  readonly keepDerivations?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface CollectResult {
  /** Printed paths: dead, alive, or deleted, by action. */
  readonly paths: string[];
  readonly freedBytes: number;
}

/** Collects garbage, or says what it would be. */
export async function collectGarbage(store: LocalStore, options: CollectOptions): Promise<CollectResult> {
  const deletes = options.action === 'delete-dead' || options.action === 'delete-specific';
  if (deletes) deleteReserve(store.stateDir);
  using _lock = await lockFile(join(store.stateDir, 'gc.lock'), 'exclusive', {
    signal: options.signal,
    onWait: () => store.logger.log(0, 'waiting for the big garbage collector lock...'),
  });
  const collection = new Collection(store, options);
  const server = await GcSocketServer.listen(store.stateDir, store.storeDir, (path) =>
    collection.addRoot(path),
  );
  try {
    return await collection.run();
  } finally {
    await server.close();
  }
}

class Collection {
  readonly #store: LocalStore;
  readonly #logger: Logger;
  readonly #options: CollectOptions;
  /** Base names. */
  readonly #alive = new Set<string>();
  /** Hash parts of temporary roots: they also protect `PATH.lock`, `PATH.chroot` and the like. */
  readonly #tempHashParts = new Set<string>();
  readonly #deleted: string[] = [];
  #freedBytes = 0;
  /** What is being deleted, and the promise that it has been. */
  #deleting: { readonly hashPart: string; readonly finished: Promise<void> } | undefined;

  constructor(store: LocalStore, options: CollectOptions) {
    this.#store = store;
    this.#logger = store.logger;
    this.#options = options;
  }

  /** A root that a running process needs from now on. */
  async addRoot(path: StorePath): Promise<void> {
    this.#tempHashParts.add(path.hashPart);
    this.#markAlive(path);
    if (this.#deleting?.hashPart === path.hashPart) await this.#deleting.finished;
  }

  async run(): Promise<CollectResult> {
    this.#logger.log(3, 'finding garbage collector roots...');
    if (!this.#options.ignoreLiveness) {
      for (const name of findPermanentRoots(this.#store).keys())
        this.#markAlive(StorePath.fromBaseName(name));
    }
    for (const name of findTempRoots(this.#store.stateDir, this.#store.storeDir, this.#logger).keys()) {
      await this.addRoot(StorePath.fromBaseName(name));
    }
    switch (this.#options.action) {
      case 'delete-specific':
        this.#logger.log(3, 'deleting specified paths...');
        await this.#deleteSpecific(this.#options.paths ?? []);
        break;
      case 'delete-dead':
        if (this.#options.maxFreedBytes === 0) break;
        this.#logger.log(3, 'deleting garbage...');
        await this.#deleteDead();
        break;
      default:
        this.#logger.log(3, 'determining live/dead paths...');
        return { paths: this.#listPaths(this.#options.action), freedBytes: 0 };
    }
    this.#deleteUnusedLinks();
    return { paths: this.#deleted, freedBytes: this.#freedBytes };
  }

  /** Marks a path and all it reaches. Paths that are not valid (yet) are marked themselves. */
  #markAlive(start: StorePath): void {
    const { keepOutputs = false, keepDerivations = true, action } = this.#options;
    const whole = action !== 'delete-specific';
    const pending = [start];
    for (let path = pending.pop(); path; path = pending.pop()) {
      if (this.#alive.has(path.baseName)) continue;
      this.#alive.add(path.baseName);
      const info = this.#store.queryPathInfo(path);
      if (!info) continue;
      pending.push(...info.references);
      if (whole && keepDerivations && info.deriver && this.#store.isValidPath(info.deriver))
        pending.push(info.deriver);
      if (whole && keepOutputs && path.isDerivation) {
        for (const output of this.#store.queryDerivationOutputs(path).values()) {
          if (this.#store.isValidPath(output)) pending.push(output);
        }
      }
    }
  }

  #isAlive(path: StorePath): boolean {
    return this.#alive.has(path.baseName) || this.#tempHashParts.has(path.hashPart);
  }

  #listPaths(action: 'return-dead' | 'return-live'): string[] {
    const valid = this.#store.queryAllValidPaths();
    const wanted = valid.filter((path) => this.#isAlive(path) === (action === 'return-live'));
    if (action === 'return-dead') wanted.push(...this.#invalidStorePaths());
    return wanted.sort(compareStorePaths).map((path) => this.#print(path));
  }

  async #deleteSpecific(paths: readonly StorePath[]): Promise<void> {
    const wanted = new Set(paths.map((path) => path.baseName));
    for (const path of sortByReferences(this.#store, paths).reverse()) {
      const referrers = this.#store.queryReferrers(path).filter((referrer) => !referrer.equals(path));
      const needed = referrers.filter(
        (referrer) => !wanted.has(referrer.baseName) || this.#isAlive(referrer),
      );
      if (this.#isAlive(path) || needed.length > 0) throw pathAlive(this.#print(path));
      if (this.#store.isValidPath(path)) await this.#deleteValid(path);
      else if (lstatSync(this.#store.toRealPath(path), { throwIfNoEntry: false })) {
        await this.#deleteEntry(path.baseName, path.hashPart);
      }
    }
  }

  async #deleteDead(): Promise<void> {
    const dead = this.#store.queryAllValidPaths().filter((path) => !this.#isAlive(path));
    for (const path of sortByReferences(this.#store, dead).reverse()) {
      if (this.#isAlive(path)) continue;
      await this.#deleteValid(path);
      if (this.#enough()) return;
    }
    for (const name of readdirSync(this.#store.realStoreDir).sort(compareByteStrings)) {
      if (name === '.links') continue;
      const path = tryParseStorePath(this.#store.storeDir, `${this.#store.storeDir}/${name}`);
      if (path && (this.#isAlive(path) || this.#store.isValidPath(path))) continue;
      await this.#deleteEntry(name, path?.hashPart ?? '');
      if (this.#enough()) return;
    }
  }

  async #deleteValid(path: StorePath): Promise<void> {
    // A new path may have been registered since, but then it was protected first, with all that it refers to.
    const { database } = this.#store;
    database.transaction(() => {
      const referrers = database.queryReferrers(path).filter((referrer) => !referrer.equals(path));
      if (referrers.length > 0) {
        throw pathInUse(
          this.#print(path),
          referrers.map((referrer) => this.#print(referrer)),
        );
      }
      database.invalidate(path);
    });
    await this.#deleteEntry(path.baseName, path.hashPart);
  }

  /** Deletes a child of the store directory that is not valid (any more). */
  async #deleteEntry(name: string, hashPart: string): Promise<void> {
    const realPath = join(this.#store.realStoreDir, name);
    if (name.startsWith('tmp-') && isLockedDirectory(realPath)) return;
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    this.#deleting = { hashPart, finished };
    try {
      const printed = `${this.#store.storeDir}/${name}`;
      this.#logger.log(3, `deleting '${printed}'`);
      this.#freedBytes += await deleteTree(realPath);
      this.#deleted.push(printed);
    } finally {
      this.#deleting = undefined;
      finish();
    }
    // Lets new roots in before the next path is looked up.
    await nextTurn();
    if (this.#options.signal?.aborted) throw new Interrupted();
  }

  #enough(): boolean {
    const limit = this.#options.maxFreedBytes;
    if (limit === undefined || this.#freedBytes < limit) return false;
    this.#logger.log(3, `deleted more than ${limit} bytes; stopping`);
    return true;
  }

  /** Removes files of `.links` that no store path shares any more. */
  #deleteUnusedLinks(): void {
    this.#logger.log(3, 'deleting unused links...');
    const directory = join(this.#store.realStoreDir, '.links');
    let savedBytes = 0;
    for (const name of readdirSync(directory)) {
      const link = join(directory, name);
      const stat = lstatSync(link, { throwIfNoEntry: false });
      if (!stat) continue;
      if (stat.nlink === 1) {
        unlinkSync(link);
        this.#freedBytes += stat.blocks * 512;
      } else savedBytes += (stat.nlink - 2) * stat.size;
    }
    this.#logger.log(3, `note: currently hard linking saves ${formatMebibytes(savedBytes)}`);
  }

  /** Children of the store directory that look like store paths, are not valid and nobody protects. */
  #invalidStorePaths(): StorePath[] {
    return readdirSync(this.#store.realStoreDir)
      .map((name) => tryParseStorePath(this.#store.storeDir, `${this.#store.storeDir}/${name}`))
      .filter((path) => path !== undefined)
      .filter((path) => !this.#isAlive(path) && !this.#store.isValidPath(path));
  }

  #print(path: StorePath): string {
    return printStorePath(this.#store.storeDir, path);
  }
}

/** Whether some process holds the lock on a temporary directory inside the store. */
function isLockedDirectory(path: string): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    return !tryFlock(descriptor, 'exclusive');
  } finally {
    closeSync(descriptor);
  }
}

/** `12.34 MiB`, as C++ Nix writes sizes. */
export function formatMebibytes(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(2)} MiB`;
}
