/**
 * bzip2 decompression of whole buffers (build logs, small archives). Checks every checksum. Streams written one
 * after another, as parallel compressors make them, are read as one.
 */
import { NixError } from '../diagnostics/index.ts';
import { bzip2Crc, bzip2Magic } from './bzip2-format.ts';

const groupSize = 50;
const longestCode = 20;

function corrupt(what: string): NixError {
  return new NixError(`bzip2 data is damaged: ${what}`, { code: 'bad-bzip2' });
}

/** The decompressed bytes. Throws `NixError` `bad-bzip2`, also when they would be more than `limitBytes`. */
export function decodeBzip2(bytes: Uint8Array, limitBytes = 1 << 30): Uint8Array {
  const bits = new BitReader(bytes);
  const output = new Output(limitBytes);
  do decodeStream(bits, output);
  while (bits.startNextByte());
  return output.finish();
}

function decodeStream(bits: BitReader, output: Output): void {
  if (bits.read(24) !== 0x425a68) throw corrupt("it does not begin with 'BZh'");
  const level = bits.read(8) - 0x30;
  if (level < 1 || level > 9) throw corrupt('unknown block size');
  let streamCrc = 0;
  for (;;) {
    const [high, low] = [bits.read(24), bits.read(24)];
    const crc = bits.read32();
    if (high === bzip2Magic.end[0] && low === bzip2Magic.end[1]) {
      if (crc !== streamCrc) throw corrupt('checksum of the stream');
      return;
    }
    if (high !== bzip2Magic.block[0] || low !== bzip2Magic.block[1])
      throw corrupt('no block where one is due');
    if (decodeBlock(bits, level * 100_000, output) !== crc) throw corrupt('checksum of a block');
    streamCrc = (((streamCrc << 1) | (streamCrc >>> 31)) ^ crc) >>> 0;
  }
}

/** Decodes a block and returns its checksum. */
function decodeBlock(bits: BitReader, capacity: number, output: Output): number {
  if (bits.read(1) !== 0) throw corrupt('randomised blocks are not supported');
  const origin = bits.read(24);
  const alphabet = readUsedBytes(bits);
  const tables = bits.read(3);
  const selectors = readSelectors(bits, tables);
  const codes = Array.from({ length: tables }, () => readCode(bits, alphabet.length + 2));
  const last = readSymbols(bits, { alphabet, selectors, codes, capacity });
  if (origin >= last.length) throw corrupt('origin lies outside of the block');
  return undoTransform(last, origin, output);
}

function readUsedBytes(bits: BitReader): number[] {
  const groups = bits.read(16);
  const used: number[] = [];
  for (let group = 0; group < 16; group++) {
    if (!((groups >> (15 - group)) & 1)) continue;
    const word = bits.read(16);
    for (let i = 0; i < 16; i++) if ((word >> (15 - i)) & 1) used.push(group * 16 + i);
  }
  if (used.length === 0) throw corrupt('a block without bytes');
  return used;
}

function readSelectors(bits: BitReader, tables: number): Uint8Array {
  if (tables < 2 || tables > 6) throw corrupt('number of code tables');
  const selectors = new Uint8Array(bits.read(15));
  const list = [0, 1, 2, 3, 4, 5];
  for (let i = 0; i < selectors.length; i++) {
    let position = 0;
    while (bits.read(1) === 1) if (++position >= tables) throw corrupt('selector');
    const [table] = list.splice(position, 1);
    list.unshift(table);
    selectors[i] = table;
  }
  return selectors;
}

interface Code {
  /** Per length: the largest code (left as a number of that many bits), and what to add to get an index. */
  readonly limits: Int32Array;
  readonly offsets: Int32Array;
  readonly symbols: Uint16Array;
}

function readCode(bits: BitReader, size: number): Code {
  const lengths = new Uint8Array(size);
  let length = bits.read(5);
  for (let symbol = 0; symbol < size; symbol++) {
    while (bits.read(1) === 1) length += bits.read(1) === 0 ? 1 : -1;
    if (length < 1 || length > longestCode) throw corrupt('code length');
    lengths[symbol] = length;
  }
  const symbols: number[] = [];
  const limits = new Int32Array(longestCode + 1).fill(-1);
  const offsets = new Int32Array(longestCode + 1);
  let code = 0;
  for (let each = 1; each <= longestCode; each++) {
    offsets[each] = symbols.length - code;
    for (let symbol = 0; symbol < size; symbol++) {
      if (lengths[symbol] !== each) continue;
      symbols.push(symbol);
      limits[each] = code++;
    }
    code *= 2;
  }
  return { limits, offsets, symbols: Uint16Array.from(symbols) };
}

function readSymbol(bits: BitReader, code: Code): number {
  let value = 0;
  for (let length = 1; length <= longestCode; length++) {
    value = value * 2 + bits.read(1);
    if (value <= code.limits[length]) return code.symbols[value + code.offsets[length]];
  }
  throw corrupt('code');
}

function readSymbols(
  bits: BitReader,
  block: { alphabet: number[]; selectors: Uint8Array; codes: Code[]; capacity: number },
): Uint8Array {
  const list = [...block.alphabet];
  const endSymbol = list.length + 1;
  const last = new Uint8Array(block.capacity);
  let length = 0;
  let run = 0;
  let runDigit = 1;
  const endRun = () => {
    if (length + run > last.length) throw corrupt('block too long');
    last.fill(list[0], length, length + run);
    length += run;
    run = 0;
    runDigit = 1;
  };
  for (let count = 0; ; count++) {
    const selector = block.selectors[Math.floor(count / groupSize)];
    if (selector === undefined) throw corrupt('block without end');
    const symbol = readSymbol(bits, block.codes[selector]);
    if (symbol <= 1) {
      run += runDigit << symbol;
      runDigit *= 2;
      if (run > last.length) throw corrupt('run too long');
      continue;
    }
    endRun();
    if (symbol === endSymbol) return last.subarray(0, length);
    const [byte] = list.splice(symbol - 1, 1);
    list.unshift(byte);
    if (length >= last.length) throw corrupt('block too long');
    last[length++] = byte;
  }
}

/** Undoes the Burrows-Wheeler transform and the first run-length coding. Returns the checksum. */
function undoTransform(last: Uint8Array, origin: number, output: Output): number {
  const starts = new Uint32Array(257);
  for (const byte of last) starts[byte + 1]++;
  for (let byte = 0; byte < 256; byte++) starts[byte + 1] += starts[byte];
  const next = new Uint32Array(last.length);
  for (let i = 0; i < last.length; i++) next[starts[last[i]]++] = i;
  let crc = 0xffffffff;
  let position = next[origin];
  let previous = -1;
  let equal = 0;
  for (let i = 0; i < last.length; i++) {
    const byte = last[position];
    position = next[position];
    if (equal === 4) {
      for (let repeat = 0; repeat < byte; repeat++) crc = bzip2Crc(crc, previous);
      output.put(previous, byte);
      equal = 0;
      previous = -1;
      continue;
    }
    equal = byte === previous ? equal + 1 : 1;
    previous = byte;
    crc = bzip2Crc(crc, byte);
    output.put(byte, 1);
  }
  return ~crc >>> 0;
}

class Output {
  readonly #limit: number;
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  put(byte: number, count: number): void {
    const length = this.#length + count;
    if (length > this.#limit) throw corrupt(`more than ${this.#limit} bytes come out`);
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.fill(byte, this.#length, length);
    this.#length = length;
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  #bit = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(count: number): number {
    let value = 0;
    for (let left = count; left > 0; ) {
      if (this.#position >= this.#bytes.length) throw corrupt('it ends too early');
      const take = Math.min(left, 8 - this.#bit);
      const byte = this.#bytes[this.#position];
      value = (value << take) | ((byte >> (8 - this.#bit - take)) & ((1 << take) - 1));
      this.#bit += take;
      left -= take;
      if (this.#bit === 8) {
        this.#bit = 0;
        this.#position++;
      }
    }
    return value;
  }

  read32(): number {
    return (this.read(16) * 0x10000 + this.read(16)) >>> 0;
  }

  /** Skips to a byte boundary; whether more follows. */
  startNextByte(): boolean {
    if (this.#bit > 0) this.#position++;
    this.#bit = 0;
    return this.#position < this.#bytes.length;
  }
}
