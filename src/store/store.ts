/**
 * The Store interface: what a session, the builder and the commands may ask of a store (a local directory with its
 * SQLite database; later a binary cache, a daemon). Absence is `undefined`, refusals are `StoreError`.
 *
 * Questions are synchronous (SQLite answers in microseconds); whatever moves files is asynchronous.
 */
import type {
  ContentAddress,
  ContentAddressMethod,
  Derivation,
  Hash,
  HashAlgorithm,
  StorePath,
} from '../formats/index.ts';

/** What is known of a valid store path; C++ Nix's ValidPathInfo. */
export interface PathInfo {
  readonly path: StorePath;
  /** SHA-256 of the NAR. */
  readonly narHash: Hash;
  readonly narSizeBytes: number;
  /** Sorted by their printed form; may contain `path` itself. */
  readonly references: readonly StorePath[];
  readonly deriver?: StorePath | undefined;
  /** Seconds since the epoch; 0 when unknown (registering sets it to now). */
  readonly registrationTimeSeconds: number;
  /** Built here, so trusted without a signature. */
  readonly ultimate: boolean;
  readonly signatures: readonly string[];
  readonly contentAddress?: ContentAddress | undefined;
}

/** The questions. */
export interface Store {
  /** Logical store directory, `/nix/store`. */
  readonly storeDir: string;
  isValidPath(path: StorePath): boolean;
  queryPathInfo(path: StorePath): PathInfo | undefined;
  /** Valid paths whose references include `path`, sorted; a self-reference counts. */
  queryReferrers(path: StorePath): StorePath[];
  /** Sorted. */
  queryAllValidPaths(): StorePath[];
  /** The `.drv` files that have this path as an output and are valid, sorted. */
  queryValidDerivers(path: StorePath): StorePath[];
  /** Output name -> path of a valid `.drv`; outputs whose path is not known yet are missing. */
  queryDerivationOutputs(drvPath: StorePath): ReadonlyMap<string, StorePath>;
  /** The valid path whose hash part is `hashPart` (32 nix32 characters). */
  queryPathFromHashPart(hashPart: string): StorePath | undefined;
}

/**
 * Which files of a directory are added: called with the byte string of the absolute path (below the added one) and
 * its type, as `builtins.filterSource` wants; a directory that is refused is not entered.
 */
export type PathFilter = (path: string, type: 'regular' | 'directory' | 'symlink' | 'unknown') => boolean;

export interface AddPathOptions {
  /** `nar` unless told otherwise. */
  readonly method?: ContentAddressMethod;
  /** `sha256` unless told otherwise. */
  readonly algorithm?: HashAlgorithm;
  readonly references?: readonly StorePath[];
  readonly filter?: PathFilter | undefined;
  /** Replaces the files even when the path is valid. */
  readonly repair?: boolean;
}

/** A store whose objects are files here, and which takes new ones. */
export interface WritableStore extends Store {
  /** Where the files really are: `DIR/nix/store` of a chroot store. */
  readonly realStoreDir: string;
  readonly stateDir: string;
  readonly logDir: string;
  toRealPath(path: StorePath): string;

  /**
   * Protects a path from garbage collection until this store is closed, valid or not. Waits only while a collector
   * deletes that very path.
   */
  addTempRoot(path: StorePath): Promise<void>;

  /** Adds a small file with references (`builtins.toFile`, `.drv`); contents are bytes or a byte string. */
  addText(
    name: string,
    contents: Uint8Array | string,
    references: readonly StorePath[],
    options?: { readonly repair?: boolean },
  ): Promise<StorePath>;

  /** Writes a derivation as `NAME.drv`. */
  addDerivation(name: string, derivation: Derivation): Promise<StorePath>;

  /**
   * Copies a file or directory of the host into the store.
   *
   * @param sourcePath absolute path, as a byte string
   */
  addPath(name: string, sourcePath: string, options?: AddPathOptions): Promise<StorePath>;

  /** The path that `addPath` would give, without adding. */
  computePath(
    name: string,
    sourcePath: string,
    options?: AddPathOptions,
  ): Promise<{ path: StorePath; narHash: Hash }>;

  /**
   * Adds a path whose info is known from elsewhere (substitution, import) from its NAR. The bytes are checked
   * against `info` before the path becomes valid; its references must be valid already.
   */
  addFromNar(
    info: PathInfo,
    nar: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    options?: { readonly repair?: boolean },
  ): Promise<void>;

  /**
   * Takes a finished build output (or other tree) into the store: checks owner and types, canonicalises the
   * metadata, finds its references among `candidates`, makes it durable and moves it to `path`. It is *not* yet
   * valid: call `registerValidPaths` with all outputs of a build at once.
   *
   * The caller holds the path's lock. `from` is gone afterwards.
   */
  takeOutput(options: TakeOutputOptions): Promise<TakenOutput>;

  /**
   * Makes paths valid, all or none, in one transaction. Their files must be in place and durable. References must
   * be valid already or be among `infos`; a cycle between different paths is refused. Registering a valid path again
   * updates its info.
   */
  registerValidPaths(infos: readonly PathInfo[]): void;

  /** Locks paths for building or adding (and makes them temporary roots), in sorted order. Dispose to unlock. */
  lockPaths(paths: readonly StorePath[], options?: LockPathsOptions): Promise<PathLocks>;
  /**
   * As `lockPaths`, but `undefined` when somebody else holds one of them. The caller has made the paths temporary
   * roots before.
   */
  tryLockPaths(paths: readonly StorePath[]): PathLocks | undefined;

  /** The NAR of a valid path, in chunks. */
  narFromPath(path: StorePath): AsyncIterable<Uint8Array>;
  /** The derivation in a `.drv` file that is in the store, valid or not. Kept in memory. */
  readDerivation(path: StorePath): Derivation;
}

export interface TakeOutputOptions {
  /** Where the builder left the tree (on the store's file system it is renamed, otherwise copied). */
  readonly from: string;
  readonly path: StorePath;
  /** Paths that may appear in it: the closure of the inputs, and all outputs of the derivation. */
  readonly candidates: readonly StorePath[];
  /** Every file must belong to this uid (the build user); default: no check. */
  readonly ownerUid?: number | undefined;
  /**
   * Give the files new inodes (copy instead of rename), so that no descriptor that a builder smuggled out can change
   * them afterwards. Always set it for fixed outputs, whose builders have a network.
   */
  readonly copy?: boolean;
  /** The path is valid already, and its files are to be replaced: a repair. */
  readonly replace?: boolean;
}

export interface TakenOutput {
  readonly narHash: Hash;
  readonly narSizeBytes: number;
  /** Those of `candidates` whose hash part was found, sorted. */
  readonly references: readonly StorePath[];
}

export interface LockPathsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once, when another process holds a lock. */
  readonly onWait?: (path: StorePath) => void;
}

/** Held path locks. */
export interface PathLocks extends Disposable {
  /** Gives the locks up and removes the lock files. May be repeated. */
  release(): void;
}
