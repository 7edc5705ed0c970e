/**
 * The part of a channel tree that comes from Firn: the distribution's Nix files and, in `firn/`, the program
 * itself for use inside machines. Links become what they point to; modes become 0644 or 0755, so that the tree's
 * content does not depend on how Firn was installed.
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface DistributionFiles {
  /** Directory with `default.nix`, `lib/`, `pkgs/`, `nixos/`. */
  readonly directory: string;
  /** Files of the program: path in `firn/` -> path of the file. None: the tree has no `firn/`. */
  readonly program: ReadonlyMap<string, string>;
}

/** Copies into `target`, which exists. */
export function copyDistribution(files: DistributionFiles, target: string): void {
  if (existsSync(files.directory)) copyTree(files.directory, target);
  for (const [name, source] of files.program) {
    const path = join(target, 'firn', name);
    mkdirSync(join(path, '..'), { recursive: true });
    copyPlain(source, path);
  }
}

function copyTree(source: string, target: string): void {
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(source).sort()) {
    if (name.startsWith('.')) continue;
    const from = join(source, name);
    const to = join(target, name);
    if (statSync(from).isDirectory()) copyTree(from, to);
    else copyPlain(from, to);
  }
}

function copyPlain(source: string, target: string): void {
  copyFileSync(source, target);
  chmodSync(target, statSync(source).mode & 0o100 ? 0o755 : 0o644);
}
