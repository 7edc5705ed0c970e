/**
 * A local store: files below a directory, a SQLite database of what is valid, and the locks that let several
 * processes (C++ Nix's among them) use it at once. This class joins the pieces; each has its own file.
 */
import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../diagnostics/index.ts';
import {
  checkOutputPaths,
  type Derivation,
  derivationReferences,
  formatDerivation,
  type Hash,
  type ModuloContext,
  parseDerivation,
  parseStorePath,
  printStorePath,
  type StorePath,
} from '../formats/index.ts';
import { Adding } from './adding.ts';
import { chunkStream } from './chunk-stream.ts';
import { StoreDatabase } from './database.ts';
import { dumpTree } from './dump-tree.ts';
import { cannotRead, invalidPath, referenceCycle, storeNotWritable } from './errors.ts';
import { type FlockFile, lockFile } from './flock-file.ts';
import { toBytePath } from './host-path.ts';
import { nodeHasher } from './node-hash.ts';
import { optimisePath } from './optimise.ts';
import { lockPaths, tryLockPaths } from './path-locks.ts';
import { RegistrationQueue } from './registration-queue.ts';
import type {
  AddPathOptions,
  LockPathsOptions,
  PathInfo,
  PathLocks,
  TakenOutput,
  TakeOutputOptions,
  WritableStore,
} from './store.ts';
import {
  createReserve,
  createStoreDirectories,
  openWithReserve,
  type StorePlaces,
} from './store-directories.ts';
import { TempRoots } from './temp-roots.ts';

const DEFAULT_RESERVE_BYTES = 8 * 1024 * 1024;

export interface LocalStoreOptions extends StorePlaces {
  readonly logger: Logger;
  /** `gc-reserved-space`; 8 MiB unless told otherwise. */
  readonly reserveBytes?: number;
  /** `fsync-store-paths`, on unless told otherwise: bytes are on disk before a path is valid. */
  readonly durable?: boolean;
  /** `auto-optimise-store`: link equal files when a path is added. */
  readonly autoOptimise?: boolean;
  /**
   * Only ask: nothing is created or locked, every addition is refused. For users who may read a store but not write
   * it.
   */
  readonly readOnly?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export class LocalStore implements WritableStore, Disposable {
  readonly storeDir: string;
  readonly realStoreDir: string;
  readonly stateDir: string;
  readonly logDir: string;
  readonly logger: Logger;
  readonly #bigLock: FlockFile | undefined;
  readonly #database: StoreDatabase;
  /** `undefined` in a store that is only read. */
  readonly #tempRoots: TempRoots | undefined;
  readonly #queue: RegistrationQueue;
  readonly #adding: Adding;
  readonly #derivations = new Map<string, Derivation>();
  readonly #modulo: ModuloContext;

  /**
   * Opens a store, creating what is missing.
   *
   * @throws StoreError `not-writable`, `symlinked-store`, `schema-too-new`, `corrupt-database`, `no-store`, …
   */
  static async open(options: LocalStoreOptions): Promise<LocalStore> {
    const dbDir = join(options.stateDir, 'db');
    if (options.readOnly) {
      return new LocalStore(options, undefined, StoreDatabase.openReadOnly(dbDir, options.storeDir));
    }
    createStoreDirectories(options);
    try {
      accessSync(dbDir, constants.R_OK | constants.W_OK);
      accessSync(options.realStoreDir, constants.W_OK);
    } catch (error) {
      throw storeNotWritable(options.realStoreDir, error);
    }
    const reserveBytes = options.reserveBytes ?? DEFAULT_RESERVE_BYTES;
    createReserve(options.stateDir, reserveBytes);
    // Shared: an upgrade of the schema (exclusive) must not happen under our feet.
    const bigLock = await lockFile(join(dbDir, 'big-lock'), 'shared', {
      signal: options.signal,
      onWait: () => options.logger.log(0, 'waiting for the big Nix store lock...'),
    });
    try {
      const database = openWithReserve(options.stateDir, reserveBytes, () =>
        StoreDatabase.open(dbDir, options.storeDir),
      );
      return new LocalStore(options, bigLock, database);
    } catch (error) {
      bigLock.close();
      throw error;
    }
  }

  private constructor(options: LocalStoreOptions, bigLock: FlockFile | undefined, database: StoreDatabase) {
    this.storeDir = options.storeDir;
    this.realStoreDir = options.realStoreDir;
    this.stateDir = options.stateDir;
    this.logDir = options.logDir;
    this.logger = options.logger;
    this.#bigLock = bigLock;
    this.#database = database;
    this.#tempRoots = options.readOnly ? undefined : new TempRoots(options.stateDir, options.storeDir);
    const durable = options.durable ?? true;
    this.#queue = new RegistrationQueue({
      realStoreDir: this.realStoreDir,
      durable,
      register: (infos) => this.registerValidPaths(infos),
    });
    this.#adding = new Adding({
      storeDir: this.storeDir,
      realStoreDir: this.realStoreDir,
      durable,
      queue: this.#queue,
      optimise: options.autoOptimise ? (realPath) => optimisePath(this, realPath) : undefined,
      isValidPath: (path) => this.isValidPath(path),
      addTempRoot: (path) => this.addTempRoot(path),
    });
    this.#modulo = {
      storeDir: this.storeDir,
      hasher: nodeHasher,
      memo: new Map(),
      readDerivation: (path) => this.readDerivation(parseStorePath(this.storeDir, path)),
    };
  }

  /** Gives up temporary roots, locks and the database. Additions must be over. May be repeated. */
  close(): void {
    this.#tempRoots?.[Symbol.dispose]();
    this.#database.close();
    this.#bigLock?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The database, for the collector and other parts of this folder. */
  get database(): StoreDatabase {
    return this.#database;
  }

  toRealPath(path: StorePath): string {
    return `${this.realStoreDir}/${path.baseName}`;
  }

  isValidPath(path: StorePath): boolean {
    return this.#database.isValid(path);
  }

  queryPathInfo(path: StorePath): PathInfo | undefined {
    return this.#database.queryPathInfo(path);
  }

  queryReferrers(path: StorePath): StorePath[] {
    return this.#database.queryReferrers(path);
  }

  queryAllValidPaths(): StorePath[] {
    return this.#database.queryAllValidPaths();
  }

  queryValidDerivers(path: StorePath): StorePath[] {
    return this.#database.queryValidDerivers(path);
  }

  queryDerivationOutputs(drvPath: StorePath): ReadonlyMap<string, StorePath> {
    return this.#database.queryDerivationOutputs(drvPath);
  }

  queryPathFromHashPart(hashPart: string): StorePath | undefined {
    return this.#database.queryPathFromHashPart(hashPart);
  }

  async addTempRoot(path: StorePath): Promise<void> {
    if (!this.#tempRoots) throw storeNotWritable(this.realStoreDir);
    await this.#tempRoots.add(path);
  }

  addText(
    name: string,
    contents: Uint8Array | string,
    references: readonly StorePath[],
    options: { readonly repair?: boolean } = {},
  ): Promise<StorePath> {
    return this.#adding.addText(name, contents, references, options.repair === true);
  }

  addDerivation(name: string, derivation: Derivation): Promise<StorePath> {
    const references = derivationReferences(this.storeDir, derivation);
    return this.addText(`${name}.drv`, formatDerivation(derivation), references);
  }

  addPath(name: string, sourcePath: string, options: AddPathOptions = {}): Promise<StorePath> {
    return this.#adding.addPath(name, sourcePath, options);
  }

  computePath(
    name: string,
    sourcePath: string,
    options: AddPathOptions = {},
  ): Promise<{ path: StorePath; narHash: Hash }> {
    return this.#adding.computePath(name, sourcePath, options);
  }

  addFromNar(
    info: PathInfo,
    nar: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options: { readonly repair?: boolean } = {},
  ): Promise<void> {
    return this.#adding.addFromNar(info, nar, options.repair === true);
  }

  takeOutput(options: TakeOutputOptions): Promise<TakenOutput> {
    return this.#adding.takeOutput(options);
  }

  registerValidPaths(infos: readonly PathInfo[]): void {
    this.#checkCycles(infos);
    this.#database.register(infos, (path) => this.#checkedOutputs(path));
  }

  async lockPaths(paths: readonly StorePath[], options: LockPathsOptions = {}): Promise<PathLocks> {
    // A collector must not take the lock files away.
    for (const path of paths) await this.addTempRoot(path);
    return lockPaths(this.realStoreDir, paths, options);
  }

  tryLockPaths(paths: readonly StorePath[]): PathLocks | undefined {
    return tryLockPaths(this.realStoreDir, paths);
  }

  narFromPath(path: StorePath): AsyncIterable<Uint8Array> {
    if (!this.isValidPath(path)) throw invalidPath(printStorePath(this.storeDir, path));
    return chunkStream((sink, pause) => dumpTree(toBytePath(this.toRealPath(path)), sink, { pause }));
  }

  readDerivation(path: StorePath): Derivation {
    const known = this.#derivations.get(path.baseName);
    if (known) return known;
    const realPath = this.toRealPath(path);
    let text: string;
    try {
      text = readFileSync(realPath, 'latin1');
    } catch (error) {
      throw cannotRead(realPath, error as Error);
    }
    const derivation = parseDerivation(text, path.baseName);
    this.#derivations.set(path.baseName, derivation);
    return derivation;
  }

  /** The outputs of a `.drv` that is being registered, after checking that they follow from it. */
  #checkedOutputs(path: StorePath): Map<string, StorePath> {
    const derivation = this.readDerivation(path);
    checkOutputPaths(this.#modulo, path.derivationName, derivation);
    const outputs = new Map<string, StorePath>();
    for (const [name, output] of derivation.outputs) {
      if (output.path !== '') outputs.set(name, parseStorePath(this.storeDir, output.path));
    }
    return outputs;
  }

  /** Refuses paths that refer to each other in a circle (outputs of one build can). Depth-first, iterative. */
  #checkCycles(infos: readonly PathInfo[]): void {
    const byName = new Map(infos.map((info) => [info.path.baseName, info]));
    const state = new Map<string, 'open' | 'done'>();
    for (const info of infos) {
      const stack = [{ info, next: 0 }];
      if (state.has(info.path.baseName)) continue;
      state.set(info.path.baseName, 'open');
      for (let top = stack.at(-1); top; top = stack.at(-1)) {
        const reference = top.info.references[top.next++];
        if (!reference) {
          state.set(top.info.path.baseName, 'done');
          stack.pop();
          continue;
        }
        const inner = byName.get(reference.baseName);
        if (!inner || reference.equals(top.info.path)) continue;
        const known = state.get(reference.baseName);
        if (known === 'open') {
          throw referenceCycle(
            printStorePath(this.storeDir, reference),
            printStorePath(this.storeDir, top.info.path),
          );
        }
        if (known === 'done') continue;
        state.set(reference.baseName, 'open');
        stack.push({ info: inner, next: 0 });
      }
    }
  }
}
