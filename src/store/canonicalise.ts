/**
 * Brings a tree that a builder made into the form of a store object: files 0444 or 0555, directories 0555, last
 * modified at second 1, owned by us, no extended attributes. It refuses other file types, and files that the builder
 * does not own: a hard link to somebody else's file must never be changed on a builder's behalf.
 *
 * All processes of the builder must be dead: paths are walked by name.
 */
import { chmodSync, lchownSync, lstatSync, lutimesSync, readdirSync, type Stats } from 'node:fs';
import { setImmediate as pause } from 'node:timers/promises';
import { missingOutput, suspiciousOutput, unsupportedFileType, wrongOwner } from './errors.ts';
import { fromNodeBytes, toNodePath } from './host-path.ts';
import { stripExtendedAttributes } from './native/syscall.ts';
import { STORE_MTIME_SECONDS } from './restore-tree.ts';

const FILES_PER_TURN = 512;

export interface CanonicaliseOptions {
  /** All files must belong to this uid; no check when absent. */
  readonly ownerUid?: number | undefined;
}

/**
 * Canonicalises the tree at `path` (a byte string). May be repeated.
 *
 * @returns the number of files, directories and links
 * @throws StoreError `unsupported-file-type`; BuildError `output-rejected` on a foreign owner
 */
export async function canonicalisePathMetaData(
  path: string,
  options: CanonicaliseOptions = {},
): Promise<number> {
  const walk = new MetaDataWalk(options.ownerUid);
  const pending = [path];
  let count = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const stat = walk.visit(next);
    if (++count % FILES_PER_TURN === 0) await pause();
    if (!stat.isDirectory()) continue;
    for (const name of readdirSync(toNodePath(next), { encoding: 'buffer' })) {
      pending.push(`${next}/${fromNodeBytes(name)}`);
    }
  }
  return count;
}

/**
 * Checks the top of a build output before anything else touches it.
 *
 * @throws BuildError `output-rejected` when it is missing, foreign, or writable for others
 */
export function checkOutputRoot(path: string, ownerUid: number | undefined): void {
  const stat = lstatSync(toNodePath(path), { throwIfNoEntry: false });
  if (!stat) throw missingOutput(path);
  const writable = !stat.isSymbolicLink() && (stat.mode & 0o022) !== 0;
  if (writable || (ownerUid !== undefined && stat.uid !== ownerUid)) throw suspiciousOutput(path);
}

class MetaDataWalk {
  readonly #ownerUid: number | undefined;
  readonly #uid = process.geteuid!();
  readonly #gid = process.getegid!();
  /** Inodes that are ours already: the builder may have hard-linked its own files to each other. */
  readonly #seen = new Set<string>();

  constructor(ownerUid: number | undefined) {
    this.#ownerUid = ownerUid;
  }

  visit(path: string): Stats {
    const target = toNodePath(path);
    const stat = lstatSync(target);
    const link = stat.isSymbolicLink();
    if (!stat.isFile() && !stat.isDirectory() && !link) throw unsupportedFileType(path);
    const inode = `${stat.dev}:${stat.ino}`;
    if (this.#ownerUid !== undefined && stat.uid !== this.#ownerUid) {
      if (stat.isDirectory() || !this.#seen.has(inode)) throw wrongOwner(path);
      return stat;
    }
    if (stat.nlink > 1) this.#seen.add(inode);
    stripExtendedAttributes(target);
    // The owner first: chown clears set-uid bits, and for a file of ours nobody can undo the mode.
    if (stat.uid !== this.#uid || stat.gid !== this.#gid) lchownSync(target, this.#uid, this.#gid);
    if (!link) {
      const mode = stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o555 : 0o444;
      if ((stat.mode & 0o7777) !== mode) chmodSync(target, mode);
    }
    if (stat.mtimeMs !== STORE_MTIME_SECONDS * 1000) {
      lutimesSync(target, STORE_MTIME_SECONDS, STORE_MTIME_SECONDS);
    }
    return stat;
  }
}
