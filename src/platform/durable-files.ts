/**
 * Files that survive a power cut: content, then directory entry are flushed before anything relies on them.
 */
import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Flushes one regular file or directory. Never follows a link at the end. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Flushes every file and directory of a tree, leaves first, and then the directory that holds it. */
export function syncTree(path: string): void {
  const pending = [path];
  const directories: string[] = [];
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    const stat = lstatSync(current);
    if (stat.isDirectory()) {
      directories.push(current);
      for (const name of readdirSync(current)) pending.push(join(current, name));
    } else if (stat.isFile()) syncPath(current);
  }
  for (const directory of directories.reverse()) syncPath(directory);
  syncPath(dirname(path));
}

let counter = 0;
const temporaryBeside = (path: string) => `${path}.tmp-${process.pid}-${counter++}`;

/** Writes a whole file so that readers and crashes see the old or the new content, never a part. Mode 0644 by default. */
export function writeFileAtomically(
  path: string,
  content: string | Uint8Array,
  options: { readonly mode?: number } = {},
): void {
  const temporary = temporaryBeside(path);
  const descriptor = openSync(temporary, 'wx', options.mode ?? 0o644);
  try {
    writeFileSync(descriptor, content);
    fsyncSync(descriptor);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
  syncPath(dirname(path));
}

/** Points the symlink `path` at `target`, replacing what was there in one step. */
export function replaceSymlink(target: string, path: string): void {
  const temporary = temporaryBeside(path);
  symlinkSync(target, temporary);
  renameSync(temporary, path);
  syncPath(dirname(path));
}
