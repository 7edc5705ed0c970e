/** `EvalIo` on files in memory: what a browser would have. Store paths are computed; nothing is built or fetched. */
import { EvalError } from '../../src/diagnostics/index.ts';
import type { FileType } from '../../src/eval/index.ts';
import { NodeIo } from './node-io.ts';

/** Files by absolute path; directories are implied. */
export class MemoryIo extends NodeIo {
  readonly #files: ReadonlyMap<string, string>;

  constructor(files: Readonly<Record<string, string>> = {}, env: Readonly<Record<string, string>> = {}) {
    super(env);
    this.#files = new Map(Object.entries(files));
  }

  override lstat(path: string): FileType | undefined {
    if (this.texts.has(path) || this.#files.has(path)) return 'regular';
    const below = path === '/' ? '/' : `${path}/`;
    return [...this.#files.keys()].some((file) => file.startsWith(below)) ? 'directory' : undefined;
  }

  override readFile(path: string): string {
    const text = this.texts.get(path) ?? this.#files.get(path);
    if (text === undefined) throw new EvalError(`path '${path}' does not exist`);
    return text;
  }

  override readDirectory(path: string): { name: string; type: FileType }[] {
    const below = path === '/' ? '/' : `${path}/`;
    const entries = new Map<string, FileType>();
    for (const file of this.#files.keys()) {
      if (!file.startsWith(below)) continue;
      const [name, ...rest] = file.slice(below.length).split('/');
      entries.set(name, rest.length > 0 ? 'directory' : 'regular');
    }
    return [...entries].map(([name, type]) => ({ name, type })).sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}
