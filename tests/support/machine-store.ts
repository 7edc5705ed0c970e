/**
 * The store that the tests' machines are built from, beside the toolbox. `npm test` prepares it before any test runs:
 *
 * - `tree/`: a whole channel tree, the toolbox's package index with the repository's own distribution and program;
 * - `root/`: a private store that holds every download which building `tests/vm/prefetch.nix` needs, and the relocated
 *   packages that are made from them. Everything else (the systems themselves) is left to the tests;
 * - `drawn.json`: packages drawn from the whole archive (`drawn-sample.ts`); the store has their downloads only.
 *
 * Tests work on a copy (`MachineStore` in `test-machine.ts`) that shares its files, so nothing may be changed in place.
 */
import {
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { channelFingerprint, distributionFiles } from '../../src/cli/channel-context.ts';
import { type Logger, MemoryLogger, Verbosity } from '../../src/diagnostics/index.ts';
import { parseStorePath, type StorePath } from '../../src/formats/index.ts';
import { type BuildPlan, openSession, type Session, SettingsBuilder } from '../../src/session/index.ts';
import { collectGarbage } from '../../src/store/index.ts';
import { type DrawnSample, drawSample } from './drawn-sample.ts';
import { linkTree, removeScratch } from './store-copy.ts';

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const wanted = ['example', 'drawn', 'nixos', 'others'];

export interface MachineStore {
  /** `<nixpkgs>`. */
  readonly tree: string;
  /** Root of the private store that tests copy. */
  readonly root: string;
  /** Names of the drawn packages. */
  readonly drawn: string;
}

/**
 * Brings the store up to date with the repository.
 *
 * @param directory where `tree/` and `root/` are
 * @param channel the toolbox's channel tree
 * @throws NixError when something has to be downloaded and cannot be
 */
export async function prepareMachineStore(directory: string, channel: string): Promise<MachineStore> {
  const store = storeIn(directory);
  const stamp = join(directory, 'complete');
  mkdirSync(directory, { recursive: true });
  removeScratch(directory);
  const drawn = await drawSample(store.drawn, channel);
  process.stderr.write(`drawn packages (seed ${drawn.seed}): ${drawn.names.join(' ')}\n`);
  const prefetch = readFileSync(join(repository, 'tests/vm/prefetch.nix'), 'utf8');
  const fingerprint = `${channelFingerprint()} ${drawn.seed} ${prefetch}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return store;
  process.stderr.write('preparing the packages of the machines under test...\n');
  rmSync(stamp, { force: true });
  mkdirSync(store.root, { recursive: true });
  assembleTree(channel, store.tree);
  const session = await openMachineSession(store);
  try {
    await prebuild(session, drawn);
  } finally {
    await session.close();
  }
  writeFileSync(stamp, fingerprint);
  return store;
}

function storeIn(directory: string): MachineStore {
  return {
    tree: join(directory, 'tree'),
    root: join(directory, 'root'),
    drawn: join(directory, 'drawn.json'),
  };
}

/** The toolbox's tree with this repository's distribution and program instead of those that it was made with. */
function assembleTree(channel: string, tree: string): void {
  const fresh = `${tree}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  const { directory, program } = distributionFiles();
  const ours = new Set([...readdirSync(directory), 'firn']);
  for (const name of readdirSync(channel)) {
    if (!ours.has(name)) linkTree(join(channel, name), join(fresh, name));
  }
  cpSync(directory, fresh, { recursive: true });
  for (const [name, source] of program) {
    const target = join(fresh, 'firn', name);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
  }
  rmSync(tree, { recursive: true, force: true });
  renameSync(fresh, tree);
}

function openMachineSession({ tree, root }: MachineStore): Promise<Session> {
  const settings = new SettingsBuilder();
  settings.set('fsync-store-paths', 'false');
  return openSession({
    settings: settings.build(),
    env: process.env,
    logger: quietLogger(),
    storeUri: root,
    searchPath: [`nixpkgs=${tree}`],
    signal: new AbortController().signal,
  });
}

/** Errors go to the user, everything else is kept to itself. */
function quietLogger(): Logger {
  const logger = new MemoryLogger(Verbosity.warn);
  logger.error = (error) => void process.stderr.write(`error: ${error.message}\n`);
  return logger;
}

/** Downloads everything, builds what is made from downloads alone, and forgets what an older repository needed. */
async function prebuild(session: Session, drawn: DrawnSample): Promise<void> {
  const { store } = session;
  const outputsOf = (paths: readonly StorePath[]) =>
    paths.map((path) => ({ drvPath: `${store.storeDir}/${path.baseName}`, outputs: ['out'] }));
  const roots = new Map<string, string>();
  for (const name of wanted) roots.set(name, await evaluate(session, prefetchExpression, [name]));
  const machines = await planAll(session, [...roots.values()]);
  roots.set('drawn-packages', await evaluate(session, drawnExpression(drawn)));
  const { willFetch, willBuild } = await planAll(session, [...roots.values()]);
  process.stderr.write(`  ${willFetch.length} files to fetch, ${willBuild.length} derivations to look at\n`);
  await session.build(outputsOf(willFetch));
  await session.build(outputsOf(relocations(session, machines)));
  await collectOthers(session, roots);
}

function planAll(session: Session, derivations: readonly string[]): Promise<BuildPlan> {
  return session.planBuild(derivations.map((drvPath) => ({ drvPath, outputs: ['out'] })));
}

type Source = Parameters<Session['evaluate']>[0]['source'];

const prefetchExpression: Source = { kind: 'file', path: join(repository, 'tests/vm/prefetch.nix') };

/** One derivation that needs all of the drawn packages. */
function drawnExpression({ names }: DrawnSample): Source {
  const text = `
    let pkgs = import <nixpkgs> { config = { }; overlays = [ ]; };
    in pkgs.symlinkJoin {
      name = "drawn-packages";
      paths = map pkgs.debianPackage (builtins.fromJSON ''${JSON.stringify(names)}'');
    }`;
  return { kind: 'text', text, basePath: '/' };
}

/** Instantiates; the path of the derivation. */
async function evaluate(
  session: Session,
  source: Source,
  attrPaths: readonly string[] = [''],
): Promise<string> {
  const answer = await session.evaluate({
    source,
    attrPaths,
    args: [],
    output: 'derivations',
    strict: false,
    writeStore: true,
  });
  if (answer.kind !== 'derivations') throw new Error(`${attrPaths.join()} is no derivation`);
  return answer.derivations[0].drvPath;
}

/** The derivations that a downloaded package goes into, of those that have to be built. */
function relocations({ store }: Session, { willBuild }: BuildPlan): StorePath[] {
  const isDownload = (drvPath: string) =>
    drvPath.endsWith('.deb.drv') &&
    store.readDerivation(parseStorePath(store.storeDir, drvPath)).builder === 'builtin:fetchurl';
  return willBuild.filter((path) => [...store.readDerivation(path).inputDrvs.keys()].some(isDownload));
}

/** Keeps what the derivations are made of and with, and deletes everything else. */
async function collectOthers(session: Session, roots: ReadonlyMap<string, string>): Promise<void> {
  const directory = join(session.store.stateDir, 'gcroots/tests');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, drvPath] of roots) symlinkSync(drvPath, join(directory, name));
  await collectGarbage(session.store, { action: 'delete-dead', keepOutputs: true });
}
