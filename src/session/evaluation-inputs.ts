/**
 * What an evaluation learned from outside, so that its answer can be given again while all of that is unchanged.
 * Evaluation is a function of its request, the settings, and the answers it got through `EvalIo`; here each of those
 * answers is noted, and later asked for again. What cannot be asked again (the time, downloads without a hash)
 * makes an evaluation *impure*: its answer is not kept.
 *
 * Contents are compared by hash. Where a regular file's inode, size and times (change time included, which programs
 * cannot set) are those of then, it is not read again, unless it had been changed so shortly before that a further
 * change could have left the same times.
 */
import { type BigIntStats, statSync } from 'node:fs';
import { NixError } from '../diagnostics/index.ts';
import type { DirectoryEntry, FileAccess } from './file-access.ts';
import { lazyCrypto } from './lazy-crypto.ts';
import { fsPath } from './path-resolver.ts';

/** The questions that evaluation asks. `place` is where a path really is, `node` a file in a tree that is copied to the store, by its physical path: see `nodeAnswer`. */
export type InputKind = 'type' | 'file' | 'directory' | 'link' | 'variable' | 'valid' | 'place' | 'node';

/** One question with its answer; a file's signature is empty when its times say nothing. */
export type Input = readonly [kind: InputKind, name: string, answer: string, signature?: string];

/** What an evaluation depended on and what it left behind. */
export interface EvaluationInputs {
  readonly inputs: readonly Input[];
  /** Why the answer must not be kept. */
  readonly impure: string | undefined;
  /** Store paths that it made and that no other one it made refers to. */
  readonly products: readonly string[];
  /** What it printed. */
  readonly printed: readonly string[];
}

/** Nanoseconds: file systems with coarse times count in seconds. */
const clockGrain = 2_000_000_000n;

/** Notes what one evaluation learns. */
export class InputRecorder {
  readonly #inputs = new Map<string, Input>();
  readonly #produced = new Set<string>();
  readonly #referred = new Set<string>();
  #printed: string[] = [];
  #impure: string | undefined;

  note(kind: InputKind, name: string, answer: string, signature?: string): void {
    const key = `${kind}\0${name}`;
    const known = this.#inputs.get(key);
    if (known === undefined)
      this.#inputs.set(key, signature === undefined ? [kind, name, answer] : [kind, name, answer, signature]);
    else if (known[2] !== answer) this.impure(`'${name}' changed while it was evaluated`);
  }

  impure(reason: string): void {
    this.#impure ??= reason;
  }

  /** A node of a tree that is copied to the store, as far as an archive shows it. */
  node(physical: string, answer: string, signature?: string): void {
    this.note('node', physical, answer, signature);
  }

  produced(path: string, references: readonly string[]): void {
    this.#produced.add(path);
    for (const reference of references) this.#referred.add(reference);
  }

  print(message: string): void {
    this.#printed.push(message);
  }

  /** Everything so far; what is printed is counted from here on. */
  take(): EvaluationInputs {
    const printed = this.#printed;
    this.#printed = [];
    return {
      inputs: [...this.#inputs.values()],
      impure: this.#impure,
      products: [...this.#produced].filter((path) => !this.#referred.has(path)),
      printed,
    };
  }
}

/** The answer to a question that failed. Rethrows what is no failure of the kind that evaluation sees. */
export function failureAnswer(error: unknown): string {
  if (error instanceof NixError) return `error ${error.message}`;
  throw error;
}

/** The answer to a question: what `get` says, or how it failed. */
export function answerOf(get: () => string): string {
  try {
    return get();
  } catch (error) {
    return failureAnswer(error);
  }
}

/** What an archive shows of a node: its kind and `what`, a hash of the contents or of the listing, or a link's target. */
export function nodeAnswer(kind: 'regular' | 'executable' | 'directory' | 'symlink', what: string): string {
  return `${kind} ${what}`;
}

export function hashOf(bytes: Uint8Array | string): string {
  const data = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  return lazyCrypto().hash('sha256', data, 'base64');
}

export function listingAnswer(entries: readonly DirectoryEntry[]): string {
  return hashOf(entries.map(({ name, type }) => `${name}/${type}/`).join(''));
}

/**
 * What tells without reading that a file is as it was. Empty: nothing is known (there is no such file, or its times are
 * too young to tell anything); `directory` for those; `undefined` for what must not be opened again. Follows links.
 */
export function signatureOf(physical: string, size?: number): string | undefined {
  const stats = tryStat(physical);
  if (stats === undefined) return '';
  if (stats.isDirectory()) return 'directory';
  if (!stats.isFile()) return undefined;
  // Files of /proc and /sys have a size of their own making, and times that mean nothing.
  if (size !== undefined && stats.size !== BigInt(size)) return '';
  const now = BigInt(Date.now()) * 1_000_000n;
  const settled = now - clockGrain;
  if (stats.mtimeNs > settled || stats.ctimeNs > settled) return '';
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(':');
}

function tryStat(physical: string): BigIntStats | undefined {
  try {
    return statSync(fsPath(physical), { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** What is needed to ask again. */
export interface Surroundings {
  readonly files: FileAccess;
  readonly variable: (name: string) => string | undefined;
  /** Whether a store path is valid; `undefined` where no store is open. */
  readonly isValid: ((path: string) => boolean) | undefined;
}
