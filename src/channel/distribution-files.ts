/**
 * The part of a channel tree that comes from Firn: the distribution's Nix files and, in `firn/`, the program
 * itself for use inside machines. It does not depend on how Firn was installed.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { copyFiles, type FileList, isExecutable, listFiles } from './copy-tree.ts';

export interface DistributionFiles {
  /** Directory with `default.nix`, `lib/`, `pkgs/`, `nixos/`. */
  readonly directory: string;
  /** Files of the program: path in `firn/` -> path of the file. None: the tree has no `firn/`. */
  readonly program: ReadonlyMap<string, string>;
}

/** Copies into `target`, which exists. */
export function copyDistribution(files: DistributionFiles, target: string): void {
  copyFiles(allFiles(files), target);
}

/** SHA-256 over the names, modes and contents of all files, in hexadecimal. */
export function hashDistribution(files: DistributionFiles): string {
  const hash = createHash('sha256');
  for (const [name, source] of allFiles(files)) {
    const contents = readFileSync(source);
    hash.update(JSON.stringify([name, isExecutable(source), contents.length])).update(contents);
  }
  return hash.digest('hex');
}

function allFiles({ directory, program }: DistributionFiles): FileList {
  const ofProgram: FileList = [...program].map(([name, source]) => [join('firn', name), source]);
  return [...listFiles(directory, ''), ...ofProgram].sort(([a], [b]) => (a < b ? -1 : 1));
}
