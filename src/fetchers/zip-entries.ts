/**
 * The entries of a ZIP archive in memory (PKWARE's APPNOTE, without encryption, ZIP64 and parts): the central
 * directory at the end says where each file is. Methods: stored and deflated.
 */
import { inflateRawSync } from 'node:zlib';
import { type TarEntry, TarError } from './tar-entries.ts';

const endMagic = 0x06054b50;
const centralMagic = 0x02014b50;
const localMagic = 0x04034b50;

/** Every entry, in the order of the central directory. @throws TarError on damage */
export function readZipEntries(archive: Uint8Array): TarEntry[] {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = findEnd(bytes);
  const count = bytes.readUInt16LE(end + 10);
  let position = bytes.readUInt32LE(end + 16);
  const entries: TarEntry[] = [];
  for (let i = 0; i < count; i++) {
    if (position + 46 > bytes.length || bytes.readUInt32LE(position) !== centralMagic)
      throw new TarError('damaged central directory');
    entries.push(readEntry(bytes, position));
    const lengths = [28, 30, 32].map((offset) => bytes.readUInt16LE(position + offset));
    position += 46 + lengths.reduce((sum, length) => sum + length, 0);
  }
  return entries;
}

/** The record at the end; only a comment (at most 64 KiB) may follow it. */
function findEnd(bytes: Buffer): number {
  for (let at = bytes.length - 22; at >= Math.max(0, bytes.length - 22 - 0xffff); at--)
    if (bytes.readUInt32LE(at) === endMagic) return at;
  throw new TarError('no end record');
}

function readEntry(bytes: Buffer, at: number): TarEntry {
  const flags = bytes.readUInt16LE(at + 8);
  if (flags & 1) throw new TarError('it is encrypted');
  const nameLength = bytes.readUInt16LE(at + 28);
  const name = bytes.toString('latin1', at + 46, at + 46 + nameLength);
  const madeByUnix = bytes[at + 5] === 3;
  const unixMode = madeByUnix ? bytes.readUInt32LE(at + 38) >>> 16 : 0;
  const isLink = (unixMode & 0o170000) === 0o120000;
  const isDirectory = name.endsWith('/');
  const data = isDirectory ? new Uint8Array() : contents(bytes, at);
  return {
    path: cleanPath(name),
    kind: isDirectory ? 'directory' : isLink ? 'symlink' : 'file',
    mode: unixMode & 0o7777 || 0o644,
    target: isLink ? Buffer.from(data).toString('latin1') : '',
    data: isLink ? new Uint8Array() : data,
    mtimeSeconds: dosTime(bytes.readUInt16LE(at + 12), bytes.readUInt16LE(at + 14)),
  };
}

function contents(bytes: Buffer, at: number): Uint8Array {
  const method = bytes.readUInt16LE(at + 10);
  const compressed = bytes.readUInt32LE(at + 20);
  const size = bytes.readUInt32LE(at + 24);
  const local = bytes.readUInt32LE(at + 42);
  if (local + 30 > bytes.length || bytes.readUInt32LE(local) !== localMagic)
    throw new TarError('damaged file header');
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const raw = bytes.subarray(start, start + compressed);
  if (raw.length !== compressed) throw new TarError('truncated entry');
  if (method === 0) return raw;
  if (method !== 8) throw new TarError(`unknown compression method ${method}`);
  const data = inflateRawSync(raw, { maxOutputLength: Math.max(size, 1) });
  if (data.length !== size) throw new TarError('an entry has the wrong size');
  return data;
}

function cleanPath(name: string): string {
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (name.startsWith('/') || parts.includes('..')) throw new TarError(`name '${name}' leaves the archive`);
  return parts.join('/');
}

/** Seconds since the epoch of a date in MS-DOS' form, taken as local time as unpackers do. */
function dosTime(time: number, date: number): number {
  const day = [(date >> 9) + 1980, ((date >> 5) & 15) - 1, date & 31] as const;
  const clock = [time >> 11, (time >> 5) & 63, (time & 31) * 2] as const;
  return Math.floor(new Date(...day, ...clock).getTime() / 1000);
}
