/**
 * Content addresses: how a store object's path follows from its contents, as written in the database (`ca`),
 * in `.narinfo` files (`CA:`) and in derivation outputs.
 *
 * | method | text form             | what is hashed                                        |
 * |--------|-----------------------|-------------------------------------------------------|
 * | text   | `text:sha256:…`       | one file's bytes; the path also depends on references  |
 * | flat   | `fixed:ALGO:…`        | one file's bytes                                      |
 * | nar    | `fixed:r:ALGO:…`      | the NAR of the tree                                   |
 *
 * In a derivation's output the prefix is shorter: `r:sha256` and `sha256` (`formatMethodAlgorithm`).
 */
import { badContentAddress, experimentalFeatureMissing } from './errors.ts';
import { formatHash, type Hash, type HashAlgorithm, parseBareHash, parseHashAlgorithm } from './hash.ts';

export type ContentAddressMethod = 'text' | 'flat' | 'nar';

export interface ContentAddress {
  readonly method: ContentAddressMethod;
  readonly hash: Hash;
}

/** `fixed:r:sha256:NIX32`. */
export function formatContentAddress(address: ContentAddress): string {
  const prefix = { text: 'text:', flat: 'fixed:', nar: 'fixed:r:' }[address.method];
  return prefix + formatHash(address.hash, 'nix32', true);
}

/**
 * Reads `formatContentAddress`'s form; the digits may be in base 16 or base 64 too.
 *
 * @throws NixError `bad-content-address`, `bad-hash` or `unknown-hash-algorithm`
 */
export function parseContentAddress(text: string): ContentAddress {
  const parts = text.split(':');
  const prefix = parts.shift();
  if (parts.length === 0) {
    throw badContentAddress(`not a content address because it is not in the form '<prefix>:<rest>': ${text}`);
  }
  let method: ContentAddressMethod;
  if (prefix === 'text') method = 'text';
  else if (prefix !== 'fixed') {
    throw badContentAddress(`content address prefix '${prefix}' is unrecognized, expected 'text' or 'fixed'`);
  } else if (parts[0] === 'git') throw experimentalFeatureMissing('git-hashing', `content address '${text}'`);
  else if (parts[0] === 'r') {
    parts.shift();
    method = 'nar';
  } else method = 'flat';
  const [algorithm, digits] = parts;
  if (parts.length !== 2) {
    throw badContentAddress(`content address hash must be in form '<algo>:<hash>', but found: ${text}`);
  }
  return { method, hash: parseBareHash(digits, parseHashAlgorithm(algorithm)) };
}

/** A derivation output's second field: `r:sha256`, `sha256` or `text:sha256`. */
export function formatMethodAlgorithm(method: ContentAddressMethod, algorithm: HashAlgorithm): string {
  return { text: 'text:', flat: '', nar: 'r:' }[method] + algorithm;
}

/**
 * Reads `formatMethodAlgorithm`'s form.
 *
 * @throws NixError `unknown-hash-algorithm` or `experimental-feature`
 */
export function parseMethodAlgorithm(text: string): {
  method: ContentAddressMethod;
  algorithm: HashAlgorithm;
} {
  if (text.startsWith('git:')) throw experimentalFeatureMissing('git-hashing', `output hash '${text}'`);
  if (text.startsWith('r:')) return { method: 'nar', algorithm: parseHashAlgorithm(text.slice(2)) };
  if (text.startsWith('text:')) return { method: 'text', algorithm: parseHashAlgorithm(text.slice(5)) };
  return { method: 'flat', algorithm: parseHashAlgorithm(text) };
}
