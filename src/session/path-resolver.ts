/**
 * Where a path that evaluation names really is. In a private store, `/nix/store/...` stands for files below the
 * store's root, and links in there (a channel's `nixos -> /nix/store/...`) point to logical paths too. The resolver
 * maps prefixes and walks such links itself, remembering every directory that it resolved. With the system's own
 * store nothing is mapped and nothing is walked.
 *
 * Paths are absolute byte strings without `.`, `..` or double slashes.
 */
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { isAbsolute, posix } from 'node:path';

const MAX_LINKS = 64;

export class PathResolver {
  readonly #storeDir: string;
  readonly #realStoreDir: string;
  /** Logical directory -> the physical one it is, links resolved. */
  readonly #directories = new Map<string, string>();

  constructor(storeDir: string, realStoreDir: string) {
    this.#storeDir = storeDir;
    this.#realStoreDir = realStoreDir;
  }

  /** The path with its prefix mapped; links are left alone. */
  map(path: string): string {
    if (this.#realStoreDir === this.#storeDir) return path;
    if (path === this.#storeDir || path.startsWith(`${this.#storeDir}/`)) {
      return this.#realStoreDir + path.slice(this.#storeDir.length);
    }
    return path;
  }

  /** The physical path: every link in the directory part is resolved, the last component is not. */
  locate(path: string): string {
    if (this.#realStoreDir === this.#storeDir) return path;
    const slash = path.lastIndexOf('/');
    if (slash <= 0) return path;
    if (path.slice(0, slash) === this.#storeDir) return this.map(path);
    return `${this.#directory(path.slice(0, slash))}${path.slice(slash)}`;
  }

  /** The physical path with the last component resolved as well; the path of a dangling link's target if there is none. */
  follow(path: string): string {
    let current = path;
    for (let links = 0; links < MAX_LINKS; links++) {
      const physical = this.locate(current);
      const target = linkTarget(physical);
      if (target === undefined) return physical;
      current = isAbsolute(target) ? posix.normalize(target) : posix.join(posix.dirname(current), target);
    }
    return this.locate(current);
  }

  #directory(directory: string): string {
    if (directory === '' || directory === '/') return '';
    const known = this.#directories.get(directory);
    if (known !== undefined) return known;
    const inStore = directory === this.#storeDir;
    const physical = inStore ? this.#realStoreDir : this.follow(directory);
    this.#directories.set(directory, physical);
    return physical;
  }
}

function linkTarget(path: string): string | undefined {
  const stats = tryLstat(path);
  return stats?.isSymbolicLink() ? readlinkSync(fsPath(path), 'latin1') : undefined;
}

/** A byte-string path as `node:fs` wants it: text when ASCII, else the bytes. */
export function fsPath(path: string): string | Buffer {
  for (let i = 0; i < path.length; i++) if (path.charCodeAt(i) > 127) return Buffer.from(path, 'latin1');
  return path;
}

/** `lstat`, `undefined` when nothing is there (or cannot be: a component is no directory, a name is too long). */
export function tryLstat(path: string): Stats | undefined {
  try {
    return lstatSync(fsPath(path), { throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR' || code === 'ENAMETOOLONG' || code === 'ELOOP') return undefined;
    throw error;
  }
}
