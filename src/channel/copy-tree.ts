/** Plain copies of trees: links become what they point to, modes 0644 or 0755, times do not matter. */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Path in a tree -> file that goes there. */
export type FileList = [name: string, source: string][];

/** All files below `directory` (or, when it is a file, that one), by their path with `prefix`; sorted, hidden ones left out. */
export function listFiles(directory: string, prefix: string): FileList {
  if (!statSync(directory).isDirectory()) return [[prefix, directory]];
  const files: FileList = [];
  for (const name of readdirSync(directory)) {
    if (!name.startsWith('.')) files.push(...listFiles(join(directory, name), join(prefix, name)));
  }
  return files.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Copies files into `target`, making directories. */
export function copyFiles(files: FileList, target: string): void {
  const made = new Set<string>();
  for (const [name, source] of files) {
    const path = join(target, name);
    if (!made.has(dirname(path))) mkdirSync(dirname(path), { recursive: true });
    made.add(dirname(path));
    copyFileSync(source, path);
    chmodSync(path, isExecutable(source) ? 0o755 : 0o644);
  }
}

/** Whether the owner may execute it. */
export function isExecutable(path: string): boolean {
  return (statSync(path).mode & 0o100) !== 0;
}
