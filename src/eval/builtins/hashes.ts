/** Builtins on hashes: of strings and files, and from one notation to another. */
import { UsageError } from '../../diagnostics/index.ts';
import {
  bytesFromString,
  formatBase16,
  formatHash,
  parseHash,
  parseHashAlgorithm,
  parseHashFormat,
  tryParseHashAlgorithm,
} from '../../formats/index.ts';
import { missingFeature } from '../../inputs/index.ts';
import { forceAttrs, forceText, forceTextNoContext, requireAttr } from '../force.ts';
import type { PosIdx } from '../positions.ts';
import { readRegularFile } from '../read-regular.ts';
import type { Runtime } from '../runtime.ts';
import { intern } from '../symbols.ts';
import type { Lazy, Value } from '../value.ts';
import { blake3 } from './blake3.ts';
import type { BuiltinTable } from './registry.ts';

const argument = (which: string, name: string) =>
  `while evaluating the ${which} argument passed to builtins.${name}`;

type Digest = (text: string) => string;

/** The hash function of a name, giving hexadecimal digits. @throws NixError for an unknown one, or one that is off */
function digestFunction(runtime: Runtime, name: string): Digest {
  if (name === 'blake3') {
    if (!runtime.settings.experimentalFeatures.has('blake3-hashes')) throw missingFeature('blake3-hashes');
    return (text) => formatBase16(blake3(text));
  }
  const algorithm = tryParseHashAlgorithm(name);
  if (algorithm === undefined) {
    throw new UsageError(
      `unknown hash algorithm '${name}', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'`,
      { code: 'unknown-hash-algorithm' },
    );
  }
  return (text) => formatBase16(bytesFromString(runtime.io.hash(algorithm, text)));
}

function hashString(runtime: Runtime, _pos: PosIdx, lazyAlgorithm: Lazy, lazyString: Lazy): Value {
  const name = forceTextNoContext(lazyAlgorithm, 0, argument('first', 'hashString'));
  const digest = digestFunction(runtime, name);
  return digest(forceText(lazyString, 0, argument('second', 'hashString')));
}

function hashFile(runtime: Runtime, _pos: PosIdx, lazyAlgorithm: Lazy, lazyPath: Lazy): Value {
  const name = forceTextNoContext(lazyAlgorithm, 0, argument('first', 'hashFile'));
  const digest = digestFunction(runtime, name);
  return digest(readRegularFile(runtime, lazyPath, 0).text);
}

function convertHash(runtime: Runtime, _pos: PosIdx, lazy: Lazy): Value {
  const attrs = forceAttrs(lazy, 0, argument('first', 'convertHash'));
  const text = (value: Lazy, name: string) =>
    forceTextNoContext(value, 0, `while evaluating the attribute '${name}'`);
  const hash = text(requireAttr(attrs, 'hash', "while locating the attribute 'hash'"), 'hash');
  const given = attrs.get(intern('hashAlgo'));
  const algorithm = given === undefined ? undefined : parseHashAlgorithm(text(given, 'hashAlgo'));
  const lazyFormat = requireAttr(attrs, 'toHashFormat', "while locating the attribute 'toHashFormat'");
  const format = text(lazyFormat, 'toHashFormat');
  if (format === 'base32') runtime.warn('"base32" is a deprecated alias for hash format "nix32".');
  const target = parseHashFormat(format);
  return formatHash(parseHash(hash, algorithm), target, target === 'sri');
}

export const hashBuiltins: BuiltinTable = [
  {
    name: '__hashString',
    args: ['type', 's'],
    doc: 'The hash of *s* in hexadecimal; *type* is `md5`, `sha1`, `sha256`, `sha512`, or (behind its flag) `blake3`.',
    fn: hashString,
  },
  {
    name: '__hashFile',
    args: ['type', 'p'],
    doc: 'The hash of a file in hexadecimal; *type* as for `hashString`.',
    fn: hashFile,
  },
  {
    name: '__convertHash',
    args: ['args'],
    doc: 'The hash `hash` (of the algorithm `hashAlgo`, unless it says so itself) written in `toHashFormat`: `base16`, `nix32`, `base64` or `sri`.',
    fn: convertHash,
  },
];
