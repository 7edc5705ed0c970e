/**
 * Garbage collector roots: links below `gcroots` and `profiles` that lead into the store, directly or through another
 * link (an *indirect* root: `gcroots/auto/HASH -> /home/me/result -> /nix/store/…`), regular files there whose name
 * is a store path, and what running processes use.
 *
 * A stale indirect root (its link is gone) is removed. One that cannot be read (an unmounted or private home) keeps
 * what it last led to: beside `auto/HASH` a file `auto/.HASH` remembers that; C++ Nix ignores such names.
 */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Logger } from '../diagnostics/index.ts';
import {
  compareByteStrings,
  formatNix32,
  isInStore,
  printStorePath,
  StorePath,
  splitStorePath,
  tryParseStorePath,
} from '../formats/index.ts';
import { rootLinkExists, rootLinkInStore } from './errors.ts';
import { nodeHasher } from './node-hash.ts';
import { findRuntimeRoots } from './runtime-roots.ts';
import type { StorePlaces } from './store-directories.ts';
import { findTempRoots } from './temp-roots.ts';
import { writing } from './write-fault.ts';

/** Store path base name -> the links (or `{temp:PID}`, `/proc/…`) that keep it, sorted. */
export type Roots = Map<string, string[]>;

export interface RootsContext extends StorePlaces {
  readonly logger: Logger;
  isValidPath(path: StorePath): boolean;
}

/** All roots: permanent, of running processes, and temporary ones (`--print-roots`). */
export function findRoots(context: RootsContext): Roots {
  const roots = findPermanentRoots(context);
  for (const [name, holders] of findTempRoots(context.stateDir, context.storeDir, context.logger)) {
    for (const holder of holders) addRoot(roots, name, holder);
  }
  return roots;
}

/** Roots that are not temporary. Removes stale indirect roots. */
export function findPermanentRoots(context: RootsContext): Roots {
  const roots: Roots = new Map();
  const search = new RootSearch(context, roots);
  search.visit(join(context.stateDir, 'gcroots'));
  search.visit(join(context.stateDir, 'profiles'));
  for (const [name, holders] of findRuntimeRoots(context)) {
    if (!context.isValidPath(StorePath.fromBaseName(name))) continue;
    for (const holder of holders) addRoot(roots, name, holder);
  }
  return roots;
}

/**
 * Makes the link `link` (anywhere) keep a store path alive: points it at the path (as `target`, which may be the
 * physical one) and notes it under `gcroots/auto`. A link into the store that is there is replaced; anything else is refused.
 *
 * @throws StoreError `root-exists` when `link` is something else, or is in the store
 */
export function addIndirectRoot(
  places: StorePlaces,
  link: string,
  path: StorePath,
  target = printStorePath(places.storeDir, path),
): void {
  const absolute = resolve(link);
  const inStore = (text: string) => isInStore(places.storeDir, text) || isInStore(places.realStoreDir, text);
  if (inStore(absolute)) throw rootLinkInStore(absolute);
  const known = lstatSync(absolute, { throwIfNoEntry: false });
  if (known && !(known.isSymbolicLink() && inStore(readlinkSync(absolute)))) throw rootLinkExists(absolute);
  registerIndirectRoot(places, absolute, path);
  writing(absolute, () => {
    mkdirSync(dirname(absolute), { recursive: true });
    replaceLink(target, absolute);
  });
}

/** Notes that the link at `absolute`, made by somebody else, is a root. */
export function registerIndirectRoot(places: StorePlaces, absolute: string, path?: StorePath): void {
  const directory = join(places.stateDir, 'gcroots/auto');
  const name = formatNix32(nodeHasher('sha1', Buffer.from(absolute)));
  writing(join(directory, name), () => {
    mkdirSync(directory, { recursive: true });
    if (path) writeFileSync(join(directory, `.${name}`), path.baseName);
    replaceLink(absolute, join(directory, name));
  });
}

/** Replaces a link in one step. */
function replaceLink(target: string, link: string): void {
  const temporary = `${link}.tmp-${process.pid}`;
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
  try {
    renameSync(temporary, link);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function addRoot(roots: Roots, name: string, holder: string): void {
  const holders = roots.get(name);
  if (!holders) roots.set(name, [holder]);
  else if (!holders.includes(holder)) holders.push(holder);
}

const UNREADABLE = ['EACCES', 'EPERM', 'ENOTDIR', 'EIO', 'ESTALE', 'ENOTCONN', 'ELOOP'];

class RootSearch {
  readonly #context: RootsContext;
  readonly #roots: Roots;
  readonly #auto: string;

  constructor(context: RootsContext, roots: Roots) {
    this.#context = context;
    this.#roots = roots;
    this.#auto = join(context.stateDir, 'gcroots/auto');
  }

  visit(path: string): void {
    try {
      const stat = lstatSync(path);
      if (stat.isDirectory()) {
        for (const name of readdirSync(path).sort(compareByteStrings)) this.visit(join(path, name));
      } else if (stat.isSymbolicLink()) this.#link(path);
      else if (stat.isFile()) {
        const named = tryParseStorePath(
          this.#context.storeDir,
          join(this.#context.storeDir, path.split('/').at(-1)!),
        );
        if (named && this.#context.isValidPath(named)) addRoot(this.#roots, named.baseName, path);
      }
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined || (code !== 'ENOENT' && !UNREADABLE.includes(code))) throw error;
      if (code !== 'ENOENT') this.#unreadable(path, code);
    }
  }

  #link(path: string): void {
    const target = readlinkSync(path);
    if (this.#found(path, target)) return;
    const automatic = dirname(path) === this.#auto;
    const absolute = resolve(dirname(path), target);
    const stat = lstatSync(absolute, { throwIfNoEntry: false });
    if (!stat) {
      if (!automatic) return;
      this.#context.logger.log(3, `removing stale link from '${path}' to '${absolute}'`);
      rmSync(path, { force: true });
      rmSync(this.#memoryOf(path), { force: true });
    } else if (stat.isSymbolicLink()) {
      const inner = this.#found(absolute, readlinkSync(absolute));
      if (inner && automatic) this.#remember(path, inner);
    }
  }

  /** Notes a root when `target` is in the store and valid. */
  #found(link: string, target: string): StorePath | undefined {
    const { storeDir, realStoreDir, logger } = this.#context;
    const directory = isInStore(storeDir, target) ? storeDir : realStoreDir;
    if (!isInStore(directory, target)) return undefined;
    let path: StorePath;
    try {
      path = splitStorePath(directory, target).path;
    } catch {
      return undefined;
    }
    if (this.#context.isValidPath(path)) addRoot(this.#roots, path.baseName, link);
    else logger.log(3, `skipping invalid root from '${link}' to '${target}'`);
    return path;
  }

  #unreadable(path: string, code: string): void {
    const { logger } = this.#context;
    let kept: StorePath | undefined;
    try {
      kept = StorePath.fromBaseName(readFileSync(this.#memoryOf(path), 'latin1'));
    } catch {
      // Not an indirect root, or one that C++ Nix made and that could never be read here.
    }
    if (kept && this.#context.isValidPath(kept)) {
      addRoot(this.#roots, kept.baseName, path);
      logger.warn(
        `cannot read potential root '${path}' (${code}); keeping '${kept.baseName}', to which it led before`,
      );
    } else logger.warn(`cannot read potential root '${path}' (${code})`);
  }

  #remember(path: string, inner: StorePath): void {
    const memory = this.#memoryOf(path);
    try {
      if (readFileSync(memory, 'latin1') === inner.baseName) return;
    } catch {
      // Made by C++ Nix: remember it from now on.
    }
    const temporary = `${memory}.tmp-${process.pid}`;
    try {
      writeFileSync(temporary, inner.baseName);
      renameSync(temporary, memory);
    } catch {
      // On a full disk, or for a user who may only look, there is one memory less.
      rmSync(temporary, { force: true });
    }
  }

  #memoryOf(path: string): string {
    return join(dirname(path), `.${path.split('/').at(-1)}`);
  }
}

/**
 * Follows links of the host until a path in the store, as `nix-store` does with its arguments: `./result` becomes
 * the store path it leads to. Physical paths of a private store count as logical ones.
 *
 * @throws NixError `bad-store-path` when no store path is reached
 */
export function followLinksToStorePath(places: StorePlaces, text: string): StorePath {
  let path = resolve(text);
  for (let steps = 0; steps < 1024; steps++) {
    for (const directory of [places.storeDir, places.realStoreDir]) {
      if (isInStore(directory, path)) return splitStorePath(directory, path).path;
    }
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat?.isSymbolicLink()) break;
    path = resolve(dirname(path), readlinkSync(path));
  }
  // A directory on the way may be a link.
  try {
    const real = realpathSync(path);
    if (isInStore(places.realStoreDir, real)) return splitStorePath(places.realStoreDir, real).path;
  } catch {
    // Reported below.
  }
  return splitStorePath(places.storeDir, path).path;
}
