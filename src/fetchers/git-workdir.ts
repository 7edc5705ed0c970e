/** What a repository's working directory holds: the tracked files that are there, and whether they are all committed. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBytes, NixError } from '../diagnostics/index.ts';
import type { FetchContext } from './fetch-context.ts';
import { git, tryGit } from './git-program.ts';

export interface WorkingDirectory {
  /** Tracked files that are there; byte strings. Submodules are apart. */
  readonly files: readonly string[];
  readonly submodules: readonly string[];
  /** Something differs from the last commit (files that are not tracked do not count). */
  readonly isDirty: boolean;
  /** `undefined` before the first commit. */
  readonly head: string | undefined;
  /** The branch that is checked out, `refs/heads/...`. */
  readonly branch: string | undefined;
}

export async function readWorkingDirectory(
  context: FetchContext,
  repository: string,
): Promise<WorkingDirectory> {
  const top = await tryGit(context, ['-C', repository, 'rev-parse', '--git-dir']);
  if (top === undefined)
    throw new NixError(`'${repository}' is not a git repository`, { code: 'no-repository' });
  const listing = await git(context, ['-C', repository, 'ls-files', '-z', '--stage']);
  const entries = listing.split('\0').filter((line) => line !== '');
  const paths = (wanted: (mode: string) => boolean) => [
    ...new Set(
      entries.filter((line) => wanted(line.slice(0, 6))).map((line) => line.slice(line.indexOf('\t') + 1)),
    ),
  ];
  const head = await tryGit(context, ['-C', repository, 'rev-parse', '--verify', '--quiet', 'HEAD^{commit}']);
  const branch = await tryGit(context, ['-C', repository, 'symbolic-ref', '--quiet', 'HEAD']);
  const args = ['status', '--porcelain', '-z', '--untracked-files=no', '--ignore-submodules=all'];
  const changes = await git(context, ['-C', repository, ...args]);
  return {
    files: paths((mode) => mode !== '160000').filter((path) => exists(join(repository, decodeBytes(path)))),
    submodules: paths((mode) => mode === '160000'),
    isDirty: changes !== '',
    head: head?.trim(),
    branch: branch?.trim(),
  };
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
}
