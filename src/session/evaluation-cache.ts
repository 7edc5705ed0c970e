/**
 * Answers of evaluations kept on disk, one file for each request: a line with the format's name and the SHA-256 of the
 * rest, then the record as JSON. Files are written under a temporary name and renamed, and what is damaged counts as
 * absent. When they are too big together, those used longest ago go.
 */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { TransferredError } from './error-transfer.ts';
import type { EvaluationAnswer } from './evaluation.ts';
import type { Input } from './evaluation-inputs.ts';
import { lazyCrypto } from './lazy-crypto.ts';

/** How an evaluation ended. */
export type EvaluationOutcome = { readonly answer: EvaluationAnswer } | { readonly error: TransferredError };

export interface EvaluationRecord {
  readonly inputs: readonly Input[];
  /** Store paths that must be valid for the answer to be worth something. */
  readonly products: readonly string[];
  /** What evaluation printed. */
  readonly printed: readonly string[];
  readonly outcome: EvaluationOutcome;
}

const format = 'firn-evaluation-1';
/** A record's time of use is noted at most this often, in milliseconds. */
const touchInterval = 3_600_000;
/** Milliseconds after which a file that was never renamed is taken for left behind. */
const abandonedAfter = 3_600_000;

let written = 0;

export class EvaluationCache {
  readonly #directory: string;
  readonly #maxSize: number;

  /** `maxSize`: bytes that all records may have together. */
  constructor(directory: string, maxSize: number) {
    this.#directory = directory;
    this.#maxSize = maxSize;
  }

  /** The record with a key (hexadecimal); `undefined` when there is none, or a damaged one. */
  find(key: string): EvaluationRecord | undefined {
    const file = this.#file(key);
    try {
      const bytes = readFileSync(file);
      const end = bytes.indexOf(10);
      const body = bytes.subarray(end + 1);
      if (bytes.toString('latin1', 0, end) !== head(body)) return undefined;
      const now = new Date();
      if (now.getTime() - statSync(file).mtimeMs > touchInterval) utimesSync(file, now, now);
      return JSON.parse(body.toString('utf8')) as EvaluationRecord;
    } catch {
      return undefined;
    }
  }

  /** Keeps a record; never fails, for a cache that cannot be written only costs time. */
  add(key: string, record: EvaluationRecord): void {
    const body = Buffer.from(JSON.stringify(record), 'utf8');
    if (body.length > this.#maxSize) return;
    const temporary = join(this.#directory, `${key}-${process.pid}-${written++}.tmp`);
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeFileSync(temporary, `${head(body)}\n`, { mode: 0o600, flag: 'wx' });
      writeFileSync(temporary, body, { flag: 'a' });
      renameSync(temporary, this.#file(key));
      this.#removeBeyond();
    } catch {
      // The disk is full, or the directory is not ours.
      rmSync(temporary, { force: true });
    }
  }

  #file(key: string): string {
    return join(this.#directory, `${key}.json`);
  }

  #removeBeyond(): void {
    const files = readdirSync(this.#directory)
      .map((name) => join(this.#directory, name))
      .map((file) => ({ file, stats: statSync(file, { throwIfNoEntry: false }) }))
      .filter(({ stats }) => stats !== undefined)
      .sort((a, b) => b.stats!.mtimeMs - a.stats!.mtimeMs);
    let size = 0;
    for (const { file, stats } of files) {
      size += stats!.size;
      const isAbandoned = file.endsWith('.tmp') && Date.now() - stats!.mtimeMs > abandonedAfter;
      if (size > this.#maxSize || isAbandoned) rmSync(file, { force: true });
    }
  }
}

function head(body: Uint8Array): string {
  return `${format} ${lazyCrypto().hash('sha256', body, 'base64')}`;
}
