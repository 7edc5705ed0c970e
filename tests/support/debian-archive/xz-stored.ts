/**
 * Writes valid `.xz` files without compressing: LZMA2 chunks may be stored as they are. Enough for test archives,
 * and it needs no encoder. Specification: "The .xz File Format" 1.2, and LZMA2's chunk headers.
 */
import { crc32 } from 'node:zlib';

const streamFlags = Buffer.from([0x00, 0x01]); // the check is a CRC32
const maxChunk = 1 << 16;

/** An `.xz` file that decompresses to `data`. */
export function storeXz(data: Uint8Array): Uint8Array {
  const header = Buffer.concat([Buffer.from('fd377a585a00', 'hex'), streamFlags, checksum(streamFlags)]);
  const blockHeader = makeBlockHeader();
  const body = storeChunks(data);
  const unpaddedSize = blockHeader.length + body.length + 4;
  const block = Buffer.concat([blockHeader, body, padding(body.length), checksum(data)]);
  const index = makeIndex(unpaddedSize, data.length);
  const tail = Buffer.concat([uint32(index.length / 4 - 1), streamFlags]);
  return Buffer.concat([header, block, index, checksum(tail), tail, Buffer.from('YZ')]);
}

/** One filter, LZMA2 (0x21), whose property byte is the dictionary's size. */
function makeBlockHeader(): Buffer {
  const body = Buffer.from([2, 0, 0x21, 1, 0x16, 0, 0, 0]);
  return Buffer.concat([body, checksum(body)]);
}

/** The first chunk (1) resets the dictionary, the others (2) go on; 0 ends. */
function storeChunks(data: Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += maxChunk) {
    const chunk = data.subarray(at, at + maxChunk);
    const size = chunk.length - 1;
    parts.push(Buffer.from([at === 0 ? 1 : 2, size >> 8, size & 0xff]), chunk);
  }
  return Buffer.concat([...parts, Buffer.from([0])]);
}

function makeIndex(unpaddedSize: number, size: number): Buffer {
  const records = Buffer.concat([Buffer.from([0, 1]), varint(unpaddedSize), varint(size)]);
  const body = Buffer.concat([records, padding(records.length)]);
  return Buffer.concat([body, checksum(body)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

const padding = (length: number) => Buffer.alloc((4 - (length % 4)) % 4);
const checksum = (bytes: Uint8Array) => uint32(crc32(bytes));

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
