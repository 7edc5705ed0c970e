/**
 * What a builder writes: split into lines for the logger, the last lines kept for the error message, the whole
 * kept on disk where `nix-store --read-log` finds it: `LOGDIR/drvs/XX/YYY.drv.bz2` (or without `.bz2`), as C++ Nix.
 *
 * Lines beginning with `@nix ` carry JSON events for the build's activity (stdenv tells its phases so).
 */
import { closeSync, mkdirSync, openSync, renameSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Activity, decodeBytes, ResultType } from '../diagnostics/index.ts';
import { Bzip2Encoder } from '../platform/index.ts';

/** Where the log of a derivation is kept, without the suffix for compression. */
export function buildLogPath(logDir: string, drvBaseName: string): string {
  return join(logDir, 'drvs', drvBaseName.slice(0, 2), drvBaseName.slice(2));
}

const newline = 10;
const carriageReturn = 13;
/** A line longer than this is shown in pieces. */
const longestLineBytes = 64 * 1024;

export class BuildLog implements Disposable {
  readonly #activity: Activity;
  readonly #tailLines: number;
  readonly #tail: string[] = [];
  readonly #file: LogFile | undefined;
  #line: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #sizeBytes = 0;

  constructor(options: { activity: Activity; tailLines: number; file?: LogFile | undefined }) {
    this.#activity = options.activity;
    this.#tailLines = options.tailLines;
    this.#file = options.file;
  }

  /** Bytes written so far. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** The last lines, oldest first, as text. */
  get tail(): readonly string[] {
    return this.#tail;
  }

  write(chunk: Buffer): void {
    this.#sizeBytes += chunk.length;
    this.#file?.write(chunk);
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#finishLine(chunk.subarray(start, end));
      start = end + 1;
    }
    if (start < chunk.length) this.#line = Buffer.concat([this.#line, chunk.subarray(start)]);
    if (this.#line.length > longestLineBytes) this.#finishLine(Buffer.alloc(0));
  }

  /** Ends the last line and the file. */
  [Symbol.dispose](): void {
    if (this.#line.length > 0) this.#finishLine(Buffer.alloc(0));
    this.#file?.close();
  }

  #finishLine(rest: Buffer): void {
    const whole = this.#line.length === 0 ? rest : Buffer.concat([this.#line, rest]);
    this.#line = Buffer.alloc(0);
    const line = decodeBytes(overwriteAtReturns(whole).toString('latin1'));
    if (line.startsWith('@nix ') && this.#handleEvent(line.slice(5))) return;
    this.#activity.result(ResultType.buildLogLine, line);
    this.#tail.push(line);
    if (this.#tail.length > this.#tailLines) this.#tail.shift();
  }

  #handleEvent(json: string): boolean {
    let event: { action?: unknown; phase?: unknown; type?: unknown; fields?: unknown };
    try {
      event = JSON.parse(json);
    } catch {
      return false;
    }
    if (event.action === 'setPhase' && typeof event.phase === 'string') {
      this.#activity.result(ResultType.setPhase, event.phase);
    }
    return typeof event.action === 'string';
  }
}

/** A carriage return goes back to the line's beginning, and what follows overwrites: progress meters shrink to one line. */
function overwriteAtReturns(line: Buffer): Buffer {
  const end = line.at(-1) === carriageReturn ? line.length - 1 : line.length;
  if (!line.subarray(0, end).includes(carriageReturn)) return line.subarray(0, end);
  const result = Buffer.alloc(end);
  let position = 0;
  for (let i = 0; i < end; i++) {
    if (line[i] === carriageReturn) position = 0;
    else result[position++] = line[i];
  }
  return result.subarray(0, position);
}

/**
 * The log on disk. It replaces an earlier one of the same derivation once it is complete. A log that cannot be written
 * (a full disk) is given up, with a word to `warn`: the build goes on.
 */
export class LogFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #warn: (message: string) => void;
  #encoder: Bzip2Encoder | undefined;
  #descriptor: number | undefined;

  /** Creates `path` (`.bz2` appended when compressing) and the directories on the way. */
  constructor(path: string, compress: boolean, warn: (message: string) => void) {
    this.#path = compress ? `${path}.bz2` : path;
    this.#temporary = `${path}.tmp-${process.pid}`;
    this.#warn = warn;
    this.#attempt(() => {
      mkdirSync(dirname(path), { recursive: true });
      this.#descriptor = openSync(this.#temporary, 'w', 0o644);
      if (compress) this.#encoder = new Bzip2Encoder((bytes) => this.#put(bytes));
      rmSync(compress ? path : `${path}.bz2`, { force: true });
    });
  }

  write(bytes: Uint8Array): void {
    if (this.#descriptor === undefined) return;
    this.#attempt(() => {
      if (this.#encoder) this.#encoder.write(bytes);
      else this.#put(bytes);
    });
  }

  close(): void {
    if (this.#descriptor === undefined) return;
    this.#attempt(() => {
      this.#encoder?.finish();
      if (this.#descriptor !== undefined) closeSync(this.#descriptor);
      this.#descriptor = undefined;
      renameSync(this.#temporary, this.#path);
    });
  }

  #put(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor!, bytes, done);
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (this.#descriptor !== undefined) closeSync(this.#descriptor);
      this.#descriptor = undefined;
      try {
        unlinkSync(this.#temporary);
      } catch {
        // It was never made.
      }
      this.#warn(`cannot keep the build log '${this.#path}': ${(error as Error).message}`);
    }
  }
}
