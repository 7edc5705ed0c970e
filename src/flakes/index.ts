/** Flakes: reading, locking and calling them. Pure: trees come through `EvalIo`; nothing is written. */
export type { FlakeFile, FlakeInput, FlakeInputs } from './flake-file.ts';
export type { Flake } from './flake-loader.ts';
export { flakeBuiltins, type LockedFlake, lockedFlakeValue, lockFlake } from './get-flake.ts';
export { printInputTree } from './input-tree.ts';
export {
  diffLocks,
  type InputPath,
  LockFile,
  LockNode,
  parseInputPath,
  printInputPath,
} from './lock-file.ts';
export type { LockOptions } from './locking.ts';
