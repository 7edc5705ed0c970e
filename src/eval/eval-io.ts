/**
 * The one interface through which evaluation touches the outside world. Every method is synchronous: in Node
 * the session's implementation blocks the evaluator's Worker (`Atomics.wait`) while the main thread builds or
 * fetches; in a browser a preloaded file map answers. All paths are absolute, canonical byte strings.
 */

import type { InputAttrs } from '../inputs/index.ts';

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
  /** Brings something into the store, for `fetchurl`, `fetchTree` and their like, flakes included. */
  fetch(request: FetchRequest): FetchResult;
  /** Standard error of the evaluation: `trace`, warnings. Byte strings without the newline. */
  print(message: string): void;
}

/** What evaluation may ask to be fetched. */
export type FetchRequest =
  /** `fetchurl` (a file as it is) and `fetchTarball` (unpacked). `sha256` in hexadecimal: of the file, or of the tree's NAR. */
  | {
      readonly kind: 'url' | 'tarball';
      readonly url: string;
      readonly name: string;
      readonly sha256?: string;
    }
  /** An input, looked up in the registries first where that is allowed. */
  | {
      readonly kind: 'tree';
      readonly attrs: InputAttrs;
      /** `limited`: only those given by flag and the global one. */
      readonly registries: 'none' | 'limited' | 'all';
    }
  /** The closure of a store path from a binary cache. */
  | {
      readonly kind: 'closure';
      readonly fromStore: string;
      readonly fromPath: string;
      /** Where the rewritten, content-addressed closure is; empty when that is to be found out. */
      readonly toPath?: string;
      readonly inputAddressed: boolean;
    };

export interface FetchResult {
  /** Full store path. */
  readonly storePath: string;
  /** A tree's attributes: those asked for and what fetching found out (`rev`, `lastModified`, `narHash`, ...). */
  readonly attrs: InputAttrs;
  /** A tree's attributes after the registries, and the directory in it that a registry named. */
  readonly resolved?: { readonly attrs: InputAttrs; readonly dir?: string };
  /** A closure's paths. */
  readonly closure?: readonly string[];
}
