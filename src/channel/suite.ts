/**
 * One suite of an archive, fetched and believed: its release file is signed by the suite's own keys, names the
 * suite, and is neither older than what a channel has already nor (where a limit is set) too old. Indices are
 * accepted only with the size and hash that the release file says.
 */
import { gunzipSync } from 'node:zlib';
import type { Logger } from '../diagnostics/index.ts';
import { decompressXz, XzError } from '../platform/index.ts';
import type { Download } from './download.ts';
import { type DownloadCache, sha256Hex } from './download-cache.ts';
import {
  badDecompression,
  expired,
  hashMismatch,
  missingIndex,
  olderThanLocked,
  sizeMismatch,
  wrongSuite,
} from './errors.ts';
import type { FoundRelease } from './mirrors.ts';
import type { ArchiveName } from './package-index.ts';
import { type IndexEntry, parseReleaseFile, type ReleaseFile } from './release-file.ts';
import { verifyRelease } from './release-signature.ts';
import type { Release, Suite } from './releases.ts';
import { pinnedKeyNames, type TrustSettings, trustedKeys } from './trust-anchors.ts';

/** A suite whose release file has been verified. */
export interface VerifiedSuite {
  readonly suite: Suite;
  readonly archive: ArchiveName;
  readonly mirror: string;
  readonly release: ReleaseFile;
  /** SHA-256 of the signed text: names the archive's state, whatever the signatures around it. */
  readonly textSha256: string;
}

/** What may refuse a release file although its signature is right. */
export interface FreshnessPolicy {
  readonly now: Date;
  /** `channel-max-age`: how long ago `Valid-Until` may have passed; absent: any time, with a warning. */
  readonly maxExpiredSeconds?: number | undefined;
  /** Dates of the suites in the channel's present generation, by suite name. */
  readonly lockedDates: ReadonlyMap<string, Date>;
}

export interface SuiteContext {
  readonly download: Download;
  readonly cache: DownloadCache;
  readonly logger: Logger;
  readonly trust: TrustSettings;
  readonly freshness: FreshnessPolicy;
}

/** Verifies a release file that a mirror served. Warns when `Valid-Until` has passed. */
export async function verifySuite(
  context: SuiteContext,
  release: Release,
  suite: Suite,
  found: FoundRelease,
): Promise<VerifiedSuite> {
  const keys = await trustedKeys(context.trust, pinnedKeyNames(release, suite.role));
  const text = await verifyRelease(found.bytes, found.url, keys, context.freshness.now);
  const file = parseReleaseFile(text, found.url);
  if (file.codename !== suite.name) throw wrongSuite(found.url, suite.name, file.codename || file.suite);
  checkFreshness(context, suite.name, file);
  const archive = suite.role === 'security' ? 'security' : 'debian';
  return { suite, archive, mirror: found.mirror, release: file, textSha256: sha256Hex(text) };
}

function checkFreshness({ freshness, logger }: SuiteContext, name: string, release: ReleaseFile): void {
  const { now, maxExpiredSeconds, lockedDates } = freshness;
  const locked = lockedDates.get(name);
  if (locked && release.date < locked)
    throw olderThanLocked(name, isoMinute(release.date), isoMinute(locked));
  if (!release.validUntil || now <= release.validUntil) return;
  const expiredSeconds = (now.getTime() - release.validUntil.getTime()) / 1000;
  const age = formatAge(expiredSeconds);
  if (maxExpiredSeconds !== undefined && expiredSeconds > maxExpiredSeconds) {
    throw expired(name, isoMinute(release.date), age, formatAge(maxExpiredSeconds));
  }
  logger.warn(
    `the release file of '${name}' is of ${isoMinute(release.date)} and expired ${age} ago: the mirror may stand still and lack security updates`,
  );
}

const compressions: readonly {
  readonly ending: string;
  readonly decompress: (bytes: Uint8Array, maxBytes: number) => Uint8Array | Promise<Uint8Array>;
}[] = [
  { ending: '.xz', decompress: decompressXz },
  {
    ending: '.gz',
    decompress: (bytes, maxBytes) => gunzipSync(bytes, { maxOutputLength: Math.max(1, maxBytes) }),
  },
  { ending: '', decompress: (bytes) => bytes },
];

/** A verified index, still compressed. */
export interface FetchedIndex {
  readonly entry: IndexEntry;
  readonly url: string;
  readonly bytes: Uint8Array;
  /** The decompressed size is signed too; where it is not listed, a generous bound stops a bomb. */
  readonly maxBytes: number;
}

/** Fetches an index of a suite, such as `main/binary-amd64/Packages`, in the best compression that is listed. */
export async function fetchIndex(
  context: SuiteContext,
  from: VerifiedSuite,
  path: string,
): Promise<FetchedIndex> {
  for (const { ending } of compressions) {
    const entry = from.release.indices.get(path + ending);
    if (!entry) continue;
    const url = `${from.mirror}/dists/${from.suite.name}/${entry.path}`;
    const bytes = await fetchVerified(context, indexUrls(from, entry), entry);
    const maxBytes = from.release.indices.get(path)?.sizeBytes ?? entry.sizeBytes * 100;
    return { entry, url, bytes, maxBytes };
  }
  throw missingIndex(from.suite.name, path);
}

/** The text of an index, a byte string. */
export async function decompressIndex({ entry, url, bytes, maxBytes }: FetchedIndex): Promise<string> {
  const { decompress } = compressions.find(({ ending }) => entry.path.endsWith(ending))!;
  try {
    return Buffer.from(await decompress(bytes, maxBytes)).toString('latin1');
  } catch (error) {
    if (error instanceof XzError || isZlibError(error)) throw badDecompression(url, (error as Error).message);
    throw error;
  }
}

function indexUrls(from: VerifiedSuite, entry: IndexEntry): string[] {
  const base = `${from.mirror}/dists/${from.suite.name}`;
  const plain = `${base}/${entry.path}`;
  if (!from.release.acquireByHash) return [plain];
  const directory = entry.path.slice(0, entry.path.lastIndexOf('/') + 1);
  return [`${base}/${directory}by-hash/SHA256/${entry.sha256}`, plain];
}

/** What a signed index says about a file. */
export interface ExpectedFile {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * Bytes with a signed size and hash: from the cache, else from the first URL that has them, into the cache.
 *
 * @throws NixError `channel-size-mismatch`, `channel-hash-mismatch`, `download-failed`
 */
export async function fetchVerified(
  { cache, download }: Pick<SuiteContext, 'cache' | 'download'>,
  urls: readonly string[],
  expected: ExpectedFile,
): Promise<Uint8Array> {
  const cached = cache.get(expected.sha256);
  if (cached) return cached;
  const accept = (bytes: Uint8Array) => sha256Hex(bytes) === expected.sha256;
  const { bytes, url, accepted } = await download.get(urls, { maxBytes: expected.sizeBytes, accept });
  if (bytes.byteLength !== expected.sizeBytes) throw sizeMismatch(url, expected.sizeBytes, bytes.byteLength);
  if (!accepted) throw hashMismatch(url, expected.sha256, sha256Hex(bytes));
  cache.put(expected.sha256, bytes);
  return bytes;
}

function isZlibError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return code.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE';
}

const isoMinute = (date: Date) => date.toISOString().slice(0, 16).replace('T', ' ');

/** `17 days`, `5 hours`: the largest unit of which there are at least two. */
export function formatAge(seconds: number): string {
  for (const [unit, length] of [
    ['days', 86_400],
    ['hours', 3_600],
    ['minutes', 60],
  ] as const) {
    if (seconds >= 2 * length) return `${Math.floor(seconds / length)} ${unit}`;
  }
  return `${Math.floor(seconds)} seconds`;
}
