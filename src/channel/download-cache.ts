/**
 * Downloads kept by content: `DIRECTORY/sha256/HASH` (64 hexadecimal digits) holds the bytes with that hash. What is
 * read is hashed again, so a damaged entry counts as absent. Shared by all commands of a user; entries appear by
 * rename, so no lock is needed.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomically } from '../platform/index.ts';

export class DownloadCache {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Where the bytes with this hash are kept (whether they are there or not). */
  pathOf(sha256: string): string {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error(`'${sha256}' is not a SHA-256 in hexadecimal`);
    return join(this.directory, 'sha256', sha256);
  }

  /** The bytes with this hash, or `undefined`. A damaged entry is removed. Reads and may delete a file. */
  get(sha256: string): Uint8Array | undefined {
    const path = this.pathOf(sha256);
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path);
    } catch {
      return undefined;
    }
    if (sha256Hex(bytes) === sha256) return bytes;
    rmSync(path, { force: true });
    return undefined;
  }

  /** Keeps bytes whose hash the caller has just computed. */
  put(sha256: string, bytes: Uint8Array): void {
    const path = this.pathOf(sha256);
    mkdirSync(dirname(path), { recursive: true });
    writeFileAtomically(path, bytes);
  }

  /** Deletes every entry whose hash is not in `keep`; returns how many went. */
  prune(keep: ReadonlySet<string>): number {
    let removed = 0;
    const directory = join(this.directory, 'sha256');
    for (const name of existsSync(directory) ? readdirSync(directory) : []) {
      if (!/^[0-9a-f]{64}$/.test(name) || keep.has(name)) continue;
      rmSync(join(directory, name), { force: true });
      removed++;
    }
    return removed;
  }
}

/** SHA-256 as 64 hexadecimal digits. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256')
    .update(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    .digest('hex');
}
