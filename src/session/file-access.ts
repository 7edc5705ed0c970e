/**
 * What evaluation may learn from files: types, contents, listings, links. Paths are logical byte strings; where the
 * files really are the resolver knows. Errors name the logical path.
 */
import { type Dirent, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { EvalError } from '../diagnostics/index.ts';
import type { FileType } from '../eval/index.ts';
import { fsPath, type PathResolver, tryLstat } from './path-resolver.ts';

export interface DirectoryEntry {
  readonly name: string;
  readonly type: FileType;
}

export class FileAccess {
  readonly resolver: PathResolver;

  constructor(resolver: PathResolver) {
    this.resolver = resolver;
  }

  /** The type without following a last link; `undefined` when nothing is there. */
  typeOf(path: string): FileType | undefined {
    const stats = tryLstat(this.resolver.locate(path));
    return stats && fileType(stats);
  }

  /** @throws EvalError `file-*` */
  contents(path: string): Buffer {
    return access(path, () => readFileSync(fsPath(this.resolver.follow(path))));
  }

  /** Sorted by bytes. @throws EvalError `file-*` */
  list(path: string): DirectoryEntry[] {
    return access(path, () => listPhysical(this.resolver.follow(path)));
  }

  /** The target of a link. @throws EvalError `file-*` */
  target(path: string): string {
    return access(path, () => readlinkSync(fsPath(this.resolver.locate(path)), 'latin1'));
  }
}

/** The entries of a directory on this machine, sorted by bytes. */
export function listPhysical(physical: string): DirectoryEntry[] {
  const entries = readdirSync(fsPath(physical), {
    withFileTypes: true,
    encoding: 'latin1',
  }) as unknown as Dirent[];
  return entries
    .map((entry) => ({ name: entry.name, type: fileType(entry) }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export function fileType(entry: Stats | Dirent): FileType {
  if (entry.isFile()) return 'regular';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symlink' : 'unknown';
}

/** Whether an archive marks the file as executable. */
export function isExecutable(stats: Stats): boolean {
  return (stats.mode & 0o100) !== 0;
}

/** Runs a file operation, turning the system's error into one that names the logical path. */
export function access<T>(path: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new EvalError(explain(code, path), { code: `file-${code.toLowerCase()}`, cause: error });
  }
}

function explain(code: string, path: string): string {
  switch (code) {
    case 'ENOENT':
      return `path '${path}' does not exist`;
    case 'EISDIR':
      return `reading from file '${path}': Is a directory`;
    case 'ENOTDIR':
      return `opening directory '${path}': Not a directory`;
    case 'EACCES':
      return `opening file '${path}': Permission denied`;
    default:
      return `cannot read '${path}': ${code}`;
  }
}
