/** Stores: what is valid, adding, registering, collecting; and profiles, whose generations keep things alive. */
export { type CanonicaliseOptions, canonicalisePathMetaData } from './canonicalise.ts';
export { type ClosureOptions, computeClosure, queryValidPathInfo, sortByReferences } from './closure.ts';
export { type DumpOptions, dumpFile, dumpTree } from './dump-tree.ts';
export { exportPaths, importPaths } from './export-import.ts';
export { FlockFile, type LockMode, lockFile, type WaitOptions, waitFor } from './flock-file.ts';
export { type CollectOptions, type CollectResult, collectGarbage, formatMebibytes } from './garbage.ts';
export {
  addIndirectRoot,
  findRoots,
  followLinksToStorePath,
  type Roots,
  type RootsContext,
  registerIndirectRoot,
} from './gc-roots.ts';
export { formatDotGraph, formatGraphMl, formatTree } from './graph-text.ts';
export { LocalStore, type LocalStoreOptions } from './local-store.ts';
export { HashSink, nodeHasher } from './node-hash.ts';
export { type OptimiseResult, optimisePath, optimiseStore } from './optimise.ts';
export {
  createGeneration,
  deleteGenerations,
  findGenerations,
  type Generation,
  generationLink,
  lockProfile,
  selectOldGenerations,
  switchGeneration,
  switchLink,
} from './profiles.ts';
export { restoreTree, STORE_MTIME_SECONDS } from './restore-tree.ts';
export { ReferenceScanner, type ScannedTree, scanReferences } from './scan-references.ts';
export type {
  AddPathOptions,
  LockPathsOptions,
  PathFilter,
  PathInfo,
  PathLocks,
  Store,
  TakenOutput,
  TakeOutputOptions,
  WritableStore,
} from './store.ts';
export type { StorePlaces } from './store-directories.ts';
export { contentsAreGood, type VerifyOptions, verifyStore } from './verify.ts';
