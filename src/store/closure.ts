/** Closures over references, and orders in which every path follows those it refers to. */
import { compareStorePaths, printStorePath, type StorePath } from '../formats/index.ts';
import { invalidPath } from './errors.ts';
import type { PathInfo, Store } from './store.ts';

export interface ClosureOptions {
  /** Follow referrers instead of references. */
  readonly backwards?: boolean;
  /** With a `.drv` also its valid outputs (and backwards: with an output its derivers). */
  readonly includeOutputs?: boolean;
  /** With an output also its deriver, when that is valid (and backwards: with a `.drv` its outputs). */
  readonly includeDerivers?: boolean;
}

/**
 * Everything reachable from `start`, itself included, sorted.
 *
 * @throws StoreError `invalid-path` when a start is not valid
 */
export function computeClosure(
  store: Store,
  start: readonly StorePath[],
  options: ClosureOptions = {},
): StorePath[] {
  const seen = new Map<string, StorePath>();
  const pending = [...start];
  for (let path = pending.pop(); path; path = pending.pop()) {
    if (seen.has(path.baseName)) continue;
    seen.set(path.baseName, path);
    pending.push(...neighbours(store, path, options));
  }
  return [...seen.values()].sort(compareStorePaths);
}

function neighbours(store: Store, path: StorePath, options: ClosureOptions): StorePath[] {
  const info = queryValidPathInfo(store, path);
  const outputs = () =>
    [...store.queryDerivationOutputs(path).values()].filter((output) => store.isValidPath(output));
  if (options.backwards) {
    const found = store.queryReferrers(path);
    if (options.includeOutputs) found.push(...store.queryValidDerivers(path));
    if (options.includeDerivers && path.isDerivation) found.push(...outputs());
    return found;
  }
  const found = [...info.references];
  if (options.includeOutputs && path.isDerivation) found.push(...outputs());
  if (options.includeDerivers && info.deriver && store.isValidPath(info.deriver)) found.push(info.deriver);
  return found;
}

/**
 * The info of a path that must be valid.
 *
 * @throws StoreError `invalid-path`
 */
export function queryValidPathInfo(store: Store, path: StorePath): PathInfo {
  const info = store.queryPathInfo(path);
  if (!info) throw invalidPath(printStorePath(store.storeDir, path));
  return info;
}

/**
 * The same paths, each after those of them that it refers to; among equals in path order. This is the order in which
 * `nix-store --query --requisites` prints.
 */
export function sortByReferences(store: Store, paths: readonly StorePath[]): StorePath[] {
  const wanted = new Map(paths.map((path) => [path.baseName, path]));
  const visited = new Set<string>();
  const sorted: StorePath[] = [];
  for (const start of [...wanted.values()].sort(compareStorePaths)) {
    const stack: { path: StorePath; todo: StorePath[] }[] = [];
    const enter = (path: StorePath) => {
      if (visited.has(path.baseName)) return;
      visited.add(path.baseName);
      const references = store.queryPathInfo(path)?.references ?? [];
      const inside = references.filter((reference) => wanted.has(reference.baseName));
      stack.push({ path, todo: inside.reverse() });
    };
    enter(start);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.todo.pop();
      if (next) enter(next);
      else {
        sorted.push(top.path);
        stack.pop();
      }
    }
  }
  return sorted;
}
