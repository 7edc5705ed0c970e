/** Channels as C++ Nix has them: a URL of a tarball, or of a directory that holds `nixexprs.tar.xz` (or `.bz2`). */
import { encodeBytes, NixError } from '../diagnostics/index.ts';
import { readTarball, topNames, writeTarball } from '../fetchers/index.ts';
import type { StorePath } from '../formats/index.ts';
import type { WritableStore } from '../store/index.ts';
import type { Download, Downloaded } from './download.ts';
import { badTarball } from './errors.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

export interface TarballChannelContext {
  readonly store: WritableStore;
  readonly download: Download;
  readonly temporaryDirectory: string;
}

/** The store path that holds the unpacked channel as the directory `name`. Not verified but by the transport. */
export async function updateTarballChannel(
  { store, download, temporaryDirectory }: TarballChannelContext,
  url: string,
  name: string,
): Promise<StorePath> {
  const { bytes, url: from } = await downloadTarball(download, url);
  const entries = await readTarball(bytes, from);
  if (topNames(entries).length !== 1)
    throw badTarball(from, `it has ${topNames(entries).length} files at its top`);
  return withTemporaryDirectory(temporaryDirectory, async (directory) => {
    writeTarball(entries, directory, name, from);
    return store.addPath(name + versionSuffix(from), encodeBytes(directory));
  });
}

async function downloadTarball(download: Download, url: string): Promise<Downloaded> {
  if (/\.tar\.(gz|bz2|xz)$/.test(url)) return download.get([url]);
  // The directory's own address may redirect to the newest release: its tarballs are taken from where that leads.
  const base = await resolveRedirects(download, url);
  return download.get([`${base}/nixexprs.tar.xz`, `${base}/nixexprs.tar.bz2`]);
}

async function resolveRedirects(download: Download, url: string): Promise<string> {
  try {
    return (await download.get([url], { maxBytes: 16 << 20 })).finalUrl.replace(/\/+$/, '');
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    return url;
  }
}

/** `-26.05pre1234.abcdef` of `.../nixos-26.05pre1234.abcdef/nixexprs.tar.xz`. */
function versionSuffix(url: string): string {
  const parts = url
    .split('/')
    .map((part) => /-\d[A-Za-z0-9.+_-]*$/.exec(part.replace(/\.tar\.(gz|bz2|xz)$/, ''))?.[0]);
  return parts.findLast((part) => part !== undefined) ?? '';
}
