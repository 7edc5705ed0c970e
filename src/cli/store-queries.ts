/** `nix-store --query`, with C++ Nix's output formats. */
import { decodeBytes, NixError, UsageError } from '../diagnostics/index.ts';
import { compareStorePaths, formatHash, printStorePath, type StorePath } from '../formats/index.ts';
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
import { finalSettings } from './common-flags.ts';
import type { RunningCommand } from './program.ts';
import type { StoreOptions } from './store-operations.ts';

export const queryKinds: readonly {
  readonly kind: Exclude<QueryKind, 'binding'>;
  readonly short?: string;
  readonly aliases?: readonly string[];
  readonly description: string;
}[] = [
  { kind: 'outputs', description: 'outputs of derivations (the default)' },
  { kind: 'requisites', short: 'R', description: 'closures over references' },
  { kind: 'references', description: 'what the paths refer to' },
  { kind: 'referrers', aliases: ['referers'], description: 'what refers to the paths' },
  { kind: 'referrers-closure', aliases: ['referers-closure'], description: 'closures over referrers' },
  { kind: 'deriver', short: 'd', description: 'the derivation a path was built from' },
  { kind: 'valid-derivers', description: 'derivations in the store with this output' },
  { kind: 'graph', description: 'the references as a Graphviz graph' },
  { kind: 'graphml', description: 'the references as GraphML' },
  { kind: 'tree', description: 'the references as a tree' },
  { kind: 'hash', description: "SHA-256 of the paths' contents" },
  { kind: 'size', description: "size of the paths' contents in bytes" },
  { kind: 'roots', description: 'roots that keep the paths' },
  { kind: 'resolve', description: 'the store paths that links lead to' },
];
export type QueryKind =
  | 'outputs'
  | 'requisites'
  | 'references'
  | 'referrers'
  | 'referrers-closure'
  | 'deriver'
  | 'valid-derivers'
  | 'graph'
  | 'graphml'
  | 'tree'
  | 'hash'
  | 'size'
  | 'roots'
  | 'resolve'
  | 'binding';

export async function query(options: StoreOptions, running: RunningCommand): Promise<number> {
  const session = await running.session();
  const given = options.positional.map((argument) => session.storePathOf(argument));
  if (options.forceRealise) await realiseAll(session, given);
  const kind = options.query ?? 'outputs';
  const useOutputs = kind === 'outputs' || (options.useOutput && !asGiven.includes(kind));
  const subjects = useOutputs ? given.flatMap((path) => outputsOf(session, path)) : given;
  running.print(printAnswer(kind, subjects, options, running, session));
  return 0;
}

/** Questions that are always about the paths themselves. */
const asGiven: readonly QueryKind[] = ['deriver', 'valid-derivers', 'binding', 'tree', 'resolve'];

function printAnswer(
  kind: QueryKind,
  paths: readonly StorePath[],
  options: StoreOptions,
  running: RunningCommand,
  session: Session,
): string {
  const { store } = session;
  const { includeOutputs, bindingName } = options;
  const print = (found: Iterable<StorePath>) =>
    [...found].map((path) => `${printStorePath(store.storeDir, path)}\n`).join('');
  const printSorted = (found: readonly StorePath[]) => print(sortByReferences(store, found));
  switch (kind) {
    case 'outputs':
    case 'resolve':
      return print(paths);
    case 'requisites':
      return printSorted(computeClosure(store, paths, { includeOutputs }));
    case 'references':
      return printSorted(paths.flatMap((path) => queryValidPathInfo(store, path).references));
    case 'referrers':
      return printSorted(paths.flatMap((path) => store.queryReferrers(path)));
    case 'referrers-closure':
      return printSorted(computeClosure(store, paths, { backwards: true }));
    case 'deriver':
      return paths.map((path) => deriverLine(session, path)).join('');
    case 'valid-derivers':
      return printSorted(paths.flatMap((path) => store.queryValidDerivers(path)));
    case 'binding':
      return paths.map((path) => `${decodeBytes(bindingOf(session, path, bindingName))}\n`).join('');
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
      return rootsOf(session, paths, running);
  }
}

async function realiseAll(session: Session, paths: readonly StorePath[]): Promise<void> {
  await session.build(
    paths
      .filter((path) => path.isDerivation)
      .map((path) => ({
        drvPath: printStorePath(session.store.storeDir, path),
        outputs: [...session.store.readDerivation(path).outputs.keys()],
      })),
  );
}

/** The outputs of a derivation, sorted; anything else stands for itself. */
function outputsOf(session: Session, path: StorePath): StorePath[] {
  if (!path.isDerivation) return [path];
  const known = session.store.queryDerivationOutputs(path);
  return [...session.store.readDerivation(path).outputs]
    .map(([name, output]) => {
      const built = output.path === '' ? known.get(name) : session.storePathOf(output.path);
      if (!built)
        throw new UsageError(`the path of output '${name}' is not known before it is built`, {
          hint: "build it first, for example with '--force-realise'",
        });
      return built;
    })
    .sort(compareStorePaths);
}

function deriverLine(session: Session, path: StorePath): string {
  const { deriver } = queryValidPathInfo(session.store, path);
  return `${deriver ? printStorePath(session.store.storeDir, deriver) : 'unknown-deriver'}\n`;
}

/** The value of an environment variable of a path's derivation, as bytes. */
function bindingOf({ store }: Session, path: StorePath, name: string): string {
  const print = (each: StorePath) => printStorePath(store.storeDir, each);
  const deriver = path.isDerivation ? path : queryValidPathInfo(store, path).deriver;
  if (!deriver) throw new NixError(`deriver of path '${print(path)}' is not known`, { code: 'no-deriver' });
  const value = store.readDerivation(deriver).env.get(name);
  if (value === undefined)
    throw new NixError(`derivation '${print(deriver)}' has no environment binding named '${name}'`, {
      code: 'no-binding',
    });
  return value;
}

/** Roots that keep one of the paths, one line a link. */
function rootsOf(session: Session, paths: readonly StorePath[], running: RunningCommand): string {
  const { store } = session;
  const settings = finalSettings(running.invocation);
  const keepers = computeClosure(store, paths, {
    backwards: true,
    includeOutputs: settings['keep-outputs'],
    includeDerivers: settings['keep-derivations'],
  });
  const names = new Set(keepers.map((path) => path.baseName));
  const lines: string[] = [];
  for (const [baseName, links] of findRoots(store)) {
    if (names.has(baseName)) lines.push(...links.map((link) => `${link} -> ${store.storeDir}/${baseName}\n`));
  }
  return lines.join('');
}
