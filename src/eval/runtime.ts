/**
 * What builtins get besides their arguments: the outside world, the settings, and the services of the evaluator
 * that need both. One per `EvalSession`.
 */

import type { LintLevel } from '../syntax/index.ts';
import type { EvalIo } from './eval-io.ts';
import type { PosIdx } from './positions.ts';
import type { AttrSet, Lazy, Value } from './value.ts';

/** Immutable settings of one session. */
export interface EvalSettings {
  /** `builtins.currentSystem`. */
  readonly system: string;
  readonly pureEval: boolean;
  readonly restrictEval: boolean;
  readonly allowImportFromDerivation: boolean;
  /** Prefixes of URLs that restricted evaluation may fetch. */
  readonly allowedUris: readonly string[];
  /** Paths that restricted and pure evaluation may read, besides the search path. Absolute. */
  readonly allowedPaths: readonly string[];
  /** Search path entries `[prefix, path or URL]`, in order. */
  readonly nixPath: readonly (readonly [prefix: string, path: string])[];
  readonly maxCallDepth: number;
  readonly showTrace: boolean;
  readonly traceVerbose: boolean;
  readonly abortOnWarn: boolean;
  /** `ignore`, `warn` or `fatal`: what to say of literals that some avoid. */
  readonly lintUrlLiterals?: LintLevel;
  readonly lintAbsolutePathLiterals?: LintLevel;
  readonly lintShortPathLiterals?: LintLevel;
  /** Names of the experimental features that are on. */
  readonly experimentalFeatures: ReadonlySet<string>;
  /** `~` in paths; absent when unknown. */
  readonly homeDir: string | undefined;
  /** What relative paths given from outside (search path entries) start from. */
  readonly workingDir: string;
}

export interface Runtime {
  readonly io: EvalIo;
  readonly settings: EvalSettings;
  /** The `builtins` set. */
  readonly builtins: AttrSet;
  /** Evaluates the expression in a file (or in a directory's `default.nix`); remembered per file. `path` is an absolute path. */
  importFile(path: string, pos: PosIdx): Value;
  /** `scopedImport`: the attributes of `scope` are visible in the file; not remembered. */
  importScoped(path: string, scope: AttrSet, pos: PosIdx): Value;
  /** Copies a path into the store as coercion of a path value does (remembered); the full store path. */
  copyPathToStore(path: string, pos: PosIdx): string;
  /** The path itself, unless restricted or pure evaluation may not read it (then an error). */
  checkPath(path: string, pos: PosIdx): string;
  /** The path with all symbolic links resolved, as far as it exists. */
  resolveLinks(path: string): string;
  /** A path given relative to where evaluation was started. */
  absolutePath(path: string): string;
  /** Allows a path (usually a store path that evaluation made) to be read in restricted and pure evaluation. */
  allowPath(path: string): void;
  /** `warning: ...` on standard error; with `pos` and `trace` (what was being done) laid out like an error. */
  warn(message: string, pos?: PosIdx, trace?: string): void;
  /** `evaluation warning: ...` on standard error, for `builtins.warn`. */
  evaluationWarning(message: string): void;
  /** A line on standard error as it is. */
  print(message: string): void;
  /** Values that builtins keep for the life of the session, by a name of their own. */
  memo<T>(key: string, create: () => T): T;
  /** Looks `name` up in a search path value (`[ { prefix; path; } ... ]`), as `builtins.findFile`; absolute path. */
  findFile(searchPath: Lazy, name: string, pos: PosIdx): string;
}
