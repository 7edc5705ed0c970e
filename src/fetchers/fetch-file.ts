/**
 * Files and archives by URL. A download is kept in the store and counts as current for `tarball-ttl` seconds; after
 * that the server is asked whether it changed.
 */
import { copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBytes, NixError } from '../diagnostics/index.ts';
import { formatHash, type StorePath } from '../formats/index.ts';
import { parseUrl, urlPath } from '../inputs/index.ts';
import {
  cachedPath,
  FetchCache,
  type FetchContext,
  narHash,
  printPath,
  withTemporaryDirectory,
} from './fetch-context.ts';
import type { TarEntry } from './tar-entries.ts';
import { readTarball, topNames, writeTarball } from './unpack-tarball.ts';
import { readZipEntries } from './zip-entries.ts';

/** The file of a URL as a store object. */
export async function downloadFile(context: FetchContext, url: string, name: string): Promise<StorePath> {
  const key = ['file', context.store.storeDir, url, name];
  const fetched = await cachedDownload(context, url, key, async (file) => ({
    path: await context.store.addPath(name, file, { method: 'flat' }),
  }));
  return fetched.path;
}

export interface FetchedArchive {
  readonly path: StorePath;
  /** The newest file in it, seconds since the epoch. */
  readonly lastModified: number;
  /** Where the server says that this very archive stays (a `Link` header with `rel="immutable"`). */
  readonly immutableUrl: string | undefined;
}

/** The tree in an archive as a store object. */
export async function downloadTree(
  context: FetchContext,
  url: string,
  name: string,
): Promise<FetchedArchive> {
  checkLocal(context, url);
  const key = ['tree', context.store.storeDir, url, name];
  const { path, value } = await cachedDownload(context, url, key, (file) => unpack(context, file, url, name));
  const { immutableUrl } = value;
  return {
    path,
    lastModified: Number(value['lastModified'] ?? 0),
    immutableUrl: immutableUrl === undefined ? undefined : String(immutableUrl),
  };
}

async function unpack(context: FetchContext, file: string, url: string, name: string) {
  const bytes = readFileSync(file);
  const isZip = bytes.readUInt32BE(0) === 0x504b0304 || bytes.readUInt32BE(0) === 0x504b0506;
  const entries = isZip ? readZip(bytes, url) : await readTarball(bytes, url);
  const lastModified = entries.reduce((latest, entry) => Math.max(latest, entry.mtimeSeconds), 0);
  const path = await withTemporaryDirectory(async (directory) => {
    writeTarball(hasOneDirectory(entries) ? entries : below('source', entries), directory, 'source', url);
    mkdirSync(join(directory, 'source'), { recursive: true });
    return context.store.addPath(name, join(directory, 'source'));
  });
  return { path, more: { lastModified } };
}

function readZip(bytes: Uint8Array, url: string): TarEntry[] {
  try {
    return readZipEntries(bytes);
  } catch (error) {
    throw new NixError(`the archive '${url}' cannot be unpacked: ${(error as Error).message}`, {
      code: 'bad-tarball',
      cause: error,
    });
  }
}

/** Whether everything is in one directory, which then is left out. */
function hasOneDirectory(entries: readonly TarEntry[]): boolean {
  const top = topNames(entries);
  return (
    top.length === 1 &&
    entries.some(({ path, kind }) => path.includes('/') || (path === top[0] && kind === 'directory'))
  );
}

function below(directory: string, entries: readonly TarEntry[]): TarEntry[] {
  return entries.map((entry) => ({
    ...entry,
    path: `${directory}/${entry.path}`,
    target: entry.kind === 'hardlink' ? `${directory}/${entry.target}` : entry.target,
  }));
}

/** Common mistakes with local archives, told as such. */
function checkLocal(context: FetchContext, url: string): void {
  const parsed = parseUrl(url);
  if (parsed.scheme !== 'file') return;
  const path = urlPath(parsed);
  const real = context.toRealPath(decodeBytes(path));
  const stats = statSync(real, { throwIfNoEntry: false });
  if (!stats) throw new NixError(`tarball '${path}' does not exist.`);
  if (!stats.isDirectory()) return;
  throw statSync(join(real, '.git'), { throwIfNoEntry: false })
    ? new NixError(
        `tarball '${path}' is a git repository, not a tarball. Please use \`git+file\` as the scheme.`,
      )
    : new NixError(`tarball '${path}' is a directory, not a file.`);
}

interface Stored {
  readonly path: StorePath;
  readonly more?: Readonly<Record<string, string | number>>;
}

async function cachedDownload(
  context: FetchContext,
  url: string,
  key: readonly string[],
  keep: (file: string) => Promise<Stored>,
): Promise<{ path: StorePath; value: Readonly<Record<string, string | number>> }> {
  const cache = new FetchCache(context.cacheDirectory);
  const known = cache.get(key);
  const knownPath = known && (await cachedPath(context, known.value['path']));
  if (known && knownPath && known.ageSeconds < context.ttlSeconds)
    return { path: knownPath, value: known.value };
  const etag = knownPath && typeof known?.value['etag'] === 'string' ? known.value['etag'] : undefined;
  return withTemporaryDirectory(async (directory) => {
    const file = join(directory, 'download');
    const answer = await retrieve(context, url, file, etag);
    if (answer.unchanged && known && knownPath) {
      cache.set(key, known.value);
      return { path: knownPath, value: known.value };
    }
    const { path, more } = await keep(file);
    const value = {
      ...more,
      path: printPath(context, path),
      ...(answer.etag !== undefined && { etag: answer.etag }),
      ...(answer.immutableUrl !== undefined && { immutableUrl: answer.immutableUrl }),
    };
    cache.set(key, value);
    return { path, value };
  });
}

interface Answer {
  readonly unchanged: boolean;
  readonly etag?: string | undefined;
  readonly immutableUrl?: string | undefined;
}

async function retrieve(
  context: FetchContext,
  url: string,
  destination: string,
  knownEtag: string | undefined,
): Promise<Answer> {
  const parsed = parseUrl(url);
  if (parsed.scheme === 'file') {
    const path = context.toRealPath(decodeBytes(urlPath(parsed)));
    try {
      copyFileSync(path, destination);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new NixError(
        `unable to download '${url}': ${code === 'ENOENT' ? 'the file does not exist' : code}`,
        {
          code: 'download-failed',
          cause: error,
        },
      );
    }
    return { unchanged: false };
  }
  return context.downloads.download(
    { urls: [decodeBytes(url)], destination, ...(knownEtag !== undefined && { knownEtag }) },
    context.signal ? { signal: context.signal } : {},
  );
}

/** @throws NixError (exit status 102) unless the NAR of a path has the hash wanted of it */
export function checkNarHash(context: FetchContext, path: StorePath, wanted: string, input: string): void {
  const actual = formatHash(narHash(context, path), 'sri', true);
  if (actual === wanted) return;
  throw new NixError(`NAR hash mismatch in input '${input}', expected '${wanted}' but got '${actual}'`, {
    code: 'hash-mismatch',
    exitStatus: 102,
  });
}
