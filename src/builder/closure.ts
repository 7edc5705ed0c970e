/** Closures over references, and their descriptions for `exportReferencesGraph`. */
import {
  compareStorePaths,
  formatContentAddress,
  formatHash,
  parseStorePath,
  printStorePath,
  type StorePath,
} from '../formats/index.ts';
import type { PathInfo, WritableStore } from '../store/index.ts';
import { rejected } from './errors.ts';
import { type JsonObject, type JsonValue, NumberLiteral } from './exact-json.ts';

/** Asks the store for references and remembers the answers: valid paths change only when they are repaired. */
export class ClosureFinder {
  readonly #store: WritableStore;
  readonly #infos = new Map<string, PathInfo>();

  constructor(store: WritableStore) {
    this.#store = store;
  }

  /** Info of a valid path. Throws `BuildError` when it is not valid. */
  info(path: StorePath): PathInfo {
    let info = this.#infos.get(path.baseName);
    if (info) return info;
    info = this.#store.queryPathInfo(path);
    if (!info) {
      throw rejected('path-not-valid', `path '${printStorePath(this.#store.storeDir, path)}' is not valid`);
    }
    this.#infos.set(path.baseName, info);
    return info;
  }

  /** A path's info may have changed: it was repaired. */
  forget(path: StorePath): void {
    this.#infos.delete(path.baseName);
  }

  /** All paths reachable from `paths`, these included, sorted. */
  closure(paths: Iterable<StorePath>): StorePath[] {
    const found = new Map<string, StorePath>();
    const pending = [...paths];
    for (let path = pending.pop(); path; path = pending.pop()) {
      if (found.has(path.baseName)) continue;
      found.set(path.baseName, path);
      pending.push(...this.info(path).references);
    }
    return [...found.values()].sort(compareStorePaths);
  }

  /**
   * The paths that `exportReferencesGraph` describes: the closure of `roots`, and of the outputs of every derivation
   * in it. Each root must be in the input closure of the derivation being built.
   */
  exported(roots: readonly string[], inputs: ReadonlySet<string>): StorePath[] {
    const { storeDir } = this.#store;
    const paths = roots.map((root) =>
      parseStorePath(
        storeDir,
        root
          .split('/')
          .slice(0, storeDir.split('/').length + 1)
          .join('/'),
      ),
    );
    for (const path of paths) {
      if (inputs.has(path.baseName)) continue;
      throw rejected(
        'export-references',
        `cannot export references of path '${printStorePath(storeDir, path)}' because it is not in the input closure of the derivation`,
      );
    }
    const first = this.closure(paths);
    const outputs = first
      .filter((path) => path.isDerivation)
      .flatMap((path) => [...this.#store.readDerivation(path).outputs.values()].map((output) => output.path))
      .filter((path) => path !== '');
    return this.closure([...first, ...outputs.map((path) => parseStorePath(storeDir, path))]);
  }

  /** The classic form: per path its name, an empty deriver, the number of references, the references. */
  registration(paths: readonly StorePath[]): string {
    const print = (path: StorePath) => `${printStorePath(this.#store.storeDir, path)}\n`;
    return paths
      .map((path) => {
        const { references } = this.info(path);
        return `${print(path)}\n${references.length}\n${references.map(print).join('')}`;
      })
      .join('');
  }

  /** The form for structured attributes. */
  description(paths: readonly StorePath[]): JsonValue {
    const print = (path: StorePath) => printStorePath(this.#store.storeDir, path);
    return paths.map((path): JsonObject => {
      const info = this.info(path);
      const closureSize = this.closure([path]).reduce((sum, each) => sum + this.info(each).narSizeBytes, 0);
      const entries: [string, JsonValue][] = [
        ['closureSize', new NumberLiteral(String(closureSize))],
        ['narHash', formatHash(info.narHash, 'nix32', true)],
        ['narSize', new NumberLiteral(String(info.narSizeBytes))],
        ['path', print(path)],
        ['references', info.references.map(print)],
        ['valid', true],
      ];
      if (info.contentAddress) entries.push(['ca', formatContentAddress(info.contentAddress)]);
      return new Map(entries);
    });
  }
}
