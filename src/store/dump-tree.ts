/**
 * Reads a file tree of the host as a NAR stream. Iterative, and it never follows a link. Reading is done with
 * synchronous calls (for many small files several times faster than Node's asynchronous ones), with a pause for
 * other events after every few files.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { NixError } from '../diagnostics/index.ts';
import { compareByteStrings, type NarSink, NarWriter } from '../formats/index.ts';
import { cannotRead, notARegularFile, unsupportedFileType } from './errors.ts';
import { fromNodeBytes, toNodePath } from './host-path.ts';
import type { PathFilter } from './store.ts';

const CHUNK = 256 * 1024;
const BYTES_PER_TURN = 8 * 1024 * 1024;
const FILES_PER_TURN = 256;

type FileType = 'regular' | 'directory' | 'symlink' | 'unknown';

interface OpenDirectory {
  readonly path: string;
  /** Sorted by name, last first. */
  readonly entries: { readonly name: string; readonly type: FileType }[];
}

export interface DumpOptions {
  readonly filter?: PathFilter | undefined;
  /** Awaited after every 8 MiB or 256 files; lets other events happen unless told otherwise. */
  readonly pause?: () => Promise<void>;
}

/**
 * Writes the NAR of `path` (absolute, a byte string) to `sink`.
 *
 * @throws StoreError `unsupported-file-type`, `read-failed`; NixError `cannot-archive` for names or depths that a NAR
 * cannot hold, or a file that changed meanwhile
 */
export async function dumpTree(path: string, sink: NarSink, options: DumpOptions = {}): Promise<void> {
  await new TreeDump(sink, options).run(path);
}

/**
 * Writes a regular file's bytes to `sink`, after telling `start` how many there will be.
 *
 * @returns the size
 * @throws StoreError `unsupported-file-type` when it is none, `read-failed`
 */
export async function dumpFile(
  path: string,
  sink: NarSink,
  start?: (sizeBytes: number) => void,
): Promise<number> {
  if (typeOf(path) !== 'regular') throw notARegularFile(path);
  let size = 0;
  await new TreeDump(() => {}, {}).readFile(path, (sizeBytes) => {
    size = sizeBytes;
    start?.(sizeBytes);
    return sink;
  });
  return size;
}

class TreeDump {
  readonly #writer: NarWriter;
  readonly #filter: PathFilter | undefined;
  readonly #pause: () => Promise<void>;
  readonly #buffer = new Uint8Array(CHUNK);
  #bytes = 0;
  #files = 0;

  constructor(sink: NarSink, options: DumpOptions) {
    this.#writer = new NarWriter(sink);
    this.#filter = options.filter;
    this.#pause = options.pause ?? (() => nextTurn());
  }

  async run(root: string): Promise<void> {
    const open: OpenDirectory[] = [];
    await this.#node(root, typeOf(root), open);
    for (let directory = open.at(-1); directory; directory = open.at(-1)) {
      const entry = directory.entries.pop();
      if (!entry) {
        open.pop();
        this.#writer.endDirectory();
        continue;
      }
      const path = `${directory.path}/${entry.name}`;
      if (this.#filter && !this.#filter(path, entry.type)) continue;
      this.#writer.entry(entry.name);
      await this.#node(path, entry.type, open);
    }
    this.#writer.end();
  }

  async #node(path: string, type: FileType, open: OpenDirectory[]): Promise<void> {
    if (++this.#files % FILES_PER_TURN === 0) await this.#pause();
    if (type === 'directory') {
      this.#writer.directory();
      open.push({ path, entries: readEntries(path) });
    } else if (type === 'symlink') {
      this.#writer.symlink(reading(path, () => fromNodeBytes(readlinkSync(toNodePath(path), 'buffer'))));
    } else if (type === 'regular') {
      let size = 0;
      await this.readFile(path, (sizeBytes, executable) => {
        size = sizeBytes;
        this.#writer.file(sizeBytes, executable);
        return (chunk) => this.#writer.contents(chunk);
      });
      this.#writer.endFile(size);
    } else throw unsupportedFileType(path);
  }

  /** Reads a regular file: `start` is told size and mode and gives the sink for its bytes. */
  async readFile(path: string, start: (sizeBytes: number, executable: boolean) => NarSink): Promise<void> {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
    const descriptor = reading(path, () => openSync(toNodePath(path), flags));
    try {
      const stat = fstatSync(descriptor);
      if (!stat.isFile()) throw unsupportedFileType(path);
      const sink = start(stat.size, (stat.mode & 0o100) !== 0);
      for (let left = stat.size; left > 0; ) {
        const size = reading(path, () => readSync(descriptor, this.#buffer, 0, Math.min(CHUNK, left), null));
        if (size === 0) break;
        sink(this.#buffer.subarray(0, size));
        left -= size;
        this.#bytes += size;
        if (this.#bytes < BYTES_PER_TURN) continue;
        this.#bytes = 0;
        await this.#pause();
      }
    } finally {
      closeSync(descriptor);
    }
  }
}

function readEntries(path: string): OpenDirectory['entries'] {
  const options = { withFileTypes: true, encoding: 'buffer' } as const;
  const found = reading(path, () => readdirSync(toNodePath(path), options));
  const entries = found.map((entry) => ({ name: fromNodeBytes(entry.name), type: kindOf(entry) }));
  return entries.sort((a, b) => compareByteStrings(b.name, a.name));
}

function typeOf(path: string): FileType {
  return kindOf(reading(path, () => lstatSync(toNodePath(path))));
}

interface Kinds {
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

function kindOf(entry: Kinds): FileType {
  if (entry.isFile()) return 'regular';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symlink' : 'unknown';
}

/** Runs a call of `node:fs`, whose errors become ours. */
function reading<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof NixError) throw error;
    throw cannotRead(path, error as Error);
  }
}
