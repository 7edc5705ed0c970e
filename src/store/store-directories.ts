/**
 * The directories of a local store, made as C++ Nix makes them, and the reserve file: some space that a collection
 * can free first when the disk is full, because SQLite cannot open its database without any.
 */
import {
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { StoreError } from '../diagnostics/index.ts';
import { storeIsSymlink } from './errors.ts';
import { tryAllocate } from './native/syscall.ts';
import { making } from './write-fault.ts';

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
 * space without writing) is no error: what is there already is kept.
 */
export function createReserve(stateDir: string, sizeBytes: number): void {
  const path = reservePath(stateDir);
  const before = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (before === sizeBytes) return;
  let made = false;
  try {
    const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    made = before > sizeBytes || tryAllocate(descriptor, sizeBytes);
    ftruncateSync(descriptor, made ? sizeBytes : before);
    closeSync(descriptor);
  } catch {
    // Nobody depends on it.
  }
  if (!made && before === 0) rmSync(path, { force: true });
}

/** Frees the reserve. Returns whether there was one. */
export function deleteReserve(stateDir: string): boolean {
  const path = reservePath(stateDir);
  const existed = existsSync(path);
  rmSync(path, { force: true });
  return existed;
}

/**
 * Runs `open`, which opens the database; when the disk is too full for that, once more with the reserve's space. What it
 * leaves of that becomes the reserve again: for the collector, and nobody else.
 */
export function openWithReserve<T>(stateDir: string, reserveBytes: number, open: () => T): T {
  try {
    return open();
  } catch (error) {
    const full = error instanceof StoreError && error.code === 'disk-full';
    if (!full || !deleteReserve(stateDir)) throw error;
    try {
      return open();
    } finally {
      const { bavail, bsize } = statfsSync(stateDir);
      createReserve(stateDir, Math.min(reserveBytes, bavail * bsize));
    }
  }
}

function reservePath(stateDir: string): string {
  return join(stateDir, 'db/reserved');
}
