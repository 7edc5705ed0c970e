/** The queries of `nix-store --query`, with C++ Nix's output formats. */

import { UsageError } from '../diagnostics/index.ts';
import { formatHash, printStorePath, type StorePath } from '../formats/index.ts';
import type { Session } from '../session/index.ts';
import {
  computeClosure,
  findRoots,
  formatDotGraph,
  formatGraphMl,
  formatTree,
  queryValidPathInfo,
  sortByReferences,
} from '../store/index.ts';

export const queryKinds = [
  { kind: 'outputs', short: '', description: 'outputs of derivations' },
  { kind: 'requisites', short: 'R', description: 'closures over references' },
  { kind: 'references', short: '', description: 'what the paths refer to' },
  { kind: 'referrers', short: '', description: 'what refers to the paths' },
  { kind: 'referrers-closure', short: '', description: 'closures over referrers' },
  { kind: 'deriver', short: 'd', description: 'the derivation a path was built from' },
  { kind: 'valid-derivers', short: '', description: 'derivations in the store with this output' },
  { kind: 'graph', short: '', description: 'the references as a Graphviz graph' },
  { kind: 'graphml', short: '', description: 'the references as GraphML' },
  { kind: 'tree', short: '', description: 'the references as a tree' },
  { kind: 'hash', short: '', description: "SHA-256 of the paths' contents" },
  { kind: 'size', short: '', description: "size of the paths' contents in bytes" },
  { kind: 'roots', short: '', description: 'roots that keep the paths' },
] as const;
export type QueryKind = (typeof queryKinds)[number]['kind'];

export interface Query {
  readonly session: Session;
  readonly kind: QueryKind;
  readonly paths: readonly StorePath[];
  /** Ask about the outputs of derivations instead of the derivations. */
  readonly useOutput: boolean;
  readonly includeOutputs: boolean;
}

/** The whole answer as text. */
export function printQuery(query: Query): string {
  const { session, kind, includeOutputs } = query;
  const { store } = session;
  const print = (paths: Iterable<StorePath>) =>
    [...paths].map((path) => `${printStorePath(store.storeDir, path)}\n`).join('');
  if (kind === 'outputs') return print(query.paths.flatMap((path) => outputsOf(session, path)));
  const paths = query.useOutput
    ? query.paths.flatMap((path) => (path.isDerivation ? outputsOf(session, path) : [path]))
    : query.paths;
  switch (kind) {
    case 'requisites':
      return print(sortByReferences(store, computeClosure(store, paths, { includeOutputs })));
    case 'references':
      return print(paths.flatMap((path) => queryValidPathInfo(store, path).references));
    case 'referrers':
      return print(paths.flatMap((path) => store.queryReferrers(path)));
    case 'referrers-closure':
      return print(sortByReferences(store, computeClosure(store, paths, { backwards: true })));
    case 'deriver':
      return paths.map((path) => deriverLine(session, path)).join('');
    case 'valid-derivers':
      return print(paths.flatMap((path) => store.queryValidDerivers(path)));
    case 'graph':
      return formatDotGraph(store, paths);
    case 'graphml':
      return formatGraphMl(store, paths);
    case 'tree':
      return formatTree(store, paths);
    case 'hash':
      return paths
        .map((path) => `${formatHash(queryValidPathInfo(store, path).narHash, 'nix32', true)}\n`)
        .join('');
    case 'size':
      return paths.map((path) => `${queryValidPathInfo(store, path).narSizeBytes}\n`).join('');
    case 'roots':
      return rootsOf(session, paths);
  }
}

function outputsOf(session: Session, path: StorePath): StorePath[] {
  if (!path.isDerivation) return [path];
  const derivation = session.store.readDerivation(path);
  return [...derivation.outputs].map(([name, output]) => {
    if (output.path === '')
      throw new UsageError(`the path of output '${name}' is not known before it is built`);
    return session.storePathOf(output.path);
  });
}

function deriverLine(session: Session, path: StorePath): string {
  const { deriver } = queryValidPathInfo(session.store, path);
  return `${deriver ? printStorePath(session.store.storeDir, deriver) : 'unknown-deriver'}\n`;
}

/** Roots whose closure has one of the paths. */
function rootsOf(session: Session, paths: readonly StorePath[]): string {
  const { store, location, logger } = session;
  const referrers = new Set(
    computeClosure(store, paths, { backwards: true, includeOutputs: true, includeDerivers: true }).map(
      (path) => path.baseName,
    ),
  );
  const lines: string[] = [];
  for (const [baseName, links] of findRoots({
    ...location,
    logger,
    isValidPath: (path) => store.isValidPath(path),
  })) {
    if (referrers.has(baseName))
      lines.push(...links.map((link) => `${link} -> ${store.storeDir}/${baseName}\n`));
  }
  return lines.join('');
}
