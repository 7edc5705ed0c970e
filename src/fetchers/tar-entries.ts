/**
 * The entries of a tar archive in memory, as Debian's packages hold them: ustar with GNU's long names or pax
 * headers (POSIX.1-2001, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format").
 *
 * Names are only looked up here, never joined to a directory, yet they are cleaned all the same: an entry whose
 * name is absolute or climbs out of the archive is an error.
 */

export interface TarEntry {
  /** Without `./` in front and slash at the end; byte string. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other';
  /** Permission bits. */
  readonly mode: number;
  /** Target of a link as written (hard links: cleaned like `path`). */
  readonly target: string;
  /** Contents; empty for everything but files. A view into the archive. */
  readonly data: Uint8Array;
  /** Modification time, seconds since the epoch. */
  readonly mtimeSeconds: number;
}

/** What is wrong with an archive; callers add which one it is. */
export class TarError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TarError';
  }
}

const blockSize = 512;

const kinds: Readonly<Record<string, TarEntry['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'directory',
};

interface Overrides {
  path?: string;
  target?: string;
  size?: number;
  mtimeSeconds?: number;
}

/** Every entry, in order. Throws `TarError` on damage. */
export function readTarEntries(archive: Uint8Array): TarEntry[] {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const entries: TarEntry[] = [];
  let overrides: Overrides = {};
  let position = 0;
  while (position + blockSize <= bytes.length) {
    const header = bytes.subarray(position, position + blockSize);
    if (header.every((byte) => byte === 0)) return entries;
    checkChecksum(header, position);
    const type = String.fromCharCode(header[156]);
    const size = overrides.size ?? readNumber(header, 124, 12);
    const start = position + blockSize;
    if (start + size > bytes.length) throw new TarError(`truncated entry at offset ${position}`);
    const data = bytes.subarray(start, start + size);
    position = start + Math.ceil(size / blockSize) * blockSize;
    if (type === 'L') overrides.path = cString(data);
    else if (type === 'K') overrides.target = cString(data);
    else if (type === 'x') overrides = { ...overrides, ...readPaxHeader(data) };
    else if (type !== 'g') {
      entries.push(makeEntry(header, type, data, overrides));
      overrides = {};
    }
  }
  throw new TarError('no end marker');
}

function makeEntry(header: Buffer, type: string, data: Uint8Array, overrides: Overrides): TarEntry {
  const kind = kinds[type] ?? 'other';
  const target = overrides.target ?? cString(header.subarray(157, 257));
  return {
    path: cleanPath(overrides.path ?? headerPath(header)),
    kind,
    mode: readNumber(header, 100, 8) & 0o7777,
    target: kind === 'hardlink' ? cleanPath(target) : target,
    data: kind === 'file' ? data : new Uint8Array(),
    mtimeSeconds: overrides.mtimeSeconds ?? readNumber(header, 136, 12),
  };
}

/** The prefix field belongs to POSIX archives only: GNU's old format keeps times there. */
function headerPath(header: Buffer): string {
  const name = cString(header.subarray(0, 100));
  const isPosix = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? cString(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function cleanPath(path: string): string {
  const parts = path.split('/').filter((part, index) => part !== '.' && (part !== '' || index === 0));
  if (parts[0] === '' && parts.length > 1) throw new TarError(`absolute name '${path}'`);
  if (parts.includes('..')) throw new TarError(`name '${path}' leaves the archive`);
  return parts.join('/');
}

/** `LENGTH KEY=VALUE\n` records; only what changes how an entry is read. */
function readPaxHeader(data: Buffer): Overrides {
  const overrides: Overrides = {};
  let position = 0;
  while (position < data.length) {
    const blank = data.indexOf(0x20, position);
    const length = Number(data.toString('latin1', position, Math.max(position, blank)));
    if (!Number.isInteger(length) || length < 5 || position + length > data.length)
      throw new TarError('bad pax header');
    const record = data.toString('latin1', blank + 1, position + length - 1);
    const equals = record.indexOf('=');
    const value = record.slice(equals + 1);
    if (record.startsWith('path=')) overrides.path = value;
    if (record.startsWith('linkpath=')) overrides.target = value;
    if (/^mtime=\d/.test(record)) overrides.mtimeSeconds = Math.floor(Number.parseFloat(value));
    if (record.startsWith('size=')) overrides.size = parseSize(value);
    position += length;
  }
  return overrides;
}

/** Digits only: a negative size would never let the reader come to an end. */
function parseSize(digits: string): number {
  if (!/^[0-9]{1,15}$/.test(digits)) throw new TarError(`bad size '${digits}'`);
  return Number(digits);
}

/** Octal digits, or base 256 when the first bit is set. */
function readNumber(header: Buffer, offset: number, length: number): number {
  const field = header.subarray(offset, offset + length);
  if (field[0] & 0x80) return field.subarray(1).reduce((value, byte) => value * 256 + byte, field[0] & 0x7f);
  const digits = cString(field).trim();
  if (!/^[0-7]*$/.test(digits)) throw new TarError(`bad number '${digits}'`);
  return Number.parseInt(digits || '0', 8);
}

/** The sum of the header's bytes with the checksum field read as blanks. */
function checkChecksum(header: Buffer, position: number): void {
  let sum = 8 * 32;
  for (let i = 0; i < blockSize; i++) if (i < 148 || i >= 156) sum += header[i];
  if (sum !== readNumber(header, 148, 8)) throw new TarError(`bad header checksum at offset ${position}`);
}

function cString(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}
