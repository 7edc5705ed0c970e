/**
 * Every error of the codecs, one factory per condition. Wordings are C++ Nix 2.26's where it has one, because
 * scripts and users know them; `code` is stable, hints are ours. Quoted values are byte strings.
 */
import { NixError } from '../diagnostics/index.ts';

const HASH_HINT =
  "a hash is written as 'sha256-<base64>' (SRI), 'sha256:<digits>', or as digits alone where the algorithm is known";

/** An algorithm name that is none of the four. */
export function unknownHashAlgorithm(name: string): NixError {
  return new NixError(`unknown hash algorithm '${name}', expect 'md5', 'sha1', 'sha256', or 'sha512'`, {
    code: 'unknown-hash-algorithm',
  });
}

/** A hash format name (`--to`, `toHashFormat`) that is none of the known. */
export function unknownHashFormat(name: string): NixError {
  return new NixError(`unknown hash format '${name}', expect 'base16', 'base32', 'base64', or 'sri'`, {
    code: 'unknown-hash-format',
  });
}

/** No prefix, and nobody said which algorithm is meant. */
export function hashTypeUnknown(text: string): NixError {
  return new NixError(
    `hash '${text}' does not include a type, nor is the type otherwise known from context`,
    {
      code: 'bad-hash',
      hint: HASH_HINT,
    },
  );
}

/** A prefixed form was required. */
export function hashTypeMissing(text: string): NixError {
  return new NixError(`hash '${text}' does not include a type`, { code: 'bad-hash', hint: HASH_HINT });
}

/** SRI was required. */
export function hashNotSri(text: string): NixError {
  return new NixError(`hash '${text}' is not SRI`, { code: 'bad-hash', hint: HASH_HINT });
}

/** Prefix and expected algorithm differ. */
export function hashTypeMismatch(text: string, expected: string): NixError {
  return new NixError(`hash '${text}' should have type '${expected}'`, { code: 'bad-hash' });
}

/** No encoding of this algorithm has that many digits. */
export function hashWrongLength(text: string, algorithm: string): NixError {
  return new NixError(`hash '${text}' has wrong length for hash algorithm '${algorithm}'`, {
    code: 'bad-hash',
    hint: HASH_HINT,
  });
}

/** Right length, but not digits of the encoding (`base-16`, `base-32`, `base-64` or `SRI`). */
export function hashBadDigits(encoding: string, digits: string): NixError {
  return new NixError(`invalid ${encoding} hash '${digits}'`, { code: 'bad-hash', hint: HASH_HINT });
}

/** A character outside an encoding's alphabet. */
export function badCharacter(encoding: string, character: string): NixError {
  return new NixError(`invalid character in ${encoding} string: '${character}'`, { code: 'bad-encoding' });
}

/** Digits that no byte sequence encodes to (odd length, stray bits). */
export function badEncoding(encoding: string, text: string): NixError {
  return new NixError(`'${text}' is not the ${encoding} form of any byte sequence`, { code: 'bad-encoding' });
}

/** The name part of a store path breaks a rule; `reason` completes the sentence. */
export function badStorePathName(reason: string): NixError {
  return new NixError(reason, {
    code: 'bad-store-path-name',
    hint: 'a name has 1 to 211 characters out of a-z A-Z 0-9 + - . _ ? =',
  });
}

/** Not a store path; `message` is the whole sentence. */
export function badStorePath(message: string): NixError {
  return new NixError(message, { code: 'bad-store-path' });
}

/** A store path that should end in `.drv`. */
export function notADerivationPath(baseName: string): NixError {
  return new NixError(`store path '${baseName}' is not a valid derivation path`, { code: 'bad-store-path' });
}

/** A content address that does not parse. */
export function badContentAddress(message: string): NixError {
  return new NixError(message, { code: 'bad-content-address' });
}

/** A flat, md5, sha1 or sha512 content address cannot carry references. */
export function fixedOutputWithReferences(name: string): NixError {
  return new NixError(`fixed output derivation '${name}' is not allowed to refer to other store paths`, {
    code: 'illegal-references',
    hint: "set 'unsafeDiscardReferences.out = true' when the references are not needed at run time",
  });
}

/** A `.drv` file whose text is not a derivation. `offset` counts bytes from 0. */
export function badDerivation(name: string, reason: string, offset?: number): NixError {
  const where = offset === undefined ? '' : ` at byte ${offset}`;
  return new NixError(`error parsing derivation '${name}'${where}: ${reason}`, { code: 'bad-derivation' });
}

/** A derivation whose outputs contradict each other; `message` is the whole sentence. */
export function badDerivationOutputs(message: string): NixError {
  return new NixError(message, { code: 'bad-derivation' });
}

/** A format that only an experimental feature of C++ Nix reads. */
export function experimentalFeatureMissing(feature: string, what: string): NixError {
  return new NixError(`${what} needs the experimental feature '${feature}', which is not supported`, {
    code: 'experimental-feature',
  });
}

/** A NAR that breaks a rule. `offset` is that of the offending item, in bytes from the start of the archive. */
export function badArchive(reason: string, offset: number, entry?: string): NixError {
  const within = entry ? ` in entry '${entry}'` : '';
  return new NixError(`bad archive: ${reason} (at byte ${offset}${within})`, { code: 'bad-archive' });
}

/** A tree that cannot be written as a NAR. */
export function cannotArchive(reason: string): NixError {
  return new NixError(reason, { code: 'cannot-archive' });
}

/** A `.narinfo` that does not parse. `line` counts from 1; 0 when the fault is that something is missing. */
export function badNarInfo(whence: string, reason: string, line: number): NixError {
  const where = line > 0 ? ` at line ${line}` : '';
  return new NixError(`NAR info file '${whence}' is corrupt: ${reason}${where}`, { code: 'bad-narinfo' });
}

/** The fingerprint that signatures cover contains the size. */
export function fingerprintWithoutSize(path: string): NixError {
  return new NixError(`cannot calculate fingerprint of path '${path}' because its size is not known`, {
    code: 'bad-narinfo',
  });
}
