/**
 * Parsed files kept on disk between runs. Trees are found by what they were parsed from (the SHA-256 of the text and of
 * everything else that parsing depends on), so there is nothing to invalidate.
 *
 * Each run that parsed something new writes one *pack* (`pack-file.ts`) under a temporary name and renames it: other
 * processes see whole packs or none, and nobody ever changes one. Every entry has a checksum; what is damaged counts
 * as absent. When there are many packs, a run merges the small ones into its own; when they are too big together,
 * those used longest ago go.
 */
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { TreeCache } from '../eval/index.ts';
import { lazyCrypto } from './lazy-crypto.ts';
import { Pack, writePack } from './pack-file.ts';

/** More packs than this are merged. */
const mostPacks = 12;
/** A pack's time of use is noted at most this often, in milliseconds. */
const touchInterval = 3_600_000;

export interface ParseCacheOptions {
  readonly directory: string;
  /** Names the parser: trees of others are not taken. */
  readonly parser: string;
  /** Bytes that all packs may have together. */
  readonly maxSize: number;
}

export class ParseCache implements TreeCache {
  readonly #options: ParseCacheOptions;
  #packs: readonly Pack[] | undefined;
  readonly #new = new Map<string, Uint8Array>();
  readonly #used = new Set<Pack>();

  constructor(options: ParseCacheOptions) {
    this.#options = options;
  }

  key(text: string, surroundings: string): string {
    const head = Buffer.from(`${this.#options.parser}\0${surroundings}\0`, 'latin1');
    const bytes = Buffer.allocUnsafe(head.length + text.length);
    head.copy(bytes);
    bytes.write(text, head.length, 'latin1');
    return lazyCrypto().hash('sha256', bytes, 'buffer').toString('latin1', 0, 16);
  }

  find(key: string): Uint8Array | undefined {
    this.#packs ??= this.#open();
    for (const pack of this.#packs) {
      const image = pack.read(key);
      if (image === undefined) continue;
      this.#used.add(pack);
      return image;
    }
    return undefined;
  }

  add(key: string, image: Uint8Array): void {
    this.#new.set(key, image);
  }

  latin1(bytes: Uint8Array, start: number, end: number): string {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', start, end);
  }

  /** Writes what is new; never fails, for a cache that cannot be written only costs time. */
  save(): void {
    try {
      this.#touchUsed();
      if (this.#new.size > 0) this.#write();
    } catch {
      // The disk is full, or the directory is not ours.
    }
    this.#new.clear();
  }

  #open(): Pack[] {
    const packs = packFiles(this.#options.directory).map((file) => Pack.open(file));
    return packs.filter((pack) => pack !== undefined);
  }

  #touchUsed(): void {
    const now = new Date();
    for (const { file } of this.#used)
      if (now.getTime() - look(file).mtimeMs > touchInterval) utimesSync(file, now, now);
    this.#used.clear();
  }

  #write(): void {
    const { directory, maxSize } = this.#options;
    mkdirSync(directory, { recursive: true });
    const merged = this.#packsToMerge();
    const entries = new Map(this.#new);
    for (const pack of merged) for (const [key, image] of pack.entries()) entries.set(key, image);
    writePack(directory, entries);
    for (const { file } of merged) rmSync(file, { force: true });
    removeBeyond(directory, maxSize);
    removeAbandoned(directory);
    for (const pack of this.#packs ?? []) pack.close();
    this.#packs = undefined;
  }

  /** The smaller half of the packs once there are too many; anew from disk, for others may have merged meanwhile. */
  #packsToMerge(): Pack[] {
    const files = packFiles(this.#options.directory);
    if (files.length < mostPacks) return [];
    const bySize = files.sort((a, b) => look(a).size - look(b).size);
    return bySize
      .slice(0, mostPacks / 2)
      .map((file) => Pack.open(file))
      .filter((pack) => pack !== undefined);
  }
}

/** A file's size and time; another process may have removed it meanwhile. */
function look(file: string): { readonly size: number; readonly mtimeMs: number } {
  return statSync(file, { throwIfNoEntry: false }) ?? { size: 0, mtimeMs: Date.now() };
}

function packFiles(directory: string): string[] {
  try {
    const names = readdirSync(directory);
    return names.filter((name) => name.endsWith('.pack')).map((name) => join(directory, name));
  } catch {
    return [];
  }
}

/** Milliseconds after which a file that was never renamed is taken for left behind. */
const abandonedAfter = 3_600_000;

function removeAbandoned(directory: string): void {
  for (const name of readdirSync(directory).filter((each) => each.endsWith('.tmp'))) {
    const file = join(directory, name);
    if (Date.now() - look(file).mtimeMs > abandonedAfter) rmSync(file, { force: true });
  }
}

/** Removes the packs used longest ago until the rest has at most `maxSize` bytes. */
function removeBeyond(directory: string, maxSize: number): void {
  const packs = packFiles(directory).map((file) => ({ file, stats: look(file) }));
  packs.sort((a, b) => b.stats.mtimeMs - a.stats.mtimeMs);
  let size = 0;
  for (const { file, stats } of packs) {
    size += stats.size;
    if (size > maxSize) rmSync(file, { force: true });
  }
}
