/** Hands a failed build's directory to whoever asked to keep it. */
import {
  chmodSync,
  closeSync,
  constants,
  cpSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { deleteTree } from '../platform/index.ts';

/**
 * Moves `from` to the new directory `to` (0700). Every file becomes the caller's, loses its set-id bits, and is
 * removed when it is a device, socket or FIFO, or a hard link to something that the builder did not make. The
 * builder is dead. Returns `to`.
 */
export async function keepDirectory(from: string, to: string): Promise<string> {
  const [uid, gid] = [process.getuid!(), process.getgid!()];
  const owner = lstatSync(from).uid;
  const pending = [from];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) pending.push(path);
      else if (entry.isSymbolicLink()) lchownSync(path, uid, gid);
      else if (entry.isFile()) takeFile(path, { owner, uid, gid });
      else unlinkSync(path);
    }
    takeDirectory(directory, { uid, gid });
  }
  move(from, to);
  chmodSync(to, 0o700);
  await deleteTree(from);
  return to;
}

function takeFile(path: string, ids: { owner: number; uid: number; gid: number }): void {
  // By descriptor, so that what is changed is what was looked at.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(descriptor);
    if (stat.uid !== ids.owner) unlinkSync(path);
    else {
      fchownSync(descriptor, ids.uid, ids.gid);
      fchmodSync(descriptor, stat.mode & 0o777);
    }
  } finally {
    closeSync(descriptor);
  }
}

function takeDirectory(path: string, ids: { uid: number; gid: number }): void {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_DIRECTORY);
  try {
    fchownSync(descriptor, ids.uid, ids.gid);
    fchmodSync(descriptor, (fstatSync(descriptor).mode & 0o777) | 0o700);
  } finally {
    closeSync(descriptor);
  }
}

function move(from: string, to: string): void {
  try {
    mkdirSync(to, { mode: 0o700 });
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  }
}
