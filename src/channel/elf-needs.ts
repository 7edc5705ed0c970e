/**
 * What a dynamic ELF file asks for at its start: its interpreter and the libraries it needs. Little-endian 64-bit
 * files only, which is what both supported machines have (System V ABI, chapter 5 "Program Loading and Dynamic
 * Linking").
 */

export interface ElfNeeds {
  /** Path of the dynamic loader; absent in libraries and static programs. */
  readonly interpreter: string | undefined;
  /** `DT_NEEDED` entries, in order. */
  readonly libraries: readonly string[];
}

const segmentLoad = 1;
const segmentDynamic = 2;
const segmentInterpreter = 3;
const tagEnd = 0;
const tagNeeded = 1;
const tagStringTable = 5;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/** `undefined` when the bytes are no 64-bit little-endian ELF file. Damaged ones throw `RangeError`. */
export function readElfNeeds(file: Uint8Array): ElfNeeds | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1)
    return undefined;
  const segments = readSegments(bytes);
  const interpreter = segments.find((segment) => segment.type === segmentInterpreter);
  return {
    interpreter: interpreter && cString(bytes, interpreter.offset),
    libraries: readLibraries(bytes, segments),
  };
}

function readSegments(bytes: Buffer): Segment[] {
  const start = Number(bytes.readBigUInt64LE(32));
  const entrySize = bytes.readUInt16LE(54);
  const count = bytes.readUInt16LE(56);
  return Array.from({ length: count }, (_, i) => {
    const at = start + i * entrySize;
    return {
      type: bytes.readUInt32LE(at),
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      address: Number(bytes.readBigUInt64LE(at + 16)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
    };
  });
}

/** The string table is given by its address in memory: the loaded segments say where that is in the file. */
function readLibraries(bytes: Buffer, segments: readonly Segment[]): string[] {
  const dynamic = segments.find((segment) => segment.type === segmentDynamic);
  if (!dynamic) return [];
  const nameOffsets: number[] = [];
  let table = 0;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    const tag = Number(bytes.readBigInt64LE(at));
    const value = Number(bytes.readBigUInt64LE(at + 8));
    if (tag === tagEnd) break;
    if (tag === tagNeeded) nameOffsets.push(value);
    if (tag === tagStringTable) table = value;
  }
  const home = segments.find(
    ({ type, address, size }) => type === segmentLoad && table >= address && table < address + size,
  );
  const tableOffset = home ? table - home.address + home.offset : table;
  return nameOffsets.map((offset) => cString(bytes, tableOffset + offset));
}

function cString(bytes: Buffer, offset: number): string {
  const end = bytes.indexOf(0, offset);
  if (end < 0) throw new RangeError('unterminated string');
  return bytes.toString('latin1', offset, end);
}
