/**
 * Unpacks a tarball that holds a channel: `.tar` with xz, bzip2, gzip, zstd or no compression. Nothing is written
 * outside the target, whatever the archive says: names are cleaned, and no entry is written through a link.
 */
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { decodeBytes } from '../diagnostics/index.ts';
import { decodeBzip2, decompressXz } from '../platform/index.ts';
import { badTarball } from './errors.ts';
import { readTarEntries, type TarEntry } from './tar-entries.ts';

/** A channel unpacks to at most this: nixpkgs has some 300 MB. */
const maxUnpackedBytes = 2 ** 30;

/** The files of a tarball, as entries. `where` names it in errors. */
export async function readTarball(bytes: Uint8Array, where: string): Promise<TarEntry[]> {
  try {
    return readTarEntries(await decompress(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
  } catch (error) {
    throw badTarball(where, (error as Error).message);
  }
}

/** Chosen by the first bytes: names of downloads say little. */
async function decompress(bytes: Buffer): Promise<Uint8Array> {
  const magic = bytes.toString('latin1', 0, 6);
  if (magic === '\xfd7zXZ\0') return decompressXz(bytes, maxUnpackedBytes);
  if (magic.startsWith('BZh')) return decodeBzip2(bytes);
  if (magic.startsWith('\x1f\x8b')) return gunzipSync(bytes, { maxOutputLength: maxUnpackedBytes });
  if (magic.startsWith('\x28\xb5\x2f\xfd'))
    return zstdDecompressSync(bytes, { maxOutputLength: maxUnpackedBytes });
  return bytes;
}

/** Writes entries into `directory`, which exists and is empty. The first path component is replaced by `name`. */
export function writeTarball(
  entries: readonly TarEntry[],
  directory: string,
  name: string,
  where: string,
): void {
  const contents = new Map<string, TarEntry>();
  for (const entry of entries) {
    const [top, ...rest] = decodeBytes(entry.path).split('/');
    if (top === '') continue;
    const target = join(directory, name, ...rest);
    if (contents.has(entry.path) && entry.kind !== 'directory')
      throw badTarball(where, `'${entry.path}' is in it twice`);
    contents.set(entry.path, entry);
    makeDirectory(directory, entry.kind === 'directory' ? target : dirname(target), where);
    if (entry.kind === 'symlink') symlinkSync(decodeBytes(entry.target), target);
    else if (entry.kind === 'file') writeEntry(target, entry);
    else if (entry.kind === 'hardlink') writeEntry(target, linkedFile(contents, entry, where));
  }
}

function writeEntry(target: string, entry: TarEntry): void {
  writeFileSync(target, entry.data, { flag: 'wx', mode: entry.mode & 0o100 ? 0o755 : 0o644 });
}

function linkedFile(contents: ReadonlyMap<string, TarEntry>, entry: TarEntry, where: string): TarEntry {
  const file = contents.get(entry.target);
  if (file?.kind !== 'file')
    throw badTarball(where, `'${entry.path}' is a hard link to '${entry.target}', which is no file in it`);
  return file;
}

/** Makes `path` below `root`, component by component; a link in the way is an error, never followed. */
function makeDirectory(root: string, path: string, where: string): void {
  let current = root;
  for (const part of path
    .slice(root.length)
    .split('/')
    .filter((name) => name !== '')) {
    current = join(current, part);
    const stat = lstatSync(current, { throwIfNoEntry: false });
    if (!stat) mkdirSync(current);
    else if (!stat.isDirectory())
      throw badTarball(where, `'${current.slice(root.length + 1)}' is a directory and something else`);
  }
}

/** The names at the top of the archive. */
export function topNames(entries: readonly TarEntry[]): string[] {
  return [...new Set(entries.map((entry) => entry.path.split('/')[0]))].filter((name) => name !== '');
}
