/**
 * From contents (or a derivation's hash) to a store path. Every path's hash part is SHA-256, folded to 160 bits,
 * of the *fingerprint*
 *
 *     TYPE ":sha256:" INNER-DIGEST-BASE16 ":" STORE-DIR ":" NAME
 *
 * | TYPE                   | INNER-DIGEST is of                                            | used for                    |
 * |------------------------|---------------------------------------------------------------|-----------------------------|
 * | `text:REF:REF…`        | the file                                                      | `.drv` files, `toFile`      |
 * | `source:REF…[:self]`   | the NAR, SHA-256                                              | sources, recursive SHA-256  |
 * | `output:out`           | `fixed:out:[r:]ALGO:BASE16:`                                  | every other fixed hash      |
 * | `output:ID`            | the derivation, input paths replaced by hashes                | ordinary build outputs      |
 *
 * References are whole store paths in byte order. Specification: "Store Path" in the Nix manual's protocol chapter.
 */
import { formatBase16 } from './base16.ts';
import type { ContentAddress, ContentAddressMethod } from './content-address.ts';
import { badContentAddress, fixedOutputWithReferences } from './errors.ts';
import { compressDigest, formatHash, type Hash, type Hasher } from './hash.ts';
import { formatNix32 } from './nix32.ts';
import { compareStorePaths, printStorePath, StorePath } from './store-path.ts';

/** What every computation needs: the logical store directory and a hash function. */
export interface StorePathContext {
  readonly storeDir: string;
  readonly hasher: Hasher;
}

/** The paths that an object refers to; `self` stands for its own, which is not known yet. */
export interface References {
  readonly others: readonly StorePath[];
  readonly self: boolean;
}

const NO_REFERENCES: References = { others: [], self: false };

/**
 * The path for a fingerprint of `type` and `innerHash` (written `ALGO:BASE16`).
 *
 * @throws NixError `bad-store-path` when `name` breaks a rule
 */
export function makeStorePath(
  context: StorePathContext,
  type: string,
  innerHash: string,
  name: string,
): StorePath {
  const fingerprint = `${type}:${innerHash}:${context.storeDir}:${name}`;
  return StorePath.fromDigest(compressDigest(context.hasher('sha256', fingerprint), 20), name);
}

/** The path of a text file (`builtins.toFile`, `.drv`): `digest` is SHA-256 of its bytes. */
export function makeTextPath(
  context: StorePathContext,
  name: string,
  digest: Uint8Array,
  references: readonly StorePath[],
): StorePath {
  const type = typeWithReferences(context, 'text', { others: references, self: false });
  return makeStorePath(context, type, `sha256:${formatBase16(digest)}`, name);
}

/**
 * The path of an object with a fixed hash.
 *
 * @throws NixError `illegal-references` unless `method` is `nar` with SHA-256
 */
export function makeFixedOutputPath(
  context: StorePathContext,
  name: string,
  method: 'flat' | 'nar',
  hash: Hash,
  references: References = NO_REFERENCES,
): StorePath {
  if (method === 'nar' && hash.algorithm === 'sha256') {
    const type = typeWithReferences(context, 'source', references);
    return makeStorePath(context, type, formatHash(hash, 'base16', true), name);
  }
  if (references.self || references.others.length > 0) throw fixedOutputWithReferences(name);
  const prefix = method === 'nar' ? 'r:' : '';
  const payload = `fixed:out:${prefix}${formatHash(hash, 'base16', true)}:`;
  const inner = formatBase16(context.hasher('sha256', payload));
  return makeStorePath(context, 'output:out', `sha256:${inner}`, name);
}

/** The path that a content address gives, whatever its method. */
export function makeContentAddressedPath(
  context: StorePathContext,
  name: string,
  address: ContentAddress,
  references: References = NO_REFERENCES,
): StorePath {
  if (address.method !== 'text') {
    return makeFixedOutputPath(context, name, address.method, address.hash, references);
  }
  if (references.self) throw badContentAddress('self-reference not allowed with text hashing');
  if (address.hash.algorithm !== 'sha256') {
    throw badContentAddress(`text hashing needs sha256, not '${address.hash.algorithm}'`);
  }
  return makeTextPath(context, name, address.hash.digest, references.others);
}

/** The path of output `outputName` of an input-addressed derivation; `moduloDigest` is its masked SHA-256. */
export function makeOutputPath(
  context: StorePathContext,
  outputName: string,
  moduloDigest: Uint8Array,
  derivationName: string,
): StorePath {
  const name = outputPathName(derivationName, outputName);
  return makeStorePath(context, `output:${outputName}`, `sha256:${formatBase16(moduloDigest)}`, name);
}

/** `NAME` for the output `out`, `NAME-OUTPUT` for others. */
export function outputPathName(derivationName: string, outputName: string): string {
  return outputName === 'out' ? derivationName : `${derivationName}-${outputName}`;
}

/** `builtins.placeholder`: what stands for an output's path in its own derivation; `/` and 52 nix32 digits. */
export function hashPlaceholder(hasher: Hasher, outputName: string): string {
  return `/${formatNix32(hasher('sha256', `nix-output:${outputName}`))}`;
}

/** What stands, downstream, for an output whose path is known only after building (content-addressed, deferred). */
export function downstreamPlaceholder(hasher: Hasher, drvPath: StorePath, outputName: string): string {
  const name = outputPathName(drvPath.derivationName, outputName);
  return `/${formatNix32(hasher('sha256', `nix-upstream-output:${drvPath.hashPart}:${name}`))}`;
}

/** Whether `method` may carry references at all, and so whether a path may be recomputed from its info. */
export function mayHaveReferences(method: ContentAddressMethod, hash: Hash): boolean {
  return method === 'text' || (method === 'nar' && hash.algorithm === 'sha256');
}

function typeWithReferences(context: StorePathContext, type: string, references: References): string {
  let result = type;
  for (const path of references.others.toSorted(compareStorePaths)) {
    result += `:${printStorePath(context.storeDir, path)}`;
  }
  return references.self ? `${result}:self` : result;
}
