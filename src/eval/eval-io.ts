/**
 * The one interface through which evaluation touches the outside world. Every method is synchronous: in Node
 * the session's implementation blocks the evaluator's Worker (`Atomics.wait`) while the main thread builds or
 * fetches; in a browser a preloaded file map answers. All paths are absolute, canonical byte strings.
 */

export type FileType = 'regular' | 'directory' | 'symlink' | 'unknown';

/** How a derivation that evaluation made is handed over: its ATerm and what `.drv` path it must get. */
export interface DerivationToWrite {
  /** Name of the store object, ending in `.drv`. */
  readonly name: string;
  /** The derivation in ATerm form (byte string). */
  readonly aterm: string;
  /** Full store paths the `.drv` refers to, sorted. */
  readonly references: readonly string[];
}

/** A filter over a source tree; gets the absolute path and its type, `true` keeps it. */
export type PathFilter = (path: string, type: FileType) => boolean;

export interface EvalIo {
  /** `/nix/store` unless changed by a setting. */
  readonly storeDir: string;
  /** Like `lstat`: the type, or `undefined` when nothing is there. Never follows the last link. */
  lstat(path: string): FileType | undefined;
  /** Whole file as a byte string; throws `EvalError` naming the path. Follows links. */
  readFile(path: string): string;
  /** Entries (without `.` and `..`) with their types, sorted by bytes. */
  readDirectory(path: string): { name: string; type: FileType }[];
  readLink(path: string): string;
  /** `undefined` when unset. */
  getEnv(name: string): string | undefined;
  /** Digest as raw bytes (byte string). Algorithms: md5, sha1, sha256, sha512. */
  hash(algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512', bytes: string): string;
  /** Seconds since the epoch. */
  currentTime(): number;
  /** Random bytes are never needed: evaluation is deterministic. */

  /** Store path of a text (`builtins.toFile`); writes it unless the session is read-only. Full path. */
  addText(name: string, contents: string, references: readonly string[]): string;
  /** Copies a file tree into the store as `builtins.path` does; `expectedSha256` (hex) lets a present path be used without reading. Full path. */
  addPath(options: {
    readonly path: string;
    readonly name: string;
    readonly recursive: boolean;
    readonly filter?: PathFilter;
    readonly expectedSha256?: string;
  }): string;
  /** Writes a `.drv` (unless read-only) and returns its full store path. */
  writeDerivation(drv: DerivationToWrite): string;
  /** The ATerm of a `.drv` that is in the store already. */
  readDerivation(path: string): string;
  /** The references of a valid store path, full paths. */
  queryReferences(path: string): readonly string[];
  /** Whether the full store path is valid. */
  isValidPath(path: string): boolean;
  /** Makes sure that a store path is valid (substituting it if need be), for `builtins.storePath`. */
  ensurePath(path: string): void;
  /** Builds outputs for import-from-derivation. Afterwards they can be read; their paths, where given, are allowed in restricted and pure evaluation. */
  build(
    installables: readonly { readonly drvPath: string; readonly outputs: readonly string[] }[],
    // biome-ignore lint/suspicious/noConfusingVoidType: an implementation may have nothing to tell
  ): readonly string[] | void;
  /** Maps a logical path (`/nix/store/...`) to where the file really is (a chroot store). */
  toRealPath(path: string): string;
  /** Downloads for `fetchurl`/`fetchTarball`/`fetchGit`; returns full store path. */
  fetch(request: FetchRequest): FetchResult;
  /** Standard error of the evaluation: `trace`, warnings. Byte strings without the newline. */
  print(message: string): void;
}

export interface FetchRequest {
  readonly kind: 'url' | 'tarball' | 'git';
  readonly url: string;
  readonly name: string;
  /** SRI, `sha256:...` or bare hash as the user wrote it. */
  readonly hash?: string;
  /** Further attributes (`rev`, `ref`, `submodules`, ...). */
  readonly attrs?: Readonly<Record<string, string | boolean | number>>;
}
export interface FetchResult {
  readonly storePath: string;
  readonly attrs: Readonly<Record<string, string | number>>;
}
