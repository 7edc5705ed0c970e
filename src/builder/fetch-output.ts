/**
 * `builtin:fetchurl`: a file from the download cache or the network, as a fixed output. The bytes are always copied
 * to new inodes of ours and hashed there; only then do they become valid, and are kept in the cache.
 */
import { constants, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ActivityType, BuildError } from '../diagnostics/index.ts';
import { mirrorUrls } from '../fetchers/index.ts';
import { formatHash, type Hash, parseStorePath, printStorePath } from '../formats/index.ts';
import { deleteTree } from '../platform/index.ts';
import type { DownloadService } from './download-service.ts';
import { rejected } from './errors.ts';
import type { BuildContext, BuildRequest } from './local-build.ts';
import { fixedOutput } from './output-checks.ts';
import { registerOutputs } from './register-outputs.ts';

/** What the derivation says about its file. */
interface FetchRequest {
  readonly url: string;
  readonly unpack: boolean;
  readonly executable: boolean;
  readonly wanted: { readonly method: 'flat' | 'nar' | 'text'; readonly hash: Hash };
}

/** Fetches and registers the output. Throws `BuildError` or `Interrupted`. The caller holds the output's lock. */
export async function fetchOutput(
  context: BuildContext,
  request: BuildRequest,
  downloads: DownloadService,
): Promise<void> {
  const fetch = readFetchRequest(context, request);
  const cached = fetch.wanted.method === 'flat' ? cacheFile(context, fetch.wanted.hash) : undefined;
  if (cached !== undefined && existsSync(cached) && (await takeFromCache(context, request, cached))) return;
  await download(context, request, downloads, fetch);
  if (cached !== undefined) keepInCache(context.store.toRealPath(outputPath(context, request)), cached);
}

function readFetchRequest(context: BuildContext, request: BuildRequest): FetchRequest {
  const { derivation, drvPath } = request;
  const name = printStorePath(context.store.storeDir, drvPath);
  const wanted = fixedOutput(derivation);
  if (!wanted)
    throw rejected(
      'fetchurl-not-fixed',
      `'builtin:fetchurl' must be a fixed-output derivation, in '${name}'`,
    );
  const attribute = (key: string) => {
    const structured = request.options.structuredAttrs?.get(key);
    return typeof structured === 'string' ? structured : derivation.env.get(key);
  };
  const url = attribute('url') ?? attribute('urls')?.split(' ')[0];
  if (!url) throw rejected('fetchurl-url', `attribute 'url' missing in the derivation '${name}'`);
  return { url, unpack: attribute('unpack') === '1', executable: attribute('executable') === '1', wanted };
}

function outputPath(context: BuildContext, request: BuildRequest) {
  return parseStorePath(context.store.storeDir, request.derivation.outputs.get('out')!.path);
}

function cacheFile(context: BuildContext, hash: Hash): string {
  return join(context.settings.downloads.cacheDirectory, hash.algorithm, formatHash(hash, 'base16', false));
}

/** Registers a copy of a cached file. A file that turns out to be another one is dropped from the cache. */
async function takeFromCache(context: BuildContext, request: BuildRequest, cached: string): Promise<boolean> {
  const path = outputPath(context, request);
  const directory = `${context.store.toRealPath(request.drvPath)}.chroot`;
  await deleteTree(directory);
  mkdirSync(directory, { mode: 0o700 });
  try {
    copyFileSync(
      cached,
      join(directory, path.baseName),
      constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE,
    );
    await register(context, request, directory, undefined);
    return true;
  } catch (error) {
    if (!(error instanceof BuildError) || error.code !== 'hash-mismatch') throw error;
    rmSync(cached, { force: true });
    return false;
  } finally {
    await deleteTree(directory);
  }
}

async function download(
  context: BuildContext,
  request: BuildRequest,
  downloads: DownloadService,
  fetch: FetchRequest,
): Promise<void> {
  const { settings, logger } = context;
  const { hash, method } = fetch.wanted;
  const hashed = method === 'flat' ? hashedMirrorUrls(settings.downloads.hashedMirrors, hash) : [];
  using activity = logger.activity(
    ActivityType.fileTransfer,
    `downloading '${fetch.url}'`,
    [fetch.url],
    request.parentActivity,
  );
  using file = await downloads.download({
    urls: [...hashed, ...mirrorUrls(fetch.url, settings.downloads.mirrorGroups)],
    ...(method === 'flat' ? { expectedHash: formatHash(hash, 'base16', true) } : {}),
    unpack: fetch.unpack,
    executable: fetch.executable,
    signal: request.signal,
    onProgress: (done, expected) => activity.progress(done, expected),
  });
  const directory = dirname(file.path);
  const named = join(directory, outputPath(context, request).baseName);
  // Two derivations may fetch one output at the same time only in different processes, each with its own directory.
  renameSync(file.path, named);
  try {
    await register(context, request, directory, file.ownerUid);
  } finally {
    rmSync(named, { recursive: true, force: true });
  }
}

function hashedMirrorUrls(mirrors: readonly string[], hash: Hash): string[] {
  return mirrors.map(
    (base) =>
      `${base.endsWith('/') ? base : `${base}/`}${hash.algorithm}/${formatHash(hash, 'base16', false)}`,
  );
}

async function register(
  context: BuildContext,
  request: BuildRequest,
  directory: string,
  ownerUid: number | undefined,
): Promise<void> {
  await registerOutputs({
    store: context.store,
    drvPath: request.drvPath,
    drvPathText: printStorePath(context.store.storeDir, request.drvPath),
    derivation: request.derivation,
    options: request.options,
    closures: context.closures,
    inputs: [],
    outputDirectory: directory,
    ownerUid,
    repair: request.mode === 'repair',
  });
}

/** Copies a verified file into the cache, in one step. Not being able to is no failure. */
function keepInCache(from: string, cached: string): void {
  const temporary = `${cached}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(cached), { recursive: true });
    copyFileSync(from, temporary, constants.COPYFILE_FICLONE);
    renameSync(temporary, cached);
  } catch {
    rmSync(temporary, { force: true });
  }
}
