/**
 * The directories of a local store, made as C++ Nix makes them, and the reserve file: some space that a collection
 * can free first when the disk is full, because SQLite cannot open its database without any.
 */
import { closeSync, lstatSync, mkdirSync, openSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { diskFull, storeIsSymlink, storeNotWritable } from './errors.ts';
import { tryAllocate } from './native/syscall.ts';

/** Where a local store's parts are; absolute host paths, except `storeDir`, which is logical. */
export interface StorePlaces {
  readonly storeDir: string;
  readonly realStoreDir: string;
  readonly stateDir: string;
  readonly logDir: string;
}

/**
 * Makes missing directories.
 *
 * @throws StoreError `not-writable`, `symlinked-store`, `disk-full`
 */
export function createStoreDirectories(places: StorePlaces): void {
  const { realStoreDir, stateDir } = places;
  const state = (name: string) => join(stateDir, name);
  const directories = [
    realStoreDir,
    join(realStoreDir, '.links'),
    state('profiles'),
    state('temproots'),
    state('db'),
    state('gcroots'),
    state('profiles/per-user'),
    state('gcroots/per-user'),
  ];
  for (const directory of directories) {
    making(directory, () => mkdirSync(directory, { recursive: true, mode: 0o755 }));
  }
  const profilesRoot = state('gcroots/profiles');
  if (!lstatSync(profilesRoot, { throwIfNoEntry: false })) {
    making(profilesRoot, () => {
      try {
        symlinkSync(state('profiles'), profilesRoot);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    });
  }
  for (let path = realStoreDir; path !== dirname(path); path = dirname(path)) {
    if (lstatSync(path).isSymbolicLink()) throw storeIsSymlink(path);
  }
}

/**
 * Makes the reserve file, or brings it to its size. Failing to (a full disk, or a file system that cannot allocate
 * space without writing) is no error.
 */
export function createReserve(stateDir: string, sizeBytes: number): void {
  const path = reservePath(stateDir);
  if (statSync(path, { throwIfNoEntry: false })?.size === sizeBytes) return;
  let made = false;
  try {
    const descriptor = openSync(path, 'w', 0o600);
    made = tryAllocate(descriptor, sizeBytes);
    closeSync(descriptor);
  } catch {
    // Nobody depends on it.
  }
  // Half a reserve would only take space away.
  if (!made) rmSync(path, { force: true });
}

/** Frees the reserve. */
export function deleteReserve(stateDir: string): void {
  rmSync(reservePath(stateDir), { force: true });
}

function reservePath(stateDir: string): string {
  return join(stateDir, 'db/reserved');
}

function making(path: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw diskFull(path, error);
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') throw storeNotWritable(path, error);
    throw error;
  }
}
