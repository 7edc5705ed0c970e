/** Packages drawn from the whole archive by a seed: those that have programs, and are not too large to build. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PackagesScene } from './packages-scene.ts';
import { shuffled } from './random.ts';

/** A package that was built. */
export interface DrawnPackage {
  readonly name: string;
  readonly outPath: string;
  /** Printed store paths of its programs. */
  readonly programs: readonly string[];
}

/** A package that could not be built, with what was said. */
export interface FailedPackage {
  readonly name: string;
  readonly error: string;
}

export interface DrawOptions {
  readonly seed: number;
  /** Packages with programs that are wanted; forty times as many are looked at, for most are libraries or too large. */
  readonly count: number;
  /** Bytes of the .debs of a package and of all that it depends on. */
  readonly closureLimit: number;
}

export interface BuildOptions {
  /** Packages with programs. */
  readonly count: number;
  readonly onPackage?: (name: string) => void;
}

/** Parts of the archive in which no package is for its programs. */
const withoutPrograms = [
  ...['libs', 'libdevel', 'oldlibs', 'doc', 'debug', 'fonts', 'localization', 'metapackages', 'kernel'],
  ...['introspection', 'javascript', 'rust', 'golang', 'haskell', 'ocaml', 'lisp', 'raku', 'gnu-r', 'tasks'],
];

/** Builds packages in the order of `names` until `count` of them have programs. Those that fail count, too. */
export function buildPackages(
  scene: PackagesScene,
  names: readonly string[],
  options: BuildOptions,
): { readonly built: DrawnPackage[]; readonly failed: FailedPackage[] } {
  const built: DrawnPackage[] = [];
  const failed: FailedPackage[] = [];
  for (const name of names) {
    if (built.length + failed.length === options.count) break;
    options.onPackage?.(name);
    const outcome = buildPackage(scene, name);
    if ('error' in outcome) failed.push(outcome);
    else if (outcome.programs.length > 0) built.push(outcome);
  }
  return { built, failed };
}

/** Builds one package by its Debian name. */
export function buildPackage(scene: PackagesScene, name: string): DrawnPackage | FailedPackage {
  const file = scene.file('package.nix', `(import <nixpkgs> { }).debianPackage ${JSON.stringify(name)}\n`);
  const result = scene.tryRun('nix-build', ['--no-out-link', file]);
  if (result.status !== 0) return { name, error: result.stderr.trim() };
  const outPath = result.stdout.trim();
  return { name, outPath, programs: programsOf(scene, outPath) };
}

/** The files in a package's directories of programs, links included. */
export function programsOf(scene: PackagesScene, outPath: string): string[] {
  return ['bin', 'sbin', 'games'].flatMap((directory) => {
    const real = scene.real(join(outPath, directory));
    if (!existsSync(real)) return [];
    return readdirSync(real)
      .filter((name) => isProgram(join(real, name)))
      .sort()
      .map((name) => join(outPath, directory, name));
  });
}

/** Links may lead to other store paths, which are not where they say; they count. */
function isProgram(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined || (stats.isFile() && (stats.mode & 0o111) !== 0);
}

/** Names in random order, without those that are too large or in parts that have no programs. */
export function drawNames(scene: PackagesScene, { seed, count, closureLimit }: DrawOptions): string[] {
  const all = scene.evaluate('import <nixpkgs/debian/names.nix>') as string[];
  const names = shuffled(all, seed).slice(0, count * 40);
  const facts = scene.evaluate(`
    let
      entry = name: (pkgs.debianPackage name).debian;
      closure = name: builtins.genericClosure {
        startSet = [ { key = name; } ];
        operator = item: map (key: { inherit key; }) (entry item.key).depends;
      };
      sizeOf = name: lib.foldl' (sum: item: sum + (entry item.key).size) 0 (closure name);
    in
    map (name: {
      inherit name;
      section = (entry name).section or "";
      size = if entry name ? missing then 1000000000000 else sizeOf name;
    }) (builtins.fromJSON ''${JSON.stringify(names)}'')
  `) as { name: string; section: string; size: number }[];
  return facts
    .filter(({ section, size }) => size <= closureLimit && !withoutPrograms.includes(section))
    .map(({ name }) => name);
}
