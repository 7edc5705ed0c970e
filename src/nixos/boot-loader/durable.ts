/**
 * Files of a boot partition, written so that a power cut leaves the old or the new one: a temporary file, synchronised,
 * takes the name, and the directory is synchronised after it. FAT has no journal, so the order matters more there.
 */
import {
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Writes a text, unless the file has it already; whether it wrote. */
export function writeDurably(path: string, text: string): boolean {
  try {
    if (readFileSync(path, 'utf8') === text) return false;
  } catch {
    // It is not there yet.
  }
  replace(path, (temporary) => writeFileSync(temporary, text));
  return true;
}

/** Copies a file, unless one of its size is there: for names that depend on the content. */
export function copyDurably(source: string, path: string): void {
  const present = statSync(path, { throwIfNoEntry: false });
  if (present?.size === statSync(source).size) return;
  replace(path, (temporary) => copyFileSync(source, temporary));
}

/** Copies a file whose content may have changed under the same name. */
export function copyChanged(source: string, path: string): void {
  const present = statSync(path, { throwIfNoEntry: false });
  if (present && readFileSync(path).equals(readFileSync(source))) return;
  replace(path, (temporary) => copyFileSync(source, temporary));
}

/** Makes what was renamed or deleted in a directory last. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function replace(path: string, write: (temporary: string) => void): void {
  const temporary = `${path}.tmp`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    write(temporary);
    syncFile(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

function syncFile(path: string): void {
  const descriptor = openSync(path, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
