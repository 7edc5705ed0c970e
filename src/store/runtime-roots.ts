/**
 * What running processes use, by `/proc`: programs, working directories, open files, mapped libraries and store paths
 * in environments. Processes come and go meanwhile, and those of other users may be closed to us: both are skipped.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { isInStore, splitStorePath } from '../formats/index.ts';
import type { StorePlaces } from './store-directories.ts';

/** Files of the kernel that name programs it starts itself. */
const KERNEL_FILES = [
  '/proc/sys/kernel/modprobe',
  '/proc/sys/kernel/fbsplash',
  '/proc/sys/kernel/poweroff_cmd',
];

/** Store path base name -> the files of `/proc` that name it. Paths need not be valid. */
export function findRuntimeRoots(places: StorePlaces): Map<string, string[]> {
  const search = new ProcSearch(places);
  for (const name of orEmpty(() => readdirSync('/proc'))) {
    if (/^[0-9]+$/.test(name)) search.process(`/proc/${name}`);
  }
  for (const file of KERNEL_FILES) search.text(file);
  return search.found;
}

class ProcSearch {
  readonly found = new Map<string, string[]>();
  readonly #directories: readonly string[];
  readonly #pattern: RegExp;

  constructor(places: StorePlaces) {
    this.#directories = [...new Set([places.storeDir, places.realStoreDir])];
    const escaped = this.#directories.map((directory) => directory.replace(/[.^$\\*+?()[\]{}|]/g, '\\$&'));
    this.#pattern = new RegExp(`(?:${escaped.join('|')})/[0-9a-z]{32}-[0-9a-zA-Z+\\-._?=]+`, 'g');
  }

  process(directory: string): void {
    this.#link(`${directory}/exe`);
    this.#link(`${directory}/cwd`);
    for (const name of orEmpty(() => readdirSync(`${directory}/fd`))) this.#link(`${directory}/fd/${name}`);
    this.text(`${directory}/maps`);
    this.text(`${directory}/environ`);
  }

  text(file: string): void {
    try {
      for (const [path] of readFileSync(file, 'latin1').matchAll(this.#pattern)) this.#add(path, file);
    } catch {
      // Gone, or not ours to read.
    }
  }

  #link(file: string): void {
    try {
      this.#add(readlinkSync(file), file);
    } catch {
      // Gone, or not ours to read.
    }
  }

  #add(target: string, file: string): void {
    for (const directory of this.#directories) {
      if (!isInStore(directory, target)) continue;
      try {
        const { path } = splitStorePath(directory, target);
        const files = this.found.get(path.baseName) ?? [];
        if (!files.includes(file)) files.push(file);
        this.found.set(path.baseName, files);
      } catch {
        // In the store directory, but no store path (`.links`, a lock file).
      }
    }
  }
}

function orEmpty(read: () => string[]): string[] {
  try {
    return read();
  } catch {
    return [];
  }
}
