/**
 * Packs: files of named byte sequences, written once. Layout, numbers little-endian:
 *
 *   entries, one after the other
 *   index: for each entry 16 bytes of key, then offset, length and CRC-32 of the entry (32 bits each)
 *   footer: offset of the index, number of entries, CRC-32 of the index, magic (32 bits each)
 */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

const magic = 0x4b504631;
const keySize = 16;
const rowSize = keySize + 12;
const footerSize = 16;

interface Place {
  readonly at: number;
  readonly length: number;
  readonly checksum: number;
}

/** A pack open for reading. */
export class Pack {
  readonly file: string;
  readonly #descriptor: number;
  readonly #index: ReadonlyMap<string, Place>;

  private constructor(file: string, descriptor: number, index: ReadonlyMap<string, Place>) {
    this.file = file;
    this.#descriptor = descriptor;
    this.#index = index;
  }

  /** `undefined` when the file is no longer there, or is no pack. */
  static open(file: string): Pack | undefined {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(file, 'r');
      const index = readIndex(descriptor);
      if (index !== undefined) return new Pack(file, descriptor, index);
    } catch {
      // Gone meanwhile, or unreadable: as if it were not there.
    }
    if (descriptor !== undefined) closeSync(descriptor);
    return undefined;
  }

  /** The bytes with that name; `undefined` when there are none, or damaged ones. `key` has 16 bytes. */
  read(key: string): Uint8Array | undefined {
    const place = this.#index.get(key);
    if (place === undefined) return undefined;
    const bytes = readAt(this.#descriptor, place.at, place.length);
    return bytes !== undefined && crc32(bytes) === place.checksum ? bytes : undefined;
  }

  /** All that is undamaged. */
  *entries(): Iterable<[key: string, bytes: Uint8Array]> {
    for (const key of this.#index.keys()) {
      const bytes = this.read(key);
      if (bytes !== undefined) yield [key, bytes];
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function readAt(descriptor: number, at: number, length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafeSlow(length);
  return readSync(descriptor, bytes, 0, length, at) === length ? bytes : undefined;
}

function readIndex(descriptor: number): Map<string, Place> | undefined {
  const { size } = fstatSync(descriptor);
  const footer = size < footerSize ? undefined : readAt(descriptor, size - footerSize, footerSize);
  if (footer === undefined || footer.readUInt32LE(12) !== magic) return undefined;
  const [at, count, checksum] = [footer.readUInt32LE(0), footer.readUInt32LE(4), footer.readUInt32LE(8)];
  if (at + count * rowSize + footerSize !== size) return undefined;
  const rows = readAt(descriptor, at, count * rowSize);
  if (rows === undefined || crc32(rows) !== checksum) return undefined;
  const index = new Map<string, Place>();
  for (let row = 0; row < rows.length; row += rowSize) {
    index.set(rows.toString('latin1', row, row + keySize), {
      at: rows.readUInt32LE(row + keySize),
      length: rows.readUInt32LE(row + keySize + 4),
      checksum: rows.readUInt32LE(row + keySize + 8),
    });
  }
  return index;
}

/** Writes a pack into a directory, whole or not at all. Keys have 16 bytes; 4 GiB together at most. */
export function writePack(directory: string, entries: ReadonlyMap<string, Uint8Array>): void {
  const rows = Buffer.alloc(entries.size * rowSize);
  const footer = Buffer.alloc(footerSize);
  let at = 0;
  let row = 0;
  for (const [key, bytes] of entries) {
    rows.write(key, row, 'latin1');
    rows.writeUInt32LE(at, row + keySize);
    rows.writeUInt32LE(bytes.length, row + keySize + 4);
    rows.writeUInt32LE(crc32(bytes), row + keySize + 8);
    at += bytes.length;
    row += rowSize;
  }
  [at, entries.size, crc32(rows), magic].forEach((word, i) => {
    footer.writeUInt32LE(word, i * 4);
  });
  writeWhole(directory, Buffer.concat([...entries.values(), rows, footer]));
}

let written = 0;

function writeWhole(directory: string, contents: Buffer): void {
  const name = `${Date.now().toString(36)}-${process.pid}-${written++}`;
  const temporary = join(directory, `${name}.tmp`);
  const descriptor = openSync(temporary, 'wx', 0o600);
  try {
    for (let done = 0; done < contents.length; ) done += writeSync(descriptor, contents, done);
    fsyncSync(descriptor);
    renameSync(temporary, join(directory, `${name}.pack`));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}
