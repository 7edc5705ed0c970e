/**
 * The Store interface: what a session, the builder and the commands may ask of any store (a local directory
 * with its SQLite database, a binary cache, a daemon). Absence is `undefined`; refusals are `StoreError`.
 */
import type { ContentAddress, Hash, StorePath } from '../formats/index.ts';

/** What is known of a valid store path; C++ Nix's ValidPathInfo. */
export interface PathInfo {
  readonly path: StorePath;
  /** SHA-256 of the NAR. */
  readonly narHash: Hash;
  readonly narSizeBytes: number;
  /** Sorted by their printed form; may contain `path` itself. */
  readonly references: readonly StorePath[];
  readonly deriver?: StorePath | undefined;
  /** Seconds since the epoch; 0 when unknown. */
  readonly registrationTimeSeconds: number;
  /** Built here, so trusted without a signature. */
  readonly ultimate: boolean;
  readonly signatures: readonly string[];
  readonly contentAddress?: ContentAddress | undefined;
}

export interface Store {
  /** Logical store directory, `/nix/store`. */
  readonly storeDir: string;
  isValidPath(path: StorePath): boolean;
  queryPathInfo(path: StorePath): PathInfo | undefined;
  queryReferrers(path: StorePath): StorePath[];
  queryAllValidPaths(): StorePath[];
  /** The `.drv` files that have this path as an output and are valid. */
  queryValidDerivers(path: StorePath): StorePath[];
  /** Output name -> path of a valid `.drv`. */
  queryDerivationOutputs(drvPath: StorePath): ReadonlyMap<string, StorePath>;
  /** The path whose hash part is `hashPart` (32 nix32 characters). */
  queryPathFromHashPart(hashPart: string): StorePath | undefined;
}

/** A store whose objects are files here. */
export interface LocalFsStore extends Store {
  /** Where the files really are: `DIR/nix/store` of a chroot store. */
  readonly realStoreDir: string;
  readonly stateDir: string;
  readonly logDir: string;
  toRealPath(path: StorePath): string;
}
