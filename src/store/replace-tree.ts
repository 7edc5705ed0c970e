/** Putting a tree where another one stands: by one exchange of names, so that at no moment neither is there. */
import { lstatSync, renameSync } from 'node:fs';
import { deleteTree } from '../platform/index.ts';
import { tryExchange } from './native/syscall.ts';

/**
 * Moves `from` to `to`, in the same directory, and deletes what stood there. Where the file system cannot exchange
 * names, the old tree is moved away first, and a crash between the two steps leaves it under `TO.old`.
 */
export async function replaceTree(from: string, to: string): Promise<void> {
  if (!lstatSync(to, { throwIfNoEntry: false })) {
    renameSync(from, to);
    return;
  }
  if (tryExchange(from, to)) {
    await deleteTree(from);
    return;
  }
  const old = `${to}.old`;
  await deleteTree(old);
  renameSync(to, old);
  renameSync(from, to);
  await deleteTree(old);
}
