/**
 * Adding objects to a local store: text, files and trees of the host, NARs from elsewhere, and build outputs.
 *
 * Every addition runs the same way: protect the path with a temporary root, lock it, look again whether somebody was
 * faster, remove leftovers, write the files in canonical form at their final place, and hand the path to the
 * registration queue, which flushes and registers. Before the registration the path is invalid: a crash leaves
 * garbage that the next addition or collection removes, and never a valid path with missing bytes.
 */
import { chmodSync, lstatSync, renameSync, utimesSync } from 'node:fs';
import {
  bytesFromString,
  type ContentAddress,
  equalHashes,
  formatHash,
  formatNar,
  type Hash,
  makeContentAddressedPath,
  printStorePath,
  type References,
  type StorePath,
} from '../formats/index.ts';
import { deleteTree } from '../platform/index.ts';
import { canonicalisePathMetaData, checkOutputRoot } from './canonicalise.ts';
import {
  copyAgain,
  copyScanning,
  HeldChunks,
  hashModuloSelf,
  limitBytes,
  type ReadSource,
  readSource,
} from './copying.ts';
import { narHashMismatch, narSizeMismatch, sourceChanged, wrongContentAddress } from './errors.ts';
import { toBytePath } from './host-path.ts';
import { HashSink, nodeHasher } from './node-hash.ts';
import { lockPaths } from './path-locks.ts';
import { makeDurable, type RegistrationQueue } from './registration-queue.ts';
import { replaceTree } from './replace-tree.ts';
import { restoreTree, STORE_MTIME_SECONDS } from './restore-tree.ts';
import { scanReferences } from './scan-references.ts';
import type { AddPathOptions, PathInfo, TakenOutput, TakeOutputOptions } from './store.ts';
import { writeFault } from './write-fault.ts';

const ATTEMPTS = 3;
/** Each addition under way holds a lock file open. */
const MOST_AT_ONCE = 200;

/** What adding needs of the store. */
export interface AddingContext {
  readonly storeDir: string;
  readonly realStoreDir: string;
  readonly durable: boolean;
  readonly queue: RegistrationQueue;
  /** Called with every new path's files before it is registered (`auto-optimise-store`). */
  readonly optimise?: ((realPath: string) => Promise<void>) | undefined;
  isValidPath(path: StorePath): boolean;
  addTempRoot(path: StorePath): Promise<void>;
}

/** A path being added by this process. */
interface Addition {
  /** It has one of the slots. They are given in order: an addition never waits for one that has none. */
  started: boolean;
  /** Settles when its files are written and it is in the queue (or it failed). */
  readonly queued: Promise<void>;
  readonly done: Promise<void>;
}

export class Adding {
  readonly #context: AddingContext;
  readonly #running = new Map<string, Addition>();
  readonly #slots = new Slots(MOST_AT_ONCE);

  constructor(context: AddingContext) {
    this.#context = context;
  }

  async addText(
    name: string,
    contents: Uint8Array | string,
    references: readonly StorePath[],
    repair: boolean,
  ): Promise<StorePath> {
    const bytes = typeof contents === 'string' ? bytesFromString(contents) : contents;
    const address: ContentAddress = {
      method: 'text',
      hash: { algorithm: 'sha256', digest: nodeHasher('sha256', bytes) },
    };
    const path = this.#pathFor(name, address, { others: references, self: false });
    await this.#add(path, references, repair, async (realPath) => {
      const nar = formatNar({ kind: 'file', executable: false, contents: bytes });
      await restoreTree(toBytePath(realPath), [nar], { canonical: true });
      const narHash: Hash = { algorithm: 'sha256', digest: nodeHasher('sha256', nar) };
      const source = { narHash, narSizeBytes: nar.length, address };
      return { info: newInfo(path, source, references), entries: 1 };
    });
    return path;
  }

  async computePath(
    name: string,
    sourcePath: string,
    options: AddPathOptions,
  ): Promise<{ path: StorePath; narHash: Hash }> {
    const source = await readSource(sourcePath, options, () => {});
    const references = { others: options.references ?? [], self: false };
    return { path: this.#pathFor(name, source.address, references), narHash: source.narHash };
  }

  async addPath(name: string, sourcePath: string, options: AddPathOptions): Promise<StorePath> {
    const references = options.references ?? [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const held = new HeldChunks();
      const source = await readSource(sourcePath, options, (chunk) => held.add(chunk));
      const path = this.#pathFor(name, source.address, { others: references, self: false });
      let changed = false;
      try {
        await this.#add(path, references, options.repair === true, async (realPath) => {
          const written = held.complete
            ? await restoreTree(toBytePath(realPath), held.chunks, { canonical: true })
            : await copyAgain(sourcePath, options, realPath, source);
          if (written === undefined) {
            changed = true;
            throw sourceChanged(sourcePath);
          }
          return { info: newInfo(path, source, references), entries: written };
        });
        return path;
      } catch (error) {
        if (!changed) throw error;
      }
    }
    throw sourceChanged(sourcePath);
  }

  async addFromNar(
    info: PathInfo,
    nar: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    repair: boolean,
  ): Promise<void> {
    const printed = printStorePath(this.#context.storeDir, info.path);
    await this.#add(info.path, info.references, repair, async (realPath) => {
      const hash = new HashSink('sha256');
      const bounded = limitBytes(nar, info.narSizeBytes, printed);
      const tee = (chunk: Uint8Array) => hash.write(chunk);
      const entries = await restoreTree(toBytePath(realPath), bounded, { canonical: true, tee });
      const { sizeBytes } = hash;
      const narHash = hash.finish();
      if (!equalHashes(narHash, info.narHash)) {
        throw narHashMismatch(
          printed,
          formatHash(info.narHash, 'sri', true),
          formatHash(narHash, 'sri', true),
        );
      }
      if (sizeBytes !== info.narSizeBytes) throw narSizeMismatch(printed, info.narSizeBytes, sizeBytes);
      if (info.contentAddress) await this.#checkContentAddress(info, info.contentAddress, realPath);
      return { info, entries };
    });
  }

  async takeOutput(options: TakeOutputOptions): Promise<TakenOutput> {
    const { path, from } = options;
    const realPath = this.#realPath(path);
    // What is valid stays in place until its successor is complete.
    const target = options.replace ? `${realPath}.repair` : realPath;
    await this.#context.addTempRoot(path);
    try {
      checkOutputRoot(toBytePath(from), options.ownerUid);
      const entries = await canonicalisePathMetaData(toBytePath(from), { ownerUid: options.ownerUid });
      if (from !== target) await deleteTree(target);
      const taken =
        options.copy || (await this.#renameInto(from, target)) === false
          ? await copyScanning(from, target, options.candidates)
          : await scanReferences(toBytePath(target), options.candidates);
      await this.#context.optimise?.(target);
      if (this.#context.durable)
        await makeDurable(this.#context.realStoreDir, [{ realPath: target, entries }]);
      if (options.replace) await replaceTree(target, realPath);
      return taken;
    } catch (error) {
      if (from !== target) await deleteTree(target);
      throw writeFault(realPath, error);
    }
  }

  /** Renames a tree into the store; `false` when it is on another file system. */
  async #renameInto(from: string, realPath: string): Promise<boolean> {
    if (from === realPath) return true;
    const directory = lstatSync(from).isDirectory();
    // Moving a directory changes its `..`, for which it must be writable (unless we are root).
    if (directory) chmodSync(from, 0o755);
    try {
      renameSync(from, realPath);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EXDEV') return false;
      throw error;
    }
    if (directory) {
      chmodSync(realPath, 0o555);
      utimesSync(realPath, STORE_MTIME_SECONDS, STORE_MTIME_SECONDS);
    }
    return true;
  }

  /**
   * The common way of all additions. `write` puts the files at the real path and tells what it wrote; when it fails
   * nothing stays behind.
   */
  async #add(
    path: StorePath,
    references: readonly StorePath[],
    repair: boolean,
    write: (realPath: string) => Promise<{ info: PathInfo; entries: number }>,
  ): Promise<void> {
    const running = this.#running.get(path.baseName);
    if (running && !repair) return running.done;
    if (!repair && this.#context.isValidPath(path)) {
      await this.#context.addTempRoot(path);
      // It may have been collected before the root was known.
      if (this.#context.isValidPath(path)) return;
    }
    const queued = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const addition: Addition = { started: false, queued: queued.promise, done: done.promise };
    this.#running.set(path.baseName, addition);
    // Whoever waits for it gets the error from the addition itself.
    done.promise.catch(() => {});
    try {
      await this.#slots.use(() => {
        addition.started = true;
        return this.#run(path, references, repair, write, queued.resolve);
      });
      done.resolve();
    } catch (error) {
      done.reject(error);
      throw error;
    } finally {
      queued.resolve();
      this.#running.delete(path.baseName);
    }
  }

  async #run(
    path: StorePath,
    references: readonly StorePath[],
    repair: boolean,
    write: (realPath: string) => Promise<{ info: PathInfo; entries: number }>,
    queued: () => void,
  ): Promise<void> {
    const { realStoreDir, queue } = this.#context;
    const realPath = this.#realPath(path);
    await this.#context.addTempRoot(path);
    using _locks = await lockPaths(realStoreDir, [path]);
    if (!repair && this.#context.isValidPath(path)) return;
    // A valid path that is repaired stays in place until its successor is complete.
    const target = repair ? `${realPath}.repair` : realPath;
    try {
      await deleteTree(target);
      const { info, entries } = await write(target);
      if (repair) await replaceTree(target, realPath);
      await this.#context.optimise?.(realPath);
      for (const reference of references) {
        const other = this.#running.get(reference.baseName);
        if (other?.started && !reference.equals(path)) await other.queued;
      }
      const registered = queue.add({ info, realPath, entries });
      queued();
      await registered;
    } catch (error) {
      await deleteTree(target);
      throw writeFault(realPath, error);
    }
  }

  async #checkContentAddress(info: PathInfo, address: ContentAddress, realPath: string): Promise<void> {
    const self = info.references.some((reference) => reference.equals(info.path));
    const others = info.references.filter((reference) => !reference.equals(info.path));
    const printed = printStorePath(this.#context.storeDir, info.path);
    const expected = this.#pathFor(info.path.name, address, { others, self });
    if (!expected.equals(info.path)) throw wrongContentAddress(printed);
    const hash = self
      ? await hashModuloSelf(realPath, address, info.path.hashPart)
      : (await readSource(toBytePath(realPath), { ...address, algorithm: address.hash.algorithm }, () => {}))
          .address.hash;
    if (!equalHashes(hash, address.hash)) throw wrongContentAddress(printed);
  }

  #pathFor(name: string, address: ContentAddress, references: References): StorePath {
    const context = { storeDir: this.#context.storeDir, hasher: nodeHasher };
    return makeContentAddressedPath(context, name, address, references);
  }

  #realPath(path: StorePath): string {
    return `${this.#context.realStoreDir}/${path.baseName}`;
  }
}

/** Lets a number of things run at once, the others in the order in which they came. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async use<T>(action: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await action();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}

function newInfo(path: StorePath, source: ReadSource, references: readonly StorePath[]): PathInfo {
  return {
    path,
    narHash: source.narHash,
    narSizeBytes: source.narSizeBytes,
    references,
    registrationTimeSeconds: 0,
    ultimate: false,
    signatures: [],
    contentAddress: source.address,
  };
}
