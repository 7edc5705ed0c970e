/**
 * bzip2 compression, for build logs (C++ Nix keeps them so). Blocks are small (100 kB, level 1) so that finishing
 * one takes milliseconds; all symbols share one Huffman code, which costs a few per cent against the reference
 * program. Steps of a block: run lengths (RLE1), Burrows-Wheeler transform, move-to-front, runs of zeros
 * (RUNA/RUNB), Huffman. There is no specification but the format itself, as `bzip2-decoder.ts` reads it.
 */
import { bzip2Crc, bzip2Magic } from './bzip2-format.ts';

const level = 1;
/** Room for the largest run that may still be appended. */
const blockCapacity = level * 100_000 - 20;
const groupSize = 50;
const longestCode = 17;

/** A streaming encoder; `put` gets the compressed bytes as they come. Call `finish` once. */
export class Bzip2Encoder {
  readonly #bits: BitWriter;
  readonly #block = new Uint8Array(level * 100_000);
  #length = 0;
  #runByte = -1;
  #runLength = 0;
  #blockCrc = 0xffffffff;
  #streamCrc = 0;

  constructor(put: (bytes: Uint8Array) => void) {
    this.#bits = new BitWriter(put);
    for (const character of `BZh${level}`) this.#bits.write(8, character.charCodeAt(0));
  }

  write(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === this.#runByte && this.#runLength < 255) this.#runLength++;
      else {
        this.#endRun();
        this.#runByte = byte;
        this.#runLength = 1;
      }
    }
  }

  finish(): void {
    this.#endRun();
    this.#endBlock();
    this.#bits.write(24, bzip2Magic.end[0]);
    this.#bits.write(24, bzip2Magic.end[1]);
    this.#bits.write32(this.#streamCrc);
    this.#bits.finish();
  }

  #endRun(): void {
    const { runLength } = { runLength: this.#runLength };
    if (runLength === 0) return;
    for (let i = 0; i < runLength; i++) this.#blockCrc = bzip2Crc(this.#blockCrc, this.#runByte);
    for (let i = 0; i < Math.min(runLength, 4); i++) this.#block[this.#length++] = this.#runByte;
    if (runLength >= 4) this.#block[this.#length++] = runLength - 4;
    this.#runLength = 0;
    this.#runByte = -1;
    if (this.#length >= blockCapacity) this.#endBlock();
  }

  #endBlock(): void {
    if (this.#length === 0) return;
    const crc = ~this.#blockCrc >>> 0;
    this.#streamCrc = (((this.#streamCrc << 1) | (this.#streamCrc >>> 31)) ^ crc) >>> 0;
    writeBlock(this.#bits, this.#block.subarray(0, this.#length), crc);
    this.#length = 0;
    this.#blockCrc = 0xffffffff;
  }
}

function writeBlock(bits: BitWriter, block: Uint8Array, crc: number): void {
  const { last, origin } = transform(block);
  bits.write(24, bzip2Magic.block[0]);
  bits.write(24, bzip2Magic.block[1]);
  bits.write32(crc);
  bits.write(1, 0);
  bits.write(24, origin);
  const used = new Uint8Array(256);
  for (const byte of last) used[byte] = 1;
  writeUsedBytes(bits, used);
  const { symbols, alphabetSize } = moveToFront(last, used);
  const lengths = codeLengths(symbols, alphabetSize);
  writeCodes(bits, lengths, Math.ceil(symbols.length / groupSize));
  const codes = canonicalCodes(lengths);
  for (const symbol of symbols) bits.write(lengths[symbol], codes[symbol]);
}

/** The Burrows-Wheeler transform: rotations sorted by doubling the length that is compared. */
function transform(block: Uint8Array): { last: Uint8Array; origin: number } {
  const n = block.length;
  let ranks: Int32Array = Int32Array.from(block);
  let order: Int32Array = sortByRank(
    Int32Array.from({ length: n }, (_, i) => i),
    ranks,
    256,
  );
  let classes: number;
  ({ ranks, classes } = rankPairs(order, ranks, 0));
  for (let compared = 1; compared < n && classes < n; compared *= 2) {
    const shifted = order.map((start) => (start >= compared ? start - compared : start - compared + n));
    order = sortByRank(shifted, ranks, classes);
    ({ ranks, classes } = rankPairs(order, ranks, compared));
  }
  const last = Uint8Array.from(order, (start) => block[start === 0 ? n - 1 : start - 1]);
  return { last, origin: order.indexOf(0) };
}

/** A stable counting sort of `items` by their ranks, which are below `limit`. */
function sortByRank(items: Int32Array, ranks: Int32Array, limit: number): Int32Array {
  const starts = new Int32Array(limit + 1);
  for (let i = 0; i < items.length; i++) starts[ranks[items[i]] + 1]++;
  for (let rank = 0; rank < limit; rank++) starts[rank + 1] += starts[rank];
  const sorted = new Int32Array(items.length);
  for (let i = 0; i < items.length; i++) sorted[starts[ranks[items[i]]]++] = items[i];
  return sorted;
}

/** Ranks by (rank of the first half, rank of the second half), the halves `distance` apart. */
function rankPairs(
  order: Int32Array,
  ranks: Int32Array,
  distance: number,
): { ranks: Int32Array; classes: number } {
  const n = order.length;
  const next = new Int32Array(n);
  const second = (start: number) => ranks[start + distance < n ? start + distance : start + distance - n];
  let classes = 0;
  for (let i = 1; i < n; i++) {
    const [a, b] = [order[i - 1], order[i]];
    if (ranks[a] !== ranks[b] || second(a) !== second(b)) classes++;
    next[b] = classes;
  }
  return { ranks: next, classes: classes + 1 };
}

function writeUsedBytes(bits: BitWriter, used: Uint8Array): void {
  const groups = Array.from({ length: 16 }, (_, group) =>
    used.subarray(group * 16, group * 16 + 16).reduce((word, bit) => (word << 1) | bit, 0),
  );
  bits.write(
    16,
    groups.reduce((word, group) => (word << 1) | (group === 0 ? 0 : 1), 0),
  );
  for (const group of groups) if (group !== 0) bits.write(16, group);
}

/** Positions in the move-to-front list, runs of zeros as RUNA (0) and RUNB (1) digits, ended by the end symbol. */
function moveToFront(last: Uint8Array, used: Uint8Array): { symbols: Uint16Array; alphabetSize: number } {
  const list: number[] = [];
  for (let byte = 0; byte < 256; byte++) if (used[byte]) list.push(byte);
  const endSymbol = list.length + 1;
  const symbols = new Uint16Array(last.length + 1);
  let length = 0;
  let zeros = 0;
  const endZeros = () => {
    // A bijective base 2 number, least significant digit first.
    for (let rest = zeros; rest > 0; rest = (rest - 1) >> 1) symbols[length++] = rest % 2 === 1 ? 0 : 1;
    zeros = 0;
  };
  for (const byte of last) {
    const position = list.indexOf(byte);
    if (position === 0) {
      zeros++;
      continue;
    }
    endZeros();
    symbols[length++] = position + 1;
    list.copyWithin(1, 0, position);
    list[0] = byte;
  }
  endZeros();
  symbols[length++] = endSymbol;
  return { symbols: symbols.subarray(0, length), alphabetSize: endSymbol + 1 };
}

/** Huffman code lengths, at most `longestCode`: frequencies are flattened until the code is short enough. */
function codeLengths(symbols: Uint16Array, alphabetSize: number): Uint8Array {
  const weights = new Float64Array(alphabetSize);
  for (const symbol of symbols) weights[symbol]++;
  for (;;) {
    const lengths = huffmanLengths(weights.map((weight) => Math.max(weight, 1)));
    if (lengths.every((length) => length <= longestCode)) return lengths;
    for (let i = 0; i < alphabetSize; i++) weights[i] = Math.ceil(weights[i] / 2);
  }
}

function huffmanLengths(weights: Float64Array): Uint8Array {
  interface Node {
    weight: number;
    symbols: number[];
  }
  const lengths = new Uint8Array(weights.length);
  const nodes: Node[] = Array.from(weights, (weight, symbol) => ({ weight, symbols: [symbol] }));
  while (nodes.length > 1) {
    nodes.sort((a, b) => b.weight - a.weight);
    const [first, second] = [nodes.pop()!, nodes.pop()!];
    const symbols = [...first.symbols, ...second.symbols];
    for (const symbol of symbols) lengths[symbol]++;
    nodes.push({ weight: first.weight + second.weight, symbols });
  }
  return lengths;
}

function canonicalCodes(lengths: Uint8Array): Uint32Array {
  const codes = new Uint32Array(lengths.length);
  let code = 0;
  for (let length = 1; length <= longestCode; length++) {
    for (let symbol = 0; symbol < lengths.length; symbol++)
      if (lengths[symbol] === length) codes[symbol] = code++;
    code *= 2;
  }
  return codes;
}

/** The format wants at least two codes: the same one twice, the second never selected. */
function writeCodes(bits: BitWriter, lengths: Uint8Array, selectors: number): void {
  bits.write(3, 2);
  bits.write(15, selectors);
  for (let i = 0; i < selectors; i++) bits.write(1, 0);
  for (let table = 0; table < 2; table++) {
    let current = lengths[0];
    bits.write(5, current);
    for (const length of lengths) {
      for (; current < length; current++) bits.write(2, 0b10);
      for (; current > length; current--) bits.write(2, 0b11);
      bits.write(1, 0);
    }
  }
}

/** Most significant bit first. */
class BitWriter {
  readonly #put: (bytes: Uint8Array) => void;
  #buffer = new Uint8Array(8192);
  #length = 0;
  #pending = 0;
  #pendingBits = 0;

  constructor(put: (bytes: Uint8Array) => void) {
    this.#put = put;
  }

  /** At most 24 bits. */
  write(count: number, value: number): void {
    this.#pending = (this.#pending << count) | value;
    this.#pendingBits += count;
    while (this.#pendingBits >= 8) {
      this.#pendingBits -= 8;
      this.#byte((this.#pending >>> this.#pendingBits) & 0xff);
    }
    this.#pending &= (1 << this.#pendingBits) - 1;
  }

  write32(value: number): void {
    this.write(16, value >>> 16);
    this.write(16, value & 0xffff);
  }

  finish(): void {
    if (this.#pendingBits > 0) this.write(8 - this.#pendingBits, 0);
    this.#flush();
  }

  #byte(value: number): void {
    this.#buffer[this.#length++] = value;
    if (this.#length === this.#buffer.length) this.#flush();
  }

  #flush(): void {
    if (this.#length > 0) this.#put(this.#buffer.slice(0, this.#length));
    this.#length = 0;
  }
}
