/**
 * Finds which store paths a tree refers to: their hash parts (32 nix32 digits) as they occur anywhere in its NAR,
 * chunk by chunk. The search steps over 32-byte windows from behind, so that one foreign byte skips the window.
 */
import { compareStorePaths, type Hash, type StorePath, stringFromBytes } from '../formats/index.ts';
import { dumpTree } from './dump-tree.ts';
import { HashSink } from './node-hash.ts';

const LENGTH = 32;

const IS_DIGIT = new Uint8Array(256);
for (const digit of '0123456789abcdfghijklmnpqrsvwxyz') IS_DIGIT[digit.charCodeAt(0)] = 1;

/** Searches a stream for the hash parts of `candidates`. */
export class ReferenceScanner {
  readonly #wanted = new Map<string, StorePath>();
  readonly #found: StorePath[] = [];
  /** The last bytes of the stream so far, fewer than a hash part. */
  #tail = new Uint8Array(0);

  constructor(candidates: Iterable<StorePath>) {
    for (const path of candidates) this.#wanted.set(path.hashPart, path);
  }

  /** Takes the next bytes. */
  write(chunk: Uint8Array): void {
    if (this.#wanted.size === 0) return;
    const head = chunk.subarray(0, LENGTH - 1);
    const seam = new Uint8Array(this.#tail.length + head.length);
    seam.set(this.#tail);
    seam.set(head, this.#tail.length);
    this.#search(seam);
    this.#search(chunk);
    this.#tail = (chunk.length >= LENGTH - 1 ? chunk : seam).slice(-(LENGTH - 1));
  }

  /** Those of the candidates that occurred, sorted. */
  found(): StorePath[] {
    return this.#found.toSorted(compareStorePaths);
  }

  #search(bytes: Uint8Array): void {
    const last = bytes.length - LENGTH;
    for (let start = 0; start <= last; ) {
      let at = start + LENGTH - 1;
      while (at >= start && IS_DIGIT[bytes[at]] === 1) at--;
      if (at >= start) {
        start = at + 1;
        continue;
      }
      this.#check(stringFromBytes(bytes.subarray(start, start + LENGTH)));
      start++;
    }
  }

  #check(hashPart: string): void {
    const path = this.#wanted.get(hashPart);
    if (!path) return;
    this.#wanted.delete(hashPart);
    this.#found.push(path);
  }
}

/** NAR hash, NAR size and references of a tree. */
export interface ScannedTree {
  readonly narHash: Hash;
  readonly narSizeBytes: number;
  readonly references: readonly StorePath[];
}

/** Reads the tree at `path` (a byte string) once, hashing it and searching it for `candidates`. */
export async function scanReferences(path: string, candidates: Iterable<StorePath>): Promise<ScannedTree> {
  const scanner = new ReferenceScanner(candidates);
  const hash = new HashSink('sha256');
  await dumpTree(path, (chunk) => {
    hash.write(chunk);
    scanner.write(chunk);
  });
  return { narSizeBytes: hash.sizeBytes, narHash: hash.finish(), references: scanner.found() };
}
