/** Builtins on hashes: of strings and files, and from one notation to another. */
import {
  formatHash,
  type HashAlgorithm,
  parseHash,
  parseHashAlgorithm,
  parseHashFormat,
} from '../../formats/index.ts';
import { forceAttrs, forceText, forceTextNoContext, requireAttr } from '../force.ts';
import type { PosIdx } from '../positions.ts';
import { readRegularFile } from '../read-regular.ts';
import type { Runtime } from '../runtime.ts';
import { intern } from '../symbols.ts';
import type { Lazy, Value } from '../value.ts';
import type { BuiltinTable } from './registry.ts';

const argument = (which: string, name: string) =>
  `while evaluating the ${which} argument passed to builtins.${name}`;

function digest(runtime: Runtime, algorithm: HashAlgorithm, text: string): string {
  const bytes = Uint8Array.from(runtime.io.hash(algorithm, text), (character) => character.charCodeAt(0));
  return formatHash({ algorithm, digest: bytes }, 'base16', false);
}

function hashString(runtime: Runtime, _pos: PosIdx, lazyAlgorithm: Lazy, lazyString: Lazy): Value {
  const name = forceTextNoContext(lazyAlgorithm, 0, argument('first', 'hashString'));
  const algorithm = parseHashAlgorithm(name);
  return digest(runtime, algorithm, forceText(lazyString, 0, argument('second', 'hashString')));
}

function hashFile(runtime: Runtime, _pos: PosIdx, lazyAlgorithm: Lazy, lazyPath: Lazy): Value {
  const name = forceTextNoContext(lazyAlgorithm, 0, argument('first', 'hashFile'));
  const algorithm = parseHashAlgorithm(name);
  return digest(runtime, algorithm, readRegularFile(runtime, lazyPath, 0).text);
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
    doc: 'The hash of *s* in hexadecimal; *type* is `md5`, `sha1`, `sha256` or `sha512`.',
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
