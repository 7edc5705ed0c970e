/** Stores: what is valid, adding, registering, collecting; and profiles, whose generations keep things alive. */
export { type CanonicaliseOptions, canonicalisePathMetaData } from './canonicalise.ts';
export { FlockFile, type LockMode } from './flock-file.ts';
export { type DumpOptions, dumpFile, dumpTree } from './dump-tree.ts';
export { LocalStore, type LocalStoreOptions } from './local-store.ts';
export { HashSink, nodeHasher } from './node-hash.ts';
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
