/**
 * The store that the tests' machines are built from, beside the toolbox. `npm test` prepares it before any test runs:
 *
 * - `tree/`: a whole channel tree, the toolbox's package index with the repository's own distribution and program;
 * - `root/`: a private store that holds every download which building `tests/vm/prefetch.nix` needs, and the relocated
 *   packages that are made from them. Everything else (the systems themselves) is left to the tests.
 *
 * Tests work on a copy (`MachineStore` in `test-machine.ts`) that shares its files, so nothing may be changed in place.
 */
import {
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
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

const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const wanted = ['example', 'drawn', 'others'];

export interface MachineStore {
  /** `<nixpkgs>`. */
  readonly tree: string;
  /** Root of the private store that tests copy. */
  readonly root: string;
}

/**
 * Brings the store up to date with the repository.
 *
 * @param directory where `tree/` and `root/` are
 * @param channel the toolbox's channel tree
 * @throws NixError when something has to be downloaded and cannot be
 */
export async function prepareMachineStore(directory: string, channel: string): Promise<MachineStore> {
  const store = { tree: join(directory, 'tree'), root: join(directory, 'root') };
  const stamp = join(directory, 'complete');
  const fingerprint = `${channelFingerprint()} ${readFileSync(join(repository, 'tests/vm/prefetch.nix'))}`;
  removeScratch(directory);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return store;
  process.stderr.write('preparing the packages of the machines under test...\n');
  rmSync(stamp, { force: true });
  mkdirSync(store.root, { recursive: true });
  assembleTree(channel, store.tree);
  const session = await openMachineSession(store);
  try {
    await prebuild(session);
  } finally {
    await session.close();
  }
  writeFileSync(stamp, fingerprint);
  return store;
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

/** A copy of a directory whose files are the same inodes, where the file system allows it. */
function linkTree(from: string, to: string): void {
  const stats = lstatSync(from);
  if (stats.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else if (stats.isDirectory()) {
    mkdirSync(to, { mode: 0o755 });
    for (const name of readdirSync(from)) linkTree(join(from, name), join(to, name));
  } else linkOrCopy(from, to);
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!['EXDEV', 'EMLINK', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    copyFileSync(from, to);
  }
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
async function prebuild(session: Session): Promise<void> {
  const { store } = session;
  const print = (path: StorePath) => `${store.storeDir}/${path.baseName}`;
  const derivations: string[] = [];
  for (const name of wanted) derivations.push(await evaluate(session, name));
  const plan = await session.planBuild(derivations.map((drvPath) => ({ drvPath, outputs: ['out'] })));
  const { willFetch, willBuild } = plan;
  process.stderr.write(`  ${willFetch.length} files to fetch, ${willBuild.length} derivations to look at\n`);
  await session.build(willFetch.map((path) => ({ drvPath: print(path), outputs: ['out'] })));
  const packages = relocations(session, plan);
  await session.build(packages.map((path) => ({ drvPath: print(path), outputs: ['out'] })));
  await collectOthers(session, derivations);
}

async function evaluate(session: Session, attribute: string): Promise<string> {
  const answer = await session.evaluate({
    source: { kind: 'file', path: join(repository, 'tests/vm/prefetch.nix') },
    attrPaths: [attribute],
    args: [],
    output: 'derivations',
    strict: false,
    writeStore: true,
  });
  if (answer.kind !== 'derivations') throw new Error(`'${attribute}' of prefetch.nix is no derivation`);
  return answer.derivations[0].drvPath;
}

/** The derivations that a download goes into, of those that have to be built. */
function relocations({ store }: Session, { willBuild }: BuildPlan): StorePath[] {
  const isDownload = (drvPath: string) =>
    store.readDerivation(parseStorePath(store.storeDir, drvPath)).builder === 'builtin:fetchurl';
  return willBuild.filter((path) => [...store.readDerivation(path).inputDrvs.keys()].some(isDownload));
}

/** Keeps what the derivations are made of and with, and deletes everything else. */
async function collectOthers(session: Session, derivations: readonly string[]): Promise<void> {
  const roots = join(session.store.stateDir, 'gcroots/tests');
  rmSync(roots, { recursive: true, force: true });
  mkdirSync(roots, { recursive: true });
  for (const [i, drvPath] of derivations.entries()) symlinkSync(drvPath, join(roots, wanted[i]));
  await collectGarbage(session.store, { action: 'delete-dead', keepOutputs: true });
}

/**
 * Makes a copy of the store for one test, beside it, so that the files of store paths can be shared; the database is
 * the copy's own. Named after the process, for `removeScratch`.
 *
 * @returns the directory that holds the copy, `root/`
 */
export function copyStore(root: string): string {
  const directory = join(dirname(root), `scratch-${process.pid}-${Math.random().toString(36).slice(2, 8)}`);
  mkdirSync(join(directory, 'root/nix'), { recursive: true });
  linkTree(join(root, 'nix/store'), join(directory, 'root/nix/store'));
  cpSync(join(root, 'nix/var'), join(directory, 'root/nix/var'), { recursive: true, verbatimSymlinks: true });
  return directory;
}

/** Removes the copies of tests that were killed. */
function removeScratch(directory: string): void {
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) {
    const pid = /^scratch-(\d+)-/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(directory, name), { recursive: true, force: true });
  }
}
