/** Hash functions from Node's OpenSSL, in the shape that `formats` asks for. */
import { createHash, hash } from 'node:crypto';
import type { Hash, HashAlgorithm, Hasher } from '../formats/index.ts';

/** The digest of bytes (or of a byte string) in one go. */
export const nodeHasher: Hasher = (algorithm, data) => {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
  return new Uint8Array(hash(algorithm, bytes, 'buffer'));
};

/** Hashes a stream of chunks and counts its bytes. Use once. */
export class HashSink {
  readonly algorithm: HashAlgorithm;
  readonly #hash;
  #sizeBytes = 0;

  constructor(algorithm: HashAlgorithm = 'sha256') {
    this.algorithm = algorithm;
    this.#hash = createHash(algorithm);
  }

  /** Takes the next bytes; they are not kept. */
  write(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length;
    this.#hash.update(chunk);
  }

  /** Bytes taken so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The hash of everything written. */
  finish(): Hash {
    return { algorithm: this.algorithm, digest: new Uint8Array(this.#hash.digest()) };
  }
}
