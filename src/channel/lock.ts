/**
 * `lock.json` in a channel tree: which state of which suites the tree was made from. The next update reads the
 * dates (an older release file is refused), and a generation's downloads are known by their hashes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ArchiveIndex } from './archive-index.ts';

export interface ChannelLock {
  readonly format: 1;
  /** Names everything that the tree is made from; see `ChannelKeys`. */
  readonly key: string;
  /** Names what the archive's files in it are made from. */
  readonly archiveKey: string;
  readonly suites: readonly LockedSuite[];
}

export interface LockedSuite {
  readonly name: string;
  /** ISO 8601, in seconds and UTC. */
  readonly date: string;
  readonly validUntil?: string;
  /** SHA-256 of the signed text. */
  readonly release: string;
  /** The indices used: path under `dists/NAME/` -> SHA-256. */
  readonly indices: Readonly<Record<string, string>>;
}

/** The suites of an index, as they are locked. */
export function lockSuites(index: ArchiveIndex): LockedSuite[] {
  return index.suites.map((verified) => ({
    name: verified.suite.name,
    date: isoSeconds(verified.release.date),
    ...(verified.release.validUntil && { validUntil: isoSeconds(verified.release.validUntil) }),
    release: verified.textSha256,
    indices: Object.fromEntries(
      index.indices
        .filter((used) => used.suite === verified)
        .map((used) => [used.index.path, used.index.sha256]),
    ),
  }));
}

export function formatLock(lock: ChannelLock): string {
  return `${JSON.stringify(lock, undefined, 2)}\n`;
}

/** The lock of the tree in `directory`; `undefined` when it has none (not a Debian channel). Reads a file. */
export function readLock(directory: string): ChannelLock | undefined {
  try {
    const lock = JSON.parse(readFileSync(join(directory, 'lock.json'), 'utf8')) as ChannelLock;
    return lock.format === 1 && Array.isArray(lock.suites) ? lock : undefined;
  } catch {
    return undefined;
  }
}

/** Date of each suite, by its name. */
export function lockedDates(lock: ChannelLock | undefined): Map<string, Date> {
  return new Map((lock?.suites ?? []).map((suite) => [suite.name, new Date(suite.date)]));
}

const isoSeconds = (date: Date) => `${date.toISOString().slice(0, 19)}Z`;
