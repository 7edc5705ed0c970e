/**
 * `bootstrap/`: the few programs that must be there before anything can be built: a static busybox, with which the
 * first derivations unpack everything else, and the tools of the build sandbox. They are taken from the channel's
 * own packages, verified like all others.
 *
 * Layout: `bin/NAME`, and `lib/` with the dynamic loader and every library that the programs need, named by
 * SONAME. Real files only, fixed modes: the content depends on the package versions alone.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { TarEntry } from '../fetchers/index.ts';
import type { ArchiveIndex } from './archive-index.ts';
import { readDebFiles } from './deb-file.ts';
import { readElfNeeds } from './elf-needs.ts';
import {
  badPackageFile,
  missingBootstrapFile,
  missingBootstrapLibrary,
  missingBootstrapPackage,
} from './errors.ts';
import type { BinaryPackage } from './package-index.ts';
import { fetchVerified, type SuiteContext } from './suite.ts';

/** A program of `bootstrap/bin`. `required` ones must be in the suite. */
export interface BootstrapProgram {
  readonly package: string;
  /** Path in the package, without `usr/`: releases differ in it. */
  readonly path: string;
  readonly required: boolean;
}

const programs: readonly BootstrapProgram[] = [
  { package: 'busybox-static', path: 'bin/busybox', required: true },
  { package: 'bubblewrap', path: 'bin/bwrap', required: true },
  { package: 'util-linux', path: 'bin/setpriv', required: true },
  { package: 'util-linux', path: 'bin/flock', required: true },
  { package: 'passt', path: 'bin/pasta', required: false },
];

/** Makes `directory` with the bootstrap programs of the index. Network, cache, files. */
export async function writeBootstrap(
  context: SuiteContext,
  index: ArchiveIndex,
  directory: string,
  wanted: readonly BootstrapProgram[] = programs,
): Promise<void> {
  const reader = new PackageReader(context, index);
  const libraries = new Map<string, Uint8Array>();
  for (const name of ['', 'bin', 'lib']) mkdirSync(join(directory, name));
  for (const program of wanted) {
    const item = index.packages.get(program.package);
    if (!item && !program.required) continue;
    if (!item) throw missingBootstrapPackage(program.package, index.channel.release.codename);
    const data = findFile(await reader.files(item), program.path);
    if (!data) throw missingBootstrapFile(program.package, program.path);
    writeFile(join(directory, program.path), data, 0o755);
    await addLibraries(reader, item, data, libraries);
  }
  for (const [name, data] of libraries) writeFile(join(directory, 'lib', name), data, 0o755);
}

/** Adds the loader and all libraries that `program` needs, directly or not, from its package's dependencies. */
async function addLibraries(
  reader: PackageReader,
  item: BinaryPackage,
  program: Uint8Array,
  libraries: Map<string, Uint8Array>,
): Promise<void> {
  const pending = needsOf(program, item.file);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (libraries.has(name)) continue;
    const library = await reader.findLibrary(item, name);
    libraries.set(name, library);
    pending.push(...needsOf(library, name));
  }
}

function needsOf(file: Uint8Array, where: string): string[] {
  try {
    const needs = readElfNeeds(file);
    if (!needs) return [];
    return needs.interpreter ? [...needs.libraries, basename(needs.interpreter)] : [...needs.libraries];
  } catch (error) {
    throw badPackageFile(where, `damaged ELF file (${(error as Error).message})`);
  }
}

/** Fetches and unpacks packages once each. */
class PackageReader {
  readonly #context: SuiteContext;
  readonly #index: ArchiveIndex;
  readonly #files = new Map<string, TarEntry[]>();

  constructor(context: SuiteContext, index: ArchiveIndex) {
    this.#context = context;
    this.#index = index;
  }

  async files(item: BinaryPackage): Promise<TarEntry[]> {
    let files = this.#files.get(item.name);
    if (!files) {
      const mirror = this.#index.suites.find((suite) => suite.archive === item.archive)!.mirror;
      const bytes = await fetchVerified(this.#context, [`${mirror}/${item.file}`], item);
      files = await readDebFiles(bytes, item.file);
      this.#files.set(item.name, files);
    }
    return files;
  }

  /**
   * Looks through the package's dependencies, nearest first, for a library in one of the loader's directories, then in
   * the package's own directory of libraries (`lib/nix/`).
   */
  async findLibrary(item: BinaryPackage, name: string): Promise<Uint8Array> {
    const { depends } = this.#index.resolution;
    const queue = [item.name];
    for (const packageName of queue) {
      const files = await this.files(this.#index.packages.get(packageName)!);
      const data = findLibraryIn(files, name, loaderDirectories);
      if (data) return data;
      for (const target of depends.get(packageName)!) if (!queue.includes(target)) queue.push(target);
    }
    const own = findLibraryIn(await this.files(item), name, ownDirectories);
    if (own) return own;
    throw missingBootstrapLibrary(item.name, name);
  }
}

const loaderDirectories = /^(usr\/)?lib(64)?\/([^/]+-linux-gnu\/)?[^/]+$/;
const ownDirectories = /^(usr\/)?lib\/[^/]+\/[^/]+$/;

function findLibraryIn(
  files: readonly TarEntry[],
  name: string,
  directories: RegExp,
): Uint8Array | undefined {
  for (const entry of files) {
    if (basename(entry.path) !== name || !directories.test(entry.path) || entry.kind === 'directory')
      continue;
    const data = findFile(files, withoutUsr(entry.path));
    if (data) return data;
  }
  return undefined;
}

/** Contents of a file, links inside the package followed (at most eight); `undefined` when it is not there. */
function findFile(entries: readonly TarEntry[], path: string, depth = 0): Uint8Array | undefined {
  const entry = entries.find((candidate) => withoutUsr(candidate.path) === path);
  if (!entry || depth > 8) return undefined;
  if (entry.kind === 'file') return entry.data;
  if (entry.kind === 'hardlink') return findFile(entries, withoutUsr(entry.target), depth + 1);
  if (entry.kind !== 'symlink') return undefined;
  const target = join('/', path, '..', entry.target);
  return findFile(entries, withoutUsr(target.slice(1)), depth + 1);
}

const withoutUsr = (path: string) => path.replace(/^usr\//, '');

function writeFile(path: string, data: Uint8Array, mode: number): void {
  writeFileSync(path, data);
  chmodSync(path, mode);
}
