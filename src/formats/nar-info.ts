/**
 * `.narinfo` files: what a binary cache says of one store path. Lines `Name: value`, each ended by a line feed;
 * unknown names are skipped. The signature covers the *fingerprint*, not the file.
 *
 * `Compression` missing means `bzip2`, for history's sake.
 */
import { compareByteStrings } from './bytes.ts';
import { type ContentAddress, formatContentAddress, parseContentAddress } from './content-address.ts';
import { badNarInfo, fingerprintWithoutSize } from './errors.ts';
import { formatHash, type Hash, parsePrefixedHash } from './hash.ts';
import { compareStorePaths, parseStorePath, printStorePath, StorePath } from './store-path.ts';

export interface NarInfo {
  readonly path: StorePath;
  /** Relative to the cache, or absolute. */
  readonly url: string;
  readonly compression: string;
  /** Hash and size of the compressed file. */
  readonly fileHash?: Hash | undefined;
  readonly fileSizeBytes?: number | undefined;
  readonly narHash: Hash;
  readonly narSizeBytes: number;
  readonly references: readonly StorePath[];
  readonly deriver?: StorePath | undefined;
  /** `KEY-NAME:BASE64`. */
  readonly signatures: readonly string[];
  readonly contentAddress?: ContentAddress | undefined;
}

/** The parts of a path's info that signatures cover. */
export interface FingerprintInfo {
  readonly path: StorePath;
  readonly narHash: Hash;
  readonly narSizeBytes: number;
  readonly references: readonly StorePath[];
}

/**
 * What a signature of a store path signs: `1;PATH;NAR-HASH;NAR-SIZE;REF,REF…`, references as whole paths, sorted.
 *
 * @throws NixError `bad-narinfo` when the size is unknown (0)
 */
export function narInfoFingerprint(storeDir: string, info: FingerprintInfo): string {
  const path = printStorePath(storeDir, info.path);
  if (info.narSizeBytes === 0) throw fingerprintWithoutSize(path);
  const references = info.references.map((reference) => printStorePath(storeDir, reference));
  const hash = formatHash(info.narHash, 'nix32', true);
  return `1;${path};${hash};${info.narSizeBytes};${references.sort(compareByteStrings).join(',')}`;
}

/**
 * Reads a `.narinfo`; `whence` names it in errors.
 *
 * @throws NixError `bad-narinfo`, with the line
 */
export function parseNarInfo(storeDir: string, text: string, whence: string): NarInfo {
  const fields = readFields(text, whence);
  const need = (name: string): Field => {
    const field = fields.get(name);
    if (!field) throw badNarInfo(whence, `${name} missing`, 0);
    return field;
  };
  const parse = <T>(field: Field | undefined, reason: string, read: (text: string) => T): T | undefined => {
    if (!field) return undefined;
    try {
      return read(field.values[0]);
    } catch {
      throw badNarInfo(whence, reason, field.line);
    }
  };
  const narSizeBytes = parse(need('NarSize'), 'invalid NarSize', readSize)!;
  if (narSizeBytes === 0) throw badNarInfo(whence, 'NarSize missing or zero', 0);
  const deriver = fields.get('Deriver');
  const known = deriver?.values[0] === 'unknown-deriver' ? undefined : deriver;
  const url = need('URL').values[0];
  if (url === '') throw badNarInfo(whence, 'URL missing', 0);
  return {
    path: parse(need('StorePath'), 'bad StorePath', (value) => parseStorePath(storeDir, value))!,
    url,
    compression: fields.get('Compression')?.values[0] || 'bzip2',
    fileHash: parse(fields.get('FileHash'), 'bad hash', parsePrefixedHash),
    fileSizeBytes: parse(fields.get('FileSize'), 'invalid FileSize', readSize),
    narHash: parse(need('NarHash'), 'bad hash', parsePrefixedHash)!,
    narSizeBytes,
    references: parse(fields.get('References'), 'bad References', readReferences) ?? [],
    deriver: parse(known, 'bad Deriver', StorePath.fromBaseName),
    signatures: fields.get('Sig')?.values ?? [],
    contentAddress: parse(fields.get('CA'), 'bad CA', (value) =>
      value === '' ? undefined : parseContentAddress(value),
    ),
  };
}

/** The text of a `.narinfo`, fields in C++ Nix's order. */
export function formatNarInfo(storeDir: string, info: NarInfo): string {
  const references = info.references.toSorted(compareStorePaths).map((path) => path.baseName);
  const lines = [
    `StorePath: ${printStorePath(storeDir, info.path)}`,
    `URL: ${info.url}`,
    `Compression: ${info.compression}`,
    info.fileHash && `FileHash: ${formatHash(info.fileHash, 'nix32', true)}`,
    info.fileSizeBytes && `FileSize: ${info.fileSizeBytes}`,
    `NarHash: ${formatHash(info.narHash, 'nix32', true)}`,
    `NarSize: ${info.narSizeBytes}`,
    `References: ${references.join(' ')}`,
    info.deriver && `Deriver: ${info.deriver.baseName}`,
    ...info.signatures.toSorted(compareByteStrings).map((signature) => `Sig: ${signature}`),
    info.contentAddress && `CA: ${formatContentAddress(info.contentAddress)}`,
  ];
  return lines
    .filter((line) => line)
    .map((line) => `${line}\n`)
    .join('');
}

interface Field {
  /** Only `Sig` may have several. */
  readonly values: string[];
  readonly line: number;
}

function readFields(text: string, whence: string): Map<string, Field> {
  const fields = new Map<string, Field>();
  const lines = text.split('\n');
  if (lines.pop() !== '') throw badNarInfo(whence, "expecting '\\n'", lines.length + 1);
  for (const [index, line] of lines.entries()) {
    const colon = line.indexOf(':');
    if (colon < 0) throw badNarInfo(whence, "expecting ':'", index + 1);
    const name = line.slice(0, colon);
    const value = line.slice(colon + 2);
    const known = fields.get(name);
    if (!known) fields.set(name, { values: [value], line: index + 1 });
    else if (name === 'Sig') known.values.push(value);
    else throw badNarInfo(whence, `extra ${name}`, index + 1);
  }
  return fields;
}

function readReferences(value: string): StorePath[] {
  return value
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => StorePath.fromBaseName(word));
}

function readSize(value: string): number {
  const size = /^[0-9]+$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw new RangeError(value);
  return size;
}
