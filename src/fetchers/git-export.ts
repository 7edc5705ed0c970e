/**
 * Trees out of git repositories: of a commit, file by file from the object store (so that no setting of the machine
 * changes line ends or expands keywords), and of a working directory: its tracked files as they are.
 */
import { copyFileSync, lstatSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { decodeBytes, NixError } from '../diagnostics/index.ts';
import type { FetchContext } from './fetch-context.ts';
import { git } from './git-program.ts';

/** A file of a commit. */
export interface TreeFile {
  /** `100644`, `100755`, `120000` (a link) or `160000` (a submodule). */
  readonly mode: string;
  readonly object: string;
  /** Relative; byte string. */
  readonly path: string;
}

/** All files of a commit. */
export async function listCommit(
  context: FetchContext,
  repository: string,
  rev: string,
): Promise<TreeFile[]> {
  const text = await git(context, ['-C', repository, 'ls-tree', '-r', '-z', '--full-tree', rev]);
  return text
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const [mode, , object] = line.slice(0, line.indexOf('\t')).split(/ +/);
      return { mode, object, path: line.slice(line.indexOf('\t') + 1) };
    });
}

/** The files that an archive of the commit would have: without what `.gitattributes` marks `export-ignore`. */
export async function withoutIgnored(
  context: FetchContext,
  repository: string,
  rev: string,
  files: readonly TreeFile[],
  indexFile: string,
): Promise<readonly TreeFile[]> {
  if (!files.some(({ path }) => /(^|\/)\.gitattributes$/.test(path))) return files;
  // Attributes are read from an index of the commit, not from what happens to be checked out.
  const env = { GIT_INDEX_FILE: indexFile };
  await git(context, ['-C', repository, 'read-tree', rev], { env });
  const names = new Set(files.flatMap(({ path }) => [path, ...parents(path)]));
  const args = ['-C', repository, 'check-attr', '--cached', '--stdin', '-z', 'export-ignore'];
  const text = await git(context, args, { env, input: [...names].join('\0') });
  const words = text.split('\0');
  const ignored = new Set<string>();
  for (let i = 0; i + 2 < words.length; i += 3) if (words[i + 2] === 'set') ignored.add(words[i]);
  return files.filter(({ path }) => ![path, ...parents(path)].some((name) => ignored.has(name)));
}

function parents(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** Writes the files of a commit below a directory; submodules become empty directories. */
export async function writeCommit(
  context: FetchContext,
  repository: string,
  files: readonly TreeFile[],
  destination: string,
): Promise<void> {
  const blobs = files.filter(({ mode }) => mode !== '160000');
  for (const { path, mode } of files)
    if (mode === '160000') mkdirSync(target(destination, path), { recursive: true });
  // In portions, so that a large repository does not have to fit into memory.
  for (let start = 0; start < blobs.length; start += 2000) {
    const portion = blobs.slice(start, start + 2000);
    const input = portion.map(({ object }) => `${object}\n`).join('');
    const output = await git(context, ['-C', repository, 'cat-file', '--batch'], { input });
    writePortion(portion, output, destination);
  }
}

function writePortion(files: readonly TreeFile[], output: string, destination: string): void {
  let position = 0;
  for (const { mode, path, object } of files) {
    const end = output.indexOf('\n', position);
    const [, kind, size] = output.slice(position, end).split(' ');
    if (kind !== 'blob') throw new NixError(`git object '${object}' of '${path}' is not in the repository`);
    const contents = output.slice(end + 1, end + 1 + Number(size));
    position = end + 1 + Number(size) + 1;
    const file = target(destination, path);
    mkdirSync(dirname(file), { recursive: true });
    if (mode === '120000') symlinkSync(decodeBytes(contents), file);
    else
      writeFileSync(file, Buffer.from(contents, 'latin1'), {
        mode: mode === '100755' ? 0o755 : 0o644,
        flag: 'wx',
      });
  }
}

function target(destination: string, path: string): string {
  return join(destination, decodeBytes(path));
}

/** Copies some files of a directory, links as links. */
export function copyFiles(directory: string, paths: Iterable<string>, destination: string): void {
  for (const path of paths) {
    const source = target(directory, path);
    const copy = target(destination, path);
    mkdirSync(dirname(copy), { recursive: true });
    const stats = lstatSync(source);
    if (stats.isSymbolicLink()) symlinkSync(readlinkSync(source), copy);
    else copyFileSync(source, copy);
  }
}
