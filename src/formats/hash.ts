/**
 * Hashes: an algorithm and a digest, and the four ways Nix writes them.
 *
 * | form   | SHA-256 of the empty string                                            |
 * |--------|------------------------------------------------------------------------|
 * | base16 | `sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855` |
 * | nix32  | `sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73`            |
 * | base64 | `sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=`                    |
 * | sri    | `sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=`                    |
 *
 * Without SRI's `-` the encoding is told by the number of digits, which differs between the three for every
 * algorithm. This part has no hash function of its own: a `Hasher` is passed in.
 */
import { formatBase16, parseBase16 } from './base16.ts';
import { base64Length, formatBase64, parseBase64 } from './base64.ts';
import { equalBytes } from './bytes.ts';
import {
  hashBadDigits,
  hashNotSri,
  hashTypeMismatch,
  hashTypeMissing,
  hashTypeUnknown,
  hashWrongLength,
  unknownHashAlgorithm,
  unknownHashFormat,
} from './errors.ts';
import { formatNix32, nix32Length, parseNix32 } from './nix32.ts';

export type HashAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512';
export type HashFormat = 'base16' | 'nix32' | 'base64' | 'sri';

/** An algorithm and its digest (16, 20, 32 or 64 bytes). */
export interface Hash {
  readonly algorithm: HashAlgorithm;
  readonly digest: Uint8Array;
}

/** A hash function: the digest of some bytes (a string is a byte string). Pure; may be called from anywhere. */
export type Hasher = (algorithm: HashAlgorithm, data: Uint8Array | string) => Uint8Array;

const DIGEST_SIZES: Readonly<Record<HashAlgorithm, number>> = { md5: 16, sha1: 20, sha256: 32, sha512: 64 };

/** Bytes in a digest of `algorithm`. */
export function digestSize(algorithm: HashAlgorithm): number {
  return DIGEST_SIZES[algorithm];
}

/** The algorithm called `name`, or `undefined`. */
export function tryParseHashAlgorithm(name: string): HashAlgorithm | undefined {
  return Object.hasOwn(DIGEST_SIZES, name) ? (name as HashAlgorithm) : undefined;
}

/**
 * The algorithm called `name`.
 *
 * @throws NixError `unknown-hash-algorithm`
 */
export function parseHashAlgorithm(name: string): HashAlgorithm {
  const algorithm = tryParseHashAlgorithm(name);
  if (algorithm === undefined) throw unknownHashAlgorithm(name);
  return algorithm;
}

/**
 * The format called `name`; `base32` is the old name of `nix32`.
 *
 * @throws NixError `unknown-hash-format`
 */
export function parseHashFormat(name: string): HashFormat {
  if (name === 'base32') return 'nix32';
  if (name === 'base16' || name === 'nix32' || name === 'base64' || name === 'sri') return name;
  throw unknownHashFormat(name);
}

/**
 * A hash in any form: `ALGO:DIGITS`, SRI, or bare digits when `algorithm` says what they are. When both the text
 * and `algorithm` name one they must agree.
 *
 * @throws NixError `bad-hash` or `unknown-hash-algorithm`
 */
export function parseHash(text: string, algorithm?: HashAlgorithm): Hash {
  const { prefix, digits, sri } = splitPrefix(text);
  const named = prefix === undefined ? undefined : parseHashAlgorithm(prefix);
  const used = named ?? algorithm;
  if (used === undefined) throw hashTypeUnknown(text);
  if (algorithm !== undefined && used !== algorithm) throw hashTypeMismatch(text, algorithm);
  return decodeHash(digits, used, sri);
}

/**
 * `ALGO:DIGITS` or SRI.
 *
 * @throws NixError `bad-hash` or `unknown-hash-algorithm`
 */
export function parsePrefixedHash(text: string): Hash {
  if (splitPrefix(text).prefix === undefined) throw hashTypeMissing(text);
  return parseHash(text);
}

/**
 * SRI alone: `ALGO-BASE64`.
 *
 * @throws NixError `bad-hash` or `unknown-hash-algorithm`
 */
export function parseSriHash(text: string): Hash {
  const dash = text.indexOf('-');
  if (dash < 0) throw hashNotSri(text);
  return decodeHash(text.slice(dash + 1), parseHashAlgorithm(text.slice(0, dash)), true);
}

/**
 * Bare digits in base 16, nix32 or base 64, told by their number.
 *
 * @throws NixError `bad-hash`
 */
export function parseBareHash(digits: string, algorithm: HashAlgorithm): Hash {
  return decodeHash(digits, algorithm, false);
}

/** The text of `hash`; with `ALGO:` before it when `withPrefix` (SRI always has its own `ALGO-`). */
export function formatHash(hash: Hash, format: HashFormat, withPrefix: boolean): string {
  if (format === 'sri') return `${hash.algorithm}-${formatBase64(hash.digest)}`;
  const prefix = withPrefix ? `${hash.algorithm}:` : '';
  switch (format) {
    case 'base16':
      return prefix + formatBase16(hash.digest);
    case 'nix32':
      return prefix + formatNix32(hash.digest);
    case 'base64':
      return prefix + formatBase64(hash.digest);
  }
}

/** Same algorithm and same digest. */
export function equalHashes(a: Hash, b: Hash): boolean {
  return a.algorithm === b.algorithm && equalBytes(a.digest, b.digest);
}

/** The hash of all-zero bits, which stands for "unknown" in old databases and for the empty `outputHash`. */
export function zeroHash(algorithm: HashAlgorithm): Hash {
  return { algorithm, digest: new Uint8Array(DIGEST_SIZES[algorithm]) };
}

/** `digest` folded to `size` bytes by XOR; store paths use 20 of SHA-256's 32. */
export function compressDigest(digest: Uint8Array, size: number): Uint8Array {
  const folded = new Uint8Array(size);
  for (let i = 0; i < digest.length; i++) folded[i % size] ^= digest[i];
  return folded;
}

/** `builtins.convertHash`: `text` (see `parseHash`) in another form. SRI and `ALGO:` prefixes as C++ Nix gives them. */
export function convertHash(
  text: string,
  algorithm: HashAlgorithm | undefined,
  toFormat: HashFormat,
): string {
  return formatHash(parseHash(text, algorithm), toFormat, toFormat === 'sri');
}

function splitPrefix(text: string): { prefix: string | undefined; digits: string; sri: boolean } {
  const colon = text.indexOf(':');
  if (colon >= 0) return { prefix: text.slice(0, colon), digits: text.slice(colon + 1), sri: false };
  const dash = text.indexOf('-');
  if (dash >= 0) return { prefix: text.slice(0, dash), digits: text.slice(dash + 1), sri: true };
  return { prefix: undefined, digits: text, sri: false };
}

function decodeHash(digits: string, algorithm: HashAlgorithm, sri: boolean): Hash {
  const size = DIGEST_SIZES[algorithm];
  if (sri) return checkedHash(algorithm, 'SRI', digits, parseBase64);
  if (digits.length === size * 2) return checkedHash(algorithm, 'base-16', digits, parseBase16);
  if (digits.length === nix32Length(size)) return checkedHash(algorithm, 'base-32', digits, parseNix32);
  if (digits.length === base64Length(size)) return checkedHash(algorithm, 'base-64', digits, parseBase64);
  throw hashWrongLength(digits, algorithm);
}

function checkedHash(
  algorithm: HashAlgorithm,
  encoding: string,
  digits: string,
  decode: (text: string) => Uint8Array,
): Hash {
  let digest: Uint8Array | undefined;
  try {
    digest = decode(digits);
  } catch {
    // Both faults get one sentence, as in C++ Nix 2.26.
  }
  if (digest?.length !== DIGEST_SIZES[algorithm]) throw hashBadDigits(encoding, digits);
  return { algorithm, digest };
}
