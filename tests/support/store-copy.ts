/** Copies of the store that `npm test` prepared (`machine-store.ts`), one for each test that works on it. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Makes a copy of the store for one test, beside it, so that the files of store paths can be shared; the database is
 * the copy's own. Named after the process, for `removeScratch`.
 *
 * @returns the directory that holds the copy, `root/`
 */
export function copyStore(root: string): string {
  const directory = join(dirname(root), `scratch-${process.pid}-${Math.random().toString(36).slice(2, 8)}`);
  mkdirSync(join(directory, 'root/nix'), { recursive: true });
  linkTree(join(root, 'nix/store'), join(directory, 'root/nix/store'));
  cpSync(join(root, 'nix/var'), join(directory, 'root/nix/var'), { recursive: true, verbatimSymlinks: true });
  return directory;
}

/** Removes the copies of tests that were killed. */
export function removeScratch(directory: string): void {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) {
    const pid = /^scratch-(\d+)-/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(directory, name), { recursive: true, force: true });
  }
}

/** A copy of a directory whose files are the same inodes, where the file system allows it. */
export function linkTree(from: string, to: string): void {
  const stats = lstatSync(from);
  if (stats.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else if (stats.isDirectory()) {
    mkdirSync(to, { mode: 0o755 });
    for (const name of readdirSync(from)) linkTree(join(from, name), join(to, name));
  } else linkOrCopy(from, to);
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!['EXDEV', 'EMLINK', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    copyFileSync(from, to);
  }
}
