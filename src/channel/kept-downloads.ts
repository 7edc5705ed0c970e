/**
 * Which downloads a user's channels need. Pool files vanish from mirrors when a newer version comes: a generation
 * that should still build after a rollback must keep what was downloaded for it. The cache therefore loses only
 * files that no generation of the channel profile names.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WritableStore } from '../store/index.ts';
import { queryChannelGenerations, realChannelDirectory } from './channel-environment.ts';
import type { DownloadCache } from './download-cache.ts';
import { readLock } from './lock.ts';

/** Deletes downloads that no generation of the given channel profiles names; returns how many. Files. */
export function pruneDownloads(
  cache: DownloadCache,
  store: WritableStore,
  profiles: readonly string[],
): number {
  const kept = new Set<string>();
  const seen = new Set<string>();
  for (const channel of profiles.flatMap((profile) => queryChannelGenerations(store, profile))) {
    const directory = realChannelDirectory(store, channel);
    if (!seen.has(directory)) addNamedHashes(directory, kept);
    seen.add(directory);
  }
  return cache.prune(kept);
}

/** Adds the hash of every package, source file and index of the Debian channel tree in `directory`. */
function addNamedHashes(directory: string, hashes: Set<string>): void {
  const lock = readLock(directory);
  if (!lock) return;
  for (const suite of lock.suites) for (const hash of Object.values(suite.indices)) hashes.add(hash);
  for (const part of ['debian/shards', 'debian/sources']) {
    for (const name of readdirSync(join(directory, part))) {
      const text = readFileSync(join(directory, part, name), 'latin1');
      for (const [, hash] of text.matchAll(/ sha256 = "([0-9a-f]{64})";/g)) hashes.add(hash);
    }
  }
}
