/**
 * Paths as evaluation sees them: symbolic links resolved step by step through `EvalIo`, and the refusal of paths that
 * restricted or pure evaluation may not read.
 */
import { canonicalPath } from '../syntax/index.ts';
import { evalError } from './errors.ts';
import type { EvalIo } from './eval-io.ts';
import type { EvalSettings } from './runtime.ts';

const mostLinks = 1024;

export class PathAccess {
  readonly #io: EvalIo;
  readonly #settings: EvalSettings;
  /** Directories that are known to be no links, and have none above. */
  readonly #plain = new Set<string>(['/']);
  /** What restricted and pure evaluation may read: a path, or below it. */
  readonly #allowed = new Set<string>();

  constructor(io: EvalIo, settings: EvalSettings) {
    this.#io = io;
    this.#settings = settings;
    for (const path of settings.allowedPaths) this.allow(path);
  }

  get isLimited(): boolean {
    return this.#settings.pureEval || this.#settings.restrictEval;
  }

  allow(path: string): void {
    this.#allowed.add(canonicalPath(path));
  }

  /**
   * The path as it is, after making sure that it may be read.
   *
   * @throws EvalError "access to absolute path 'x' is forbidden in restricted mode"
   */
  check(path: string): string {
    if (!this.isLimited) return path;
    if (!this.#isAllowed(path)) throw this.#forbidden(path);
    const resolved = this.resolveLinks(path, true);
    if (!this.#isAllowed(resolved)) throw this.#forbidden(resolved);
    return path;
  }

  #forbidden(path: string) {
    const mode = this.#settings.pureEval
      ? "pure evaluation mode (use '--impure' to override)"
      : 'restricted mode';
    return evalError(`access to absolute path '${path}' is forbidden in ${mode}`, 0, { code: 'restricted' });
  }

  /** Whether the path, something above it or something below it was allowed. */
  #isAllowed(path: string): boolean {
    for (let at = path; ; at = parentOf(at)) {
      if (this.#allowed.has(at)) return true;
      if (at === '/') break;
    }
    const below = path === '/' ? '/' : `${path}/`;
    for (const allowed of this.#allowed) if (allowed.startsWith(below)) return true;
    return false;
  }

  /** The path with links resolved in everything above it, and in itself if `last`. What is not there stays as it is. */
  resolveLinks(path: string, last: boolean): string {
    const parent = parentOf(path);
    if (!last && this.#plain.has(parent)) return path;
    const todo = path
      .split('/')
      .filter((name) => name !== '')
      .reverse();
    let at = '/';
    let links = 0;
    while (todo.length > 0) {
      const name = todo.pop()!;
      if (name === '.') continue;
      if (name === '..') {
        at = parentOf(at);
        continue;
      }
      const next = at === '/' ? `/${name}` : `${at}/${name}`;
      if (todo.length === 0 && !last) return next;
      if (this.#plain.has(next)) {
        at = next;
        continue;
      }
      const type = this.#io.lstat(next);
      if (type === 'symlink') {
        if (++links > mostLinks) throw tooManyLinks(path);
        const target = this.#io.readLink(next);
        if (target.startsWith('/')) at = '/';
        todo.push(
          ...target
            .split('/')
            .filter((part) => part !== '')
            .reverse(),
        );
        continue;
      }
      if (type === 'directory') this.#plain.add(next);
      at = next;
    }
    return at;
  }

  /** The file that `import path` reads: links followed, `default.nix` in a directory. */
  resolveImport(start: string): string {
    let path = start;
    for (let links = 0; path !== '/'; links++) {
      if (links > mostLinks) throw tooManyLinks(start);
      const real = this.resolveLinks(path, false);
      const type = this.#io.lstat(real);
      if (type === undefined) throw missingPath(path);
      if (type === 'directory') return childOf(path, 'default.nix');
      if (type !== 'symlink') return path;
      const target = this.#io.readLink(real);
      path = canonicalPath(target.startsWith('/') ? target : `${parentOf(path)}/${target}`);
    }
    return '/default.nix';
  }
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

export function baseNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function childOf(directory: string, name: string): string {
  return directory === '/' ? `/${name}` : `${directory}/${name}`;
}

function tooManyLinks(path: string) {
  return evalError(`too many symbolic links encountered while traversing the path '${path}'`);
}

/** Nothing is there. */
export function missingPath(path: string) {
  return evalError(`path '${path}' does not exist`, 0, { code: 'missing-file' });
}
