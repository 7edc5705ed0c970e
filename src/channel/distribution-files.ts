/**
 * The part of a channel tree that comes from Firn: the distribution's Nix files and, in `firn/`, the program
 * itself for use inside machines. Links become what they point to; modes become 0644 or 0755, so that the tree's
 * content does not depend on how Firn was installed.
 */
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface DistributionFiles {
  /** Directory with `default.nix`, `lib/`, `pkgs/`, `nixos/`. */
  readonly directory: string;
  /** Files of the program: path in `firn/` -> path of the file. None: the tree has no `firn/`. */
  readonly program: ReadonlyMap<string, string>;
}

/** Copies into `target`, which exists. */
export function copyDistribution(files: DistributionFiles, target: string): void {
  for (const [name, source] of listFiles(files)) {
    const path = join(target, name);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(source, path);
    chmodSync(path, isExecutable(source) ? 0o755 : 0o644);
  }
}

/** SHA-256 over the names, modes and contents of all files, in hexadecimal. */
export function hashDistribution(files: DistributionFiles): string {
  const hash = createHash('sha256');
  for (const [name, source] of listFiles(files)) {
    const contents = readFileSync(source);
    hash.update(JSON.stringify([name, isExecutable(source), contents.length])).update(contents);
  }
  return hash.digest('hex');
}

/** Every file, by its path in the tree, sorted. Hidden files are left out. */
function listFiles({ directory, program }: DistributionFiles): [string, string][] {
  const files: [string, string][] = [...program].map(([name, source]) => [join('firn', name), source]);
  const visit = (prefix: string) => {
    for (const name of readdirSync(join(directory, prefix))) {
      if (name.startsWith('.')) continue;
      const path = join(prefix, name);
      const source = join(directory, path);
      if (statSync(source).isDirectory()) visit(path);
      else files.push([path, source]);
    }
  };
  visit('');
  return files.sort(([a], [b]) => (a < b ? -1 : 1));
}

const isExecutable = (path: string) => (statSync(path).mode & 0o100) !== 0;
