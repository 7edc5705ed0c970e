/** Writes the smallest ELF files that ask for a loader and libraries, to stand for real programs in test packages. */

const pageSize = 0x1000;
const headerSize = 64;
const segmentSize = 56;

/** A 64-bit little-endian ELF file with the given interpreter and `DT_NEEDED` entries. It cannot run. */
export function writeElf(needs: {
  readonly interpreter?: string;
  readonly libraries: readonly string[];
}): Uint8Array {
  const strings = Buffer.from(`\0${needs.libraries.map((name) => `${name}\0`).join('')}`);
  const interpreter = Buffer.from(needs.interpreter ? `${needs.interpreter}\0` : '');
  const segmentCount = needs.interpreter ? 3 : 2;
  const stringsAt = headerSize + segmentCount * segmentSize;
  const interpreterAt = stringsAt + strings.length;
  const dynamicAt = Math.ceil((interpreterAt + interpreter.length) / 16) * 16;
  const dynamic = dynamicEntries(needs.libraries, pageSize + stringsAt);
  const file = Buffer.alloc(dynamicAt + dynamic.length);
  writeHeader(file, segmentCount);
  const segments = [
    { type: 1, offset: 0, size: file.length },
    { type: 2, offset: dynamicAt, size: dynamic.length },
    ...(needs.interpreter ? [{ type: 3, offset: interpreterAt, size: interpreter.length }] : []),
  ];
  for (const [i, segment] of segments.entries()) writeSegment(file, headerSize + i * segmentSize, segment);
  strings.copy(file, stringsAt);
  interpreter.copy(file, interpreterAt);
  dynamic.copy(file, dynamicAt);
  return file;
}

/** `DT_NEEDED` for each library, `DT_STRTAB`, `DT_NULL`. */
function dynamicEntries(libraries: readonly string[], stringsAddress: number): Buffer {
  const entries: [number, number][] = [];
  let offset = 1;
  for (const name of libraries) {
    entries.push([1, offset]);
    offset += name.length + 1;
  }
  entries.push([5, stringsAddress], [0, 0]);
  const bytes = Buffer.alloc(entries.length * 16);
  entries.forEach(([tag, value], i) => {
    bytes.writeBigUInt64LE(BigInt(tag), i * 16);
    bytes.writeBigUInt64LE(BigInt(value), i * 16 + 8);
  });
  return bytes;
}

function writeHeader(file: Buffer, segmentCount: number): void {
  file.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  file.writeUInt16LE(3, 16);
  file.writeUInt16LE(62, 18);
  file.writeBigUInt64LE(BigInt(headerSize), 32);
  file.writeUInt16LE(segmentSize, 54);
  file.writeUInt16LE(segmentCount, 56);
}

function writeSegment(
  file: Buffer,
  at: number,
  segment: { type: number; offset: number; size: number },
): void {
  file.writeUInt32LE(segment.type, at);
  file.writeBigUInt64LE(BigInt(segment.offset), at + 8);
  file.writeBigUInt64LE(BigInt(pageSize + segment.offset), at + 16);
  file.writeBigUInt64LE(BigInt(segment.size), at + 32);
  file.writeBigUInt64LE(BigInt(segment.size), at + 40);
}
