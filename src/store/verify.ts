/**
 * `nix-store --verify`: does the database agree with the directory, and (with `--check-contents`) do the files still
 * have the hashes that were registered? Paths that have vanished are removed from the database when nothing valid
 * refers to them.
 */
import { lstatSync, readdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { NixError } from '../diagnostics/index.ts';
import {
  compareStorePaths,
  equalHashes,
  formatHash,
  formatNix32,
  printStorePath,
  type StorePath,
  zeroHash,
} from '../formats/index.ts';
import { queryValidPathInfo } from './closure.ts';
import { dumpTree } from './dump-tree.ts';
import { corruptDatabase, pathModified } from './errors.ts';
import { lockFile } from './flock-file.ts';
import { toBytePath } from './host-path.ts';
import type { LocalStore } from './local-store.ts';
import { HashSink } from './node-hash.ts';
import type { WritableStore } from './store.ts';

export interface VerifyOptions {
  readonly checkContents?: boolean;
  /** Puts a damaged or missing path right (substitutes or builds it anew); throws when it cannot. */
  readonly repairPath?: ((path: StorePath) => Promise<void>) | undefined;
}

/** Checks the store, reporting through its logger. Returns whether faults remain. */
export async function verifyStore(store: LocalStore, options: VerifyOptions = {}): Promise<boolean> {
  const verification = new Verification(store, options);
  await verification.run();
  return verification.faults;
}

/** Whether the files of a valid path are there and have the hash that was registered. */
export async function contentsAreGood(store: WritableStore, path: StorePath): Promise<boolean> {
  const { narHash: registered } = queryValidPathInfo(store, path);
  const realPath = store.toRealPath(path);
  if (!lstatSync(realPath, { throwIfNoEntry: false })) return false;
  if (equalHashes(registered, zeroHash('sha256'))) return true;
  return equalHashes((await hashTree(realPath)).narHash, registered);
}

class Verification {
  faults = false;
  readonly #store: LocalStore;
  readonly #options: VerifyOptions;
  readonly #present = new Set<string>();
  /** Base name -> whether it is there. */
  readonly #seen = new Map<string, boolean>();

  constructor(store: LocalStore, options: VerifyOptions) {
    this.#store = store;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { logger } = this.#store;
    logger.log(3, 'reading the Nix store...');
    // Shared: no collector may delete while directory, database and contents are compared.
    using _lock = await lockFile(join(this.#store.stateDir, 'gc.lock'), 'shared', {
      onWait: () => logger.log(0, 'waiting for the big garbage collector lock...'),
    });
    for (const fault of this.#store.database.findFaults()) {
      this.#report(corruptDatabase(join(this.#store.stateDir, 'db/db.sqlite'), fault));
    }
    await this.#checkExistence();
    if (!this.#options.checkContents) return;
    logger.log(3, 'checking link hashes...');
    await this.#checkLinks();
    logger.log(3, 'checking store hashes...');
    await this.#checkContents();
  }

  async #checkExistence(): Promise<void> {
    for (const name of readdirSync(this.#store.realStoreDir)) this.#present.add(name);
    this.#store.logger.log(3, 'checking path existence...');
    for (const path of this.#store.queryAllValidPaths()) await this.#exists(path);
  }

  /** Checks one path, its referrers first: when they can go, it can too. */
  async #exists(path: StorePath): Promise<boolean> {
    const known = this.#seen.get(path.baseName);
    if (known !== undefined) return known;
    const present = this.#present.has(path.baseName);
    this.#seen.set(path.baseName, present);
    if (present) return true;
    const printed = printStorePath(this.#store.storeDir, path);
    let needed = false;
    for (const referrer of this.#store.queryReferrers(path)) {
      if (!referrer.equals(path) && (await this.#exists(referrer))) needed = true;
    }
    if (!needed) {
      this.#store.logger.log(3, `path '${printed}' disappeared, removing from database...`);
      this.#store.database.invalidate(path);
      return false;
    }
    this.#store.logger.log(0, `error: path '${printed}' disappeared, but it still has valid referrers!`);
    await this.#repair(path);
    return false;
  }

  async #checkLinks(): Promise<void> {
    const directory = join(this.#store.realStoreDir, '.links');
    for (const name of readdirSync(directory)) {
      const link = join(directory, name);
      const got = formatNix32((await hashTree(link)).narHash.digest);
      if (got === name) continue;
      this.#store.logger.log(0, `error: link '${link}' was modified! expected hash '${name}', got '${got}'`);
      if (this.#options.repairPath) {
        unlinkSync(link);
        this.#store.logger.log(3, `removed link '${link}'`);
      } else this.faults = true;
    }
  }

  async #checkContents(): Promise<void> {
    const paths = this.#store.queryAllValidPaths().filter((path) => this.#seen.get(path.baseName) === true);
    for (const path of paths.sort(compareStorePaths)) {
      try {
        await this.#checkPath(path);
      } catch (error) {
        if (!(error instanceof NixError)) throw error;
        this.#report(error);
      }
    }
  }

  async #checkPath(path: StorePath): Promise<void> {
    const { logger } = this.#store;
    const printed = printStorePath(this.#store.storeDir, path);
    logger.log(4, `checking contents of '${printed}'`);
    const info = this.#store.queryPathInfo(path);
    if (!info) return;
    const { narHash, narSizeBytes } = await hashTree(this.#store.toRealPath(path));
    const unknown = equalHashes(info.narHash, zeroHash('sha256'));
    if (!unknown && !equalHashes(info.narHash, narHash)) {
      const [expected, got] = [info.narHash, narHash].map((hash) => formatHash(hash, 'nix32', true));
      logger.error(pathModified(printed, expected, got));
      await this.#repair(path);
      return;
    }
    if (!unknown && info.narSizeBytes !== 0) return;
    if (unknown) logger.log(3, `fixing missing hash on '${printed}'`);
    if (info.narSizeBytes === 0) logger.log(3, `updating size field on '${printed}' to ${narSizeBytes}`);
    this.#store.database.updatePathInfo({ ...info, narHash, narSizeBytes });
  }

  async #repair(path: StorePath): Promise<void> {
    if (!this.#options.repairPath) {
      this.faults = true;
      return;
    }
    try {
      await this.#options.repairPath(path);
    } catch (error) {
      if (!(error instanceof NixError)) throw error;
      this.#store.logger.warn(error.message);
      this.faults = true;
    }
  }

  #report(error: NixError): void {
    this.#store.logger.error(error);
    this.faults = true;
  }
}

async function hashTree(realPath: string) {
  const hash = new HashSink('sha256');
  await dumpTree(toBytePath(realPath), (chunk) => hash.write(chunk));
  const narSizeBytes = hash.sizeBytes;
  return { narSizeBytes, narHash: hash.finish() };
}
