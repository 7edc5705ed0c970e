/**
 * Writes a tree from NAR events. Every file is created exclusively below a directory that we made ourselves, links
 * are never followed: a NAR cannot reach outside. In *canonical* form, as store objects have it, files are 0444 or
 * 0555, directories 0555, and everything was last modified one second after the epoch.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { setImmediate as pause } from 'node:timers/promises';
import { type NarEvent, NarReader } from '../formats/index.ts';
import { toNodePath } from './host-path.ts';

/** Modification time of everything in a store, seconds since the epoch. */
export const STORE_MTIME_SECONDS = 1;

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** A restorer for one tree. `close` must be called in the end, also after an error. */
export class TreeRestorer {
  readonly #root: string;
  readonly #canonical: boolean;
  readonly #directories: string[] = [];
  #descriptor = -1;
  #executable = false;
  #entries = 0;

  /** `root` is an absolute path as a byte string, where nothing must be yet. */
  constructor(root: string, options: { readonly canonical: boolean }) {
    this.#root = root;
    this.#canonical = options.canonical;
  }

  /** How many files, directories and links were made. */
  get entries(): number {
    return this.#entries;
  }

  /** Takes the next event; errors are those of `node:fs`. */
  add(event: NarEvent): void {
    if (event.kind === 'contents') this.#write(event.bytes);
    else if (event.kind === 'end') this.#end();
    else {
      this.#entries++;
      const directory = this.#directories.at(-1);
      const path = directory === undefined ? this.#root : `${directory}/${event.name}`;
      if (event.kind === 'symlink') this.#symlink(path, event.target);
      else if (event.kind === 'directory') {
        mkdirSync(toNodePath(path), this.#canonical ? 0o755 : 0o777);
        this.#directories.push(path);
      } else {
        this.#executable = event.executable;
        this.#descriptor = openSync(toNodePath(path), CREATE, this.#fileMode());
      }
    }
  }

  /** Closes what is open. */
  close(): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }

  #fileMode(): number {
    if (this.#canonical) return this.#executable ? 0o555 : 0o444;
    return this.#executable ? 0o777 : 0o666;
  }

  #write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done);
  }

  #end(): void {
    if (this.#descriptor >= 0) {
      if (this.#canonical) {
        // The mode given at creation has been cut by the process's umask.
        fchmodSync(this.#descriptor, this.#fileMode());
        futimesSync(this.#descriptor, STORE_MTIME_SECONDS, STORE_MTIME_SECONDS);
      }
      this.close();
      return;
    }
    const directory = this.#directories.pop()!;
    if (!this.#canonical) return;
    chmodSync(toNodePath(directory), 0o555);
    utimesSync(toNodePath(directory), STORE_MTIME_SECONDS, STORE_MTIME_SECONDS);
  }

  #symlink(path: string, target: string): void {
    symlinkSync(toNodePath(target), toNodePath(path));
    if (this.#canonical) lutimesSync(toNodePath(path), STORE_MTIME_SECONDS, STORE_MTIME_SECONDS);
  }
}

const BYTES_PER_TURN = 8 * 1024 * 1024;

/**
 * Restores a whole NAR to `root`. `tee` sees every chunk first (to hash it).
 *
 * @returns the number of files, directories and links
 * @throws NixError `bad-archive`, or an error of `node:fs`; what was written so far stays
 */
export async function restoreTree(
  root: string,
  nar: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: { readonly canonical: boolean; readonly tee?: (chunk: Uint8Array) => void },
): Promise<number> {
  const reader = new NarReader();
  const restorer = new TreeRestorer(root, options);
  let bytes = 0;
  try {
    for await (const chunk of nar) {
      options.tee?.(chunk);
      for (const event of reader.push(chunk)) restorer.add(event);
      bytes += chunk.length;
      if (bytes < BYTES_PER_TURN) continue;
      bytes = 0;
      await pause();
    }
    reader.end();
  } finally {
    restorer.close();
  }
  return restorer.entries;
}
