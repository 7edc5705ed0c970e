/**
 * A strict, incremental NAR reader: bytes in as they come, events out. It is a state machine with an explicit stack
 * of directories, so that neither hostile depth nor chunk boundaries matter; at most one short string is buffered.
 */
import { stringFromBytes } from './bytes.ts';
import { badArchive } from './errors.ts';
import {
  NAR_MAGIC,
  NAR_MAX_DEPTH,
  NAR_MAX_KEYWORD,
  NAR_MAX_NAME,
  NAR_MAX_TARGET,
  type NarEvent,
  narNameFault,
  narPadding,
  narTargetFault,
} from './nar-format.ts';

type State =
  | 'magic'
  | 'open'
  | 'type'
  | 'kind'
  | 'regular'
  | 'executable'
  | 'contents'
  | 'size'
  | 'data'
  | 'padding'
  | 'close-file'
  | 'target-key'
  | 'target'
  | 'close-symlink'
  | 'entry'
  | 'entry-open'
  | 'name-key'
  | 'name'
  | 'node-key'
  | 'close-entry'
  | 'done';

/** The longest string that a state may read, where it is not a keyword. */
const LIMITS: Partial<Record<State, number>> = {
  magic: NAR_MAGIC.length,
  executable: 0,
  target: NAR_MAX_TARGET,
  name: NAR_MAX_NAME,
};

/** States that read one fixed string, and what follows. */
const KEYWORDS: Partial<Record<State, readonly [keyword: string, next: State]>> = {
  open: ['(', 'type'],
  type: ['type', 'kind'],
  executable: ['', 'contents'],
  contents: ['contents', 'size'],
  'close-file': [')', 'close-entry'],
  'target-key': ['target', 'target'],
  'close-symlink': [')', 'close-entry'],
  'entry-open': ['(', 'name-key'],
  'name-key': ['name', 'name'],
  'node-key': ['node', 'open'],
  'close-entry': [')', 'entry'],
};

/** One archive, once. */
export class NarReader {
  #state: State = 'magic';
  /** Bytes of an incomplete string. */
  #held: Uint8Array = new Uint8Array(0);
  /** Offset of the first byte of `#held` (or of the next byte to come) in the archive. */
  #offset = 0;
  /** Open directories: their names, and the last entry's name for the order check. */
  readonly #path: { name: string; last: string }[] = [];
  #name = '';
  #executable = false;
  #left = 0;
  #padding = 0;
  #events: NarEvent[] = [];

  /** Whether the archive is complete. */
  get done(): boolean {
    return this.#state === 'done';
  }

  /** Bytes of the archive consumed so far (the NAR size, when `done`). */
  get offset(): number {
    return this.#offset;
  }

  /**
   * Takes the next bytes and returns the events that they complete.
   *
   * @throws NixError `bad-archive`, with position; also for bytes after the end
   */
  push(chunk: Uint8Array): NarEvent[] {
    const used = this.pushSome(chunk);
    if (used.unread.length > 0) throw this.#bad('bytes after the end of the archive');
    return used.events;
  }

  /** As `push`, but bytes after the archive's end are handed back: they belong to whatever surrounds it. */
  pushSome(chunk: Uint8Array): { events: NarEvent[]; unread: Uint8Array } {
    this.#events = [];
    let rest = this.#held.length === 0 ? chunk : concatBytes(this.#held, chunk);
    this.#held = new Uint8Array(0);
    while (this.#state !== 'done') {
      const used = this.#step(rest);
      if (used < 0) {
        this.#held = rest.slice();
        rest = new Uint8Array(0);
        break;
      }
      rest = rest.subarray(used);
      this.#offset += used;
    }
    return { events: this.#events, unread: rest };
  }

  /**
   * Says that no more bytes come.
   *
   * @throws NixError `bad-archive` when the archive is not complete
   */
  end(): void {
    if (this.done) return;
    this.#offset += this.#held.length;
    throw this.#bad('unexpected end of the archive');
  }

  /** Consumes one item from the start of `bytes`; how many bytes it took, or -1 when more are needed. */
  #step(bytes: Uint8Array): number {
    if (this.#state === 'data') return this.#data(bytes);
    if (this.#state === 'padding') return this.#paddingBytes(bytes);
    if (bytes.length < 8) return -1;
    const length = readLength(bytes);
    if (this.#state === 'size') return this.#size(length);
    if (length > (LIMITS[this.#state] ?? NAR_MAX_KEYWORD)) {
      if (this.#state === 'magic') throw this.#notAnArchive();
      throw this.#bad('string is too long');
    }
    const total = 8 + length + narPadding(length);
    if (bytes.length < total) return -1;
    for (let i = 8 + length; i < total; i++) if (bytes[i] !== 0) throw this.#bad('non-zero padding');
    this.#string(stringFromBytes(bytes.subarray(8, 8 + length)));
    return total;
  }

  #size(length: number): number {
    if (length > Number.MAX_SAFE_INTEGER) throw this.#bad('file is too large');
    this.#left = length;
    this.#padding = narPadding(length);
    this.#events.push({
      kind: 'file',
      name: this.#name,
      executable: this.#executable,
      sizeBytes: length,
      narOffset: this.#offset + 8,
    });
    this.#state = 'data';
    return 8;
  }

  #data(bytes: Uint8Array): number {
    if (this.#left === 0) {
      this.#state = 'padding';
      return 0;
    }
    if (bytes.length === 0) return -1;
    const size = Math.min(this.#left, bytes.length);
    this.#events.push({ kind: 'contents', bytes: bytes.subarray(0, size) });
    this.#left -= size;
    return size;
  }

  #paddingBytes(bytes: Uint8Array): number {
    if (bytes.length < this.#padding) return -1;
    for (let i = 0; i < this.#padding; i++) if (bytes[i] !== 0) throw this.#bad('non-zero padding');
    this.#state = 'close-file';
    return this.#padding;
  }

  #string(text: string): void {
    const state = this.#state;
    const fixed = KEYWORDS[state];
    if (fixed) {
      if (text !== fixed[0]) throw this.#bad(`expected tag '${fixed[0]}', got '${text}'`);
      this.#state = fixed[1];
      if (state === 'close-file') this.#events.push({ kind: 'end' });
      if (this.#state === 'close-entry') this.#endNode();
    } else if (state === 'magic') {
      if (text !== NAR_MAGIC) throw this.#notAnArchive();
      this.#state = 'open';
    } else if (state === 'kind') this.#kind(text);
    else if (state === 'regular') this.#regular(text);
    else if (state === 'target') this.#target(text);
    else if (state === 'entry') this.#entry(text);
    else if (state === 'name') this.#entryName(text);
  }

  #kind(text: string): void {
    if (text === 'regular') {
      this.#executable = false;
      this.#state = 'regular';
    } else if (text === 'symlink') this.#state = 'target-key';
    else if (text === 'directory') {
      this.#path.push({ name: this.#name, last: '' });
      this.#events.push({ kind: 'directory', name: this.#name });
      this.#state = 'entry';
    } else throw this.#bad(`unknown file type '${text}'`);
  }

  /** After `regular`: here alone may `executable` stand. */
  #regular(text: string): void {
    if (text === 'executable') {
      this.#executable = true;
      this.#state = 'executable';
    } else if (text === 'contents') this.#state = 'size';
    else throw this.#bad(`expected tag 'contents', got '${text}'`);
  }

  #target(text: string): void {
    const fault = narTargetFault(text);
    if (fault) throw this.#bad(fault);
    this.#events.push({ kind: 'symlink', name: this.#name, target: text });
    this.#state = 'close-symlink';
  }

  #entry(text: string): void {
    if (text === ')') {
      this.#path.pop();
      this.#events.push({ kind: 'end' });
      this.#endNode();
    } else if (text === 'entry') this.#state = 'entry-open';
    else throw this.#bad(`expected tag 'entry' or ')', got '${text}'`);
  }

  #entryName(text: string): void {
    const fault = narNameFault(text);
    if (fault) throw this.#bad(fault);
    const directory = this.#path.at(-1)!;
    if (text === directory.last) throw this.#bad(`NAR directory contains '${text}' twice`);
    if (text < directory.last) throw this.#bad('NAR directory is not sorted');
    if (this.#path.length >= NAR_MAX_DEPTH) {
      throw this.#bad(`NAR directory nesting exceeds maximum depth of ${NAR_MAX_DEPTH}`);
    }
    directory.last = text;
    this.#name = text;
    this.#state = 'node-key';
  }

  #endNode(): void {
    this.#state = this.#path.length === 0 ? 'done' : 'close-entry';
  }

  #notAnArchive(): Error {
    return this.#bad("input doesn't look like a Nix archive");
  }

  #bad(reason: string): Error {
    const names = this.#path.slice(1).map((directory) => directory.name);
    if (this.#path.length > 0 && this.#state !== 'name') names.push(this.#path.at(-1)!.last);
    return badArchive(reason, this.#offset, names.join('/'));
  }
}

function concatBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** A 64-bit little-endian number; inexact above 2^53, where every limit has long been passed. */
function readLength(bytes: Uint8Array): number {
  const low = (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0;
  const high = (bytes[4] | (bytes[5] << 8) | (bytes[6] << 16) | (bytes[7] << 24)) >>> 0;
  return high * 2 ** 32 + low;
}
