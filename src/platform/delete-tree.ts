/**
 * Deletes trees that untrusted builders made. Every step names its entry relative to a descriptor of the
 * directory that holds it (through `/proc/self/fd`, Node's stand-in for `unlinkat`), so that no link on the way
 * is ever followed, and paths longer than the kernel's limit do no harm: what lies deeper than
 * `deepestLevel` is first moved up to the top.
 */
import {
  chmodSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { setImmediate as yieldToEvents } from 'node:timers/promises';

const deepestLevel = 100;
const entriesPerTurn = 512;

interface Level {
  readonly descriptor: number;
  /** Raw bytes: names need not be UTF-8. */
  readonly name: Buffer;
  readonly entries: Buffer[];
}

/** Deletes `path`, whatever it is; a missing path is no error. Returns the bytes that files of one link took up. */
export async function deleteTree(path: string): Promise<number> {
  let parent: number;
  try {
    parent = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  const deletion = new TreeDeletion(parent);
  try {
    await deletion.run(Buffer.from(basename(path)));
    return deletion.freedBytes;
  } finally {
    closeSync(parent);
  }
}

/** The entry `name` of an open directory, as a path. */
function within(directory: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), name]);
}

class TreeDeletion {
  freedBytes = 0;
  readonly #parent: number;
  readonly #levels: Level[] = [];
  #entriesDone = 0;

  constructor(parent: number) {
    this.#parent = parent;
  }

  async run(name: Buffer): Promise<void> {
    try {
      this.#visit(this.#parent, name);
      for (let level = this.#levels.at(-1); level; level = this.#levels.at(-1)) {
        const entry = level.entries.pop();
        if (entry !== undefined) this.#visit(level.descriptor, entry);
        else this.#leave();
        if (++this.#entriesDone % entriesPerTurn === 0) await yieldToEvents();
      }
    } finally {
      for (const level of this.#levels) closeSync(level.descriptor);
    }
  }

  /** Unlinks a file, descends into a directory, or moves one that lies too deep to the top of the tree. */
  #visit(directory: number, name: Buffer): void {
    const path = within(directory, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    if (!stat.isDirectory()) {
      if (stat.nlink === 1) this.freedBytes += stat.blocks * 512;
      makeWritable(directory, () => unlinkSync(path));
      return;
    }
    if ((stat.mode & 0o700) !== 0o700) chmodSync(path, 0o700);
    if (this.#levels.length >= deepestLevel) {
      const top = this.#levels[0];
      const moved = Buffer.from(`.deleting-${stat.ino}`);
      makeWritable(directory, () => renameSync(path, within(top.descriptor, moved)));
      top.entries.push(moved);
      return;
    }
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    const entries = readdirSync(`/proc/self/fd/${descriptor}`, { encoding: 'buffer' });
    this.#levels.push({ descriptor, name, entries });
  }

  /** Removes the innermost directory, which is empty now. */
  #leave(): void {
    const level = this.#levels.pop()!;
    closeSync(level.descriptor);
    const holder = this.#levels.at(-1)?.descriptor ?? this.#parent;
    makeWritable(holder, () => rmdirSync(within(holder, level.name)));
  }
}

/** Runs `action` in a directory, once more after making it writable when permission was refused (we may own it). */
function makeWritable(directory: number, action: () => void): void {
  try {
    action();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    chmodSync(`/proc/self/fd/${directory}/.`, 0o700);
    action();
  }
}
