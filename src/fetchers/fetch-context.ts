/** What every kind of fetch works with. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseStorePath, printStorePath, type StorePath } from '../formats/index.ts';
import type { InputAttrs } from '../inputs/index.ts';
import { writeFileAtomically } from '../platform/index.ts';
import { queryValidPathInfo, type WritableStore } from '../store/index.ts';
import type { UrlFetcher } from './url.ts';

export interface FetchContext {
  readonly store: WritableStore;
  readonly downloads: UrlFetcher;
  /** Below it: clones, and what is known about URLs. */
  readonly cacheDirectory: string;
  /** So long a download or a branch counts as current. */
  readonly ttlSeconds: number;
  readonly features: ReadonlySet<string>;
  readonly warnDirty: boolean;
  readonly allowDirty: boolean;
  readonly signal: AbortSignal | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Where a path that a user names really is (a private store's files are elsewhere). */
  toRealPath(path: string): string;
  warn(message: string): void;
}

/** A tree in the store, and what is known about it. */
export interface FetchedTree {
  readonly path: StorePath;
  readonly attrs: InputAttrs;
}

/** What was learnt about a URL or revision: small JSON files named after their key, replaced as a whole. */
export class FetchCache {
  readonly #directory: string;

  constructor(cacheDirectory: string) {
    this.#directory = join(cacheDirectory, 'fetchers');
  }

  #file(key: readonly string[]): string {
    const name = createHash('sha256').update(JSON.stringify(key)).digest('hex');
    return join(this.#directory, `${name}.json`);
  }

  /** The value and its age; `undefined` when there is none, or it is damaged. */
  get(key: readonly string[]): { value: Record<string, string | number>; ageSeconds: number } | undefined {
    try {
      const entry = JSON.parse(readFileSync(this.#file(key), 'utf8')) as {
        key: string[];
        time: number;
        value: Record<string, string | number>;
      };
      if (JSON.stringify(entry.key) !== JSON.stringify(key)) return undefined;
      return { value: entry.value, ageSeconds: Date.now() / 1000 - entry.time };
    } catch {
      return undefined;
    }
  }

  set(key: readonly string[], value: Readonly<Record<string, string | number | undefined>>): void {
    mkdirSync(this.#directory, { recursive: true });
    writeFileAtomically(this.#file(key), JSON.stringify({ key, time: Date.now() / 1000, value }));
  }
}

/** A store path kept in a cache, if it is still there (and then kept from the collector). */
export async function cachedPath(context: FetchContext, printed: unknown): Promise<StorePath | undefined> {
  if (typeof printed !== 'string') return undefined;
  const path = parseStorePath(context.store.storeDir, printed);
  await context.store.addTempRoot(path);
  return context.store.isValidPath(path) ? path : undefined;
}

export function printPath(context: FetchContext, path: StorePath): string {
  return printStorePath(context.store.storeDir, path);
}

/** The hash of a valid path's NAR. */
export function narHash(context: FetchContext, path: StorePath) {
  return queryValidPathInfo(context.store, path).narHash;
}

/** Runs an action with a directory that is gone afterwards. */
export async function withTemporaryDirectory<T>(action: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'firn-fetch-'));
  try {
    return await action(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
