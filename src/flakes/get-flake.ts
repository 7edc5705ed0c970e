/** `builtins.getFlake`, and flakes asked for by commands. */
import { NixError } from '../diagnostics/index.ts';
import {
  type BuiltinTable,
  force,
  forceTextNoContext,
  type Lazy,
  NixPath,
  type Runtime,
  type Value,
} from '../eval/index.ts';
import { type FlakeRef, parseFlakeRef } from '../inputs/index.ts';
import { type Flake, FlakeLoader } from './flake-loader.ts';
import { callFlake } from './flake-value.ts';
import { diffLocks, type LockFile } from './lock-file.ts';
import { Locking, type LockOptions, type LockResult } from './locking.ts';

export interface LockedFlake extends LockResult {
  readonly flake: Flake;
  readonly oldLockFile: LockFile;
  /** What changed, as lines; empty when nothing did. */
  readonly changes: string;
}

/** Reads a flake and works out its lock file. Nothing is written. @throws NixError */
export function lockFlake(runtime: Runtime, ref: FlakeRef, options: LockOptions): LockedFlake {
  const loader = new FlakeLoader(runtime);
  const flake = loader.load(ref, options.useRegistries ? 'all' : 'none');
  return lockLoaded(runtime, loader, flake, options);
}

function lockLoaded(runtime: Runtime, loader: FlakeLoader, flake: Flake, options: LockOptions): LockedFlake {
  try {
    const oldLockFile = loader.lockFileOf(flake);
    const locking = new Locking(loader, options, (message) => runtime.warn(message));
    const result = locking.run(flake, oldLockFile);
    const changes = result.lockFile.equals(oldLockFile) ? '' : diffLocks(oldLockFile, result.lockFile);
    return { ...result, flake, oldLockFile, changes };
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    throw error.addTrace(
      `while updating the lock file of flake '${flake.locked.input.isKnown ? flake.locked : flake.original}'`,
    );
  }
}

/** A locked flake as `getFlake` gives it. */
export function lockedFlakeValue(runtime: Runtime, locked: LockedFlake, isDirty: boolean): Value {
  return callFlake(runtime, { ...locked, isDirty });
}

function getFlake(runtime: Runtime, lazy: Lazy): Value {
  const { pureEval, experimentalFeatures: features } = runtime.settings;
  const options: LockOptions = {
    updates: [],
    overrides: [],
    recreate: false,
    useRegistries: !pureEval,
    allowUnlocked: !pureEval,
  };
  const value = force(lazy);
  const locked = value instanceof NixPath ? lockDirectory(runtime, value, options) : lockNamed(value);
  if (locked.changes !== '' && !pureEval)
    runtime.warn(
      `not writing modified lock file of flake '${locked.flake.original}':\n${locked.changes.trimEnd()}`,
    );
  return lockedFlakeValue(runtime, locked, locked.changes !== '');

  function lockNamed(argument: Value): LockedFlake {
    const what = 'while evaluating the argument passed to builtins.getFlake';
    const text = forceTextNoContext(argument, 0, what);
    const ref = parseFlakeRef(text, { features, allowMissing: true });
    if (pureEval && !ref.input.isLocked) {
      throw new NixError(
        `cannot call 'getFlake' on unlocked flake reference '${text}' (use --impure to override)`,
        { code: 'pure-mode' },
      );
    }
    return lockFlake(runtime, ref, options);
  }
}

/** A directory that evaluation can read, as a flake of its own. */
function lockDirectory(runtime: Runtime, { path }: NixPath, options: LockOptions): LockedFlake {
  const ref = parseFlakeRef(`path:${runtime.checkPath(path, 0)}`, {
    features: runtime.settings.experimentalFeatures,
  });
  return lockFlake(runtime, ref, options);
}

export const flakeBuiltins: BuiltinTable = [
  {
    name: '__getFlake',
    args: ['args'],
    doc: 'The outputs of a flake, given by reference or path, with `inputs`, `outputs`, `sourceInfo` and what is known about its tree. In pure evaluation the reference must be locked.',
    feature: 'flakes',
    fn: (runtime, _pos, argument) => getFlake(runtime, argument),
  },
];
