/**
 * Writes NARs, canonically: the mirror image of `nar-reader.ts`. It refuses trees that its reader would refuse.
 * Small pieces are gathered; file contents pass through without copying when they are large.
 */
import { bytesFromString } from './bytes.ts';
import { cannotArchive } from './errors.ts';
import { NAR_MAGIC, NAR_MAX_DEPTH, narNameFault, narPadding, narTargetFault } from './nar-format.ts';

/** Takes the archive's bytes in order. A chunk may be reused by the writer after the call returns. */
export type NarSink = (chunk: Uint8Array) => void;

const BUFFER_SIZE = 0x10000;
const ZEROS = new Uint8Array(8);
const encoded = new Map<string, Uint8Array>();

/** One archive: calls must follow the grammar, entries in byte order; `end()` once at the end. */
export class NarWriter {
  readonly #sink: NarSink;
  readonly #buffer = new Uint8Array(BUFFER_SIZE);
  #used = 0;
  /** Last entry name in each open directory. */
  readonly #open: string[] = [];
  #left = 0;

  constructor(sink: NarSink) {
    this.#sink = sink;
    this.#token(NAR_MAGIC);
  }

  /** Opens a directory node. Then for each entry in byte order: `entry(name)` and the node. */
  directory(): void {
    this.#open.push('');
    this.#tokens('(', 'type', 'directory');
  }

  /**
   * Names the entry whose node comes next.
   *
   * @throws NixError `cannot-archive` when the name is not allowed, out of order or too deep
   */
  entry(name: string): void {
    const fault = narNameFault(name);
    if (fault) throw cannotArchive(fault);
    if (this.#open.length >= NAR_MAX_DEPTH) {
      throw cannotArchive(`entry '${name}' exceeds the maximum NAR directory depth of ${NAR_MAX_DEPTH}`);
    }
    const last = this.#open.length - 1;
    if (this.#open[last] !== '' && name <= this.#open[last]) {
      throw cannotArchive(`entry '${name}' is not after '${this.#open[last]}'`);
    }
    this.#open[last] = name;
    this.#tokens('entry', '(', 'name');
    this.#string(bytesFromString(name));
    this.#token('node');
  }

  /** Closes the innermost directory. */
  endDirectory(): void {
    this.#open.pop();
    this.#token(')');
    this.#endNode();
  }

  /** Opens a regular file; then `contents` until exactly `sizeBytes` have come, then `endFile`. */
  file(sizeBytes: number, executable: boolean): void {
    this.#tokens('(', 'type', 'regular');
    if (executable) this.#tokens('executable', '');
    this.#token('contents');
    this.#length(sizeBytes);
    this.#left = sizeBytes;
  }

  /** Part of a file's contents. */
  contents(bytes: Uint8Array): void {
    if (bytes.length > this.#left)
      throw cannotArchive('file is longer than announced: it changed while being read');
    this.#left -= bytes.length;
    this.#put(bytes);
  }

  /**
   * Closes a file of `sizeBytes`.
   *
   * @throws NixError `cannot-archive` when fewer bytes came than announced
   */
  endFile(sizeBytes: number): void {
    if (this.#left > 0) throw cannotArchive('file is shorter than announced: it changed while being read');
    this.#put(ZEROS.subarray(0, narPadding(sizeBytes)));
    this.#token(')');
    this.#endNode();
  }

  /**
   * A symbolic link node.
   *
   * @throws NixError `cannot-archive` when the target is not allowed
   */
  symlink(target: string): void {
    const fault = narTargetFault(target);
    if (fault) throw cannotArchive(fault);
    this.#tokens('(', 'type', 'symlink', 'target');
    this.#string(bytesFromString(target));
    this.#token(')');
    this.#endNode();
  }

  /** Hands out what is still gathered. */
  end(): void {
    if (this.#used > 0) this.#sink(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  #endNode(): void {
    if (this.#open.length > 0) this.#token(')');
  }

  #tokens(...tokens: string[]): void {
    for (const token of tokens) this.#token(token);
  }

  /** A keyword, its encoding kept. */
  #token(token: string): void {
    let bytes = encoded.get(token);
    if (bytes === undefined) {
      bytes = new Uint8Array(8 + token.length + narPadding(token.length));
      bytes[0] = token.length;
      bytes.set(bytesFromString(token), 8);
      encoded.set(token, bytes);
    }
    this.#put(bytes);
  }

  #string(bytes: Uint8Array): void {
    this.#length(bytes.length);
    this.#put(bytes);
    this.#put(ZEROS.subarray(0, narPadding(bytes.length)));
  }

  #length(length: number): void {
    const bytes = new Uint8Array(8);
    let rest = length;
    for (let i = 0; i < 8; i++) {
      bytes[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    this.#put(bytes);
  }

  #put(bytes: Uint8Array): void {
    if (this.#used + bytes.length > BUFFER_SIZE) this.end();
    if (bytes.length >= BUFFER_SIZE) {
      this.#sink(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }
}
