/** Failures of the file system while something is written, told in our words: with the place, and what to do. */
import { NixError } from '../diagnostics/index.ts';
import { cannotWrite, diskFull, storeNotWritable } from './errors.ts';

/** The error to throw for `error`, which happened while `path` was written. What is no system error stays as it is. */
export function writeFault(path: string, error: unknown): unknown {
  if (error instanceof NixError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(path, error);
  return typeof code === 'string' ? cannotWrite(path, error as Error) : error;
}

/** Runs `action`, which writes `path`. */
export function writing<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw writeFault(path, error);
  }
}

/** Runs `action`, which makes `path`: where that is not permitted, the store is somebody else's. */
export function making<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') throw storeNotWritable(path, error);
    throw writeFault(path, error);
  }
}
