/**
 * `nix-store` operations on the database of valid paths. `--dump-db`, `--load-db` and `--register-validity` share one text
 * form; a path has these lines: the path, (when hashes are given) the base-16 SHA-256 of its NAR and the NAR's size, its
 * deriver or nothing, the number of its references, and each of them.
 */
import { UsageError } from '../diagnostics/index.ts';
import { formatHash, parseHash, parseStorePath, printStorePath, type StorePath } from '../formats/index.ts';
import type { Session } from '../session/index.ts';
import {
  canonicalisePathMetaData,
  dumpTree,
  HashSink,
  type LocalStore,
  type PathInfo,
  queryValidPathInfo,
} from '../store/index.ts';
import type { RunningCommand } from './program.ts';
import { refuseArguments, type StoreOptions } from './store-operations.ts';

export async function dumpDatabase(options: StoreOptions, running: RunningCommand): Promise<number> {
  const session = await running.session();
  const { store } = session;
  const paths =
    options.positional.length > 0
      ? options.positional.map((argument) => session.storePathOf(argument))
      : store.queryAllValidPaths();
  for (const path of paths) {
    running.output.write(Buffer.from(formatRegistration(store, queryValidPathInfo(store, path))));
    await running.output.drained();
  }
  return 0;
}

function formatRegistration(store: LocalStore, info: PathInfo): string {
  const print = (path: StorePath) => printStorePath(store.storeDir, path);
  const lines = [
    print(info.path),
    formatHash(info.narHash, 'base16', false),
    String(info.narSizeBytes),
    info.deriver ? print(info.deriver) : '',
    String(info.references.length),
    ...info.references.map(print),
  ];
  return `${lines.join('\n')}\n`;
}

/** Registers what standard input says, as it says it: for restoring a dump beside the files that belong to it. */
export async function loadDatabase(options: StoreOptions, running: RunningCommand): Promise<number> {
  refuseArguments(options, 'load-db');
  return register(running, { reregister: true, hashGiven: true, canonicalise: false });
}

/** Registers files that are in the store directory already. */
export async function registerValidity(options: StoreOptions, running: RunningCommand): Promise<number> {
  refuseArguments(options, 'register-validity');
  const { reregister, hashGiven } = options;
  return register(running, { reregister, hashGiven, canonicalise: true });
}

interface Registering {
  readonly reregister: boolean;
  readonly hashGiven: boolean;
  readonly canonicalise: boolean;
}

async function register(running: RunningCommand, how: Registering): Promise<number> {
  const session = await running.session();
  const infos = new Map<string, PathInfo>();
  for (const given of parseRegistrations(session, await readStandardInput(), how.hashGiven)) {
    if (session.store.isValidPath(given.path) && !how.reregister) continue;
    const info = how.hashGiven ? given : await hashed(session.store, given, how.canonicalise);
    if (how.hashGiven && how.canonicalise)
      await canonicalisePathMetaData(session.store.toRealPath(given.path));
    infos.set(given.path.baseName, info);
  }
  session.store.registerValidPaths([...infos.values()]);
  return 0;
}

async function hashed(store: LocalStore, info: PathInfo, canonicalise: boolean): Promise<PathInfo> {
  const file = store.toRealPath(info.path);
  if (canonicalise) await canonicalisePathMetaData(file);
  const sink = new HashSink('sha256');
  await dumpTree(file, (chunk) => sink.write(chunk));
  const narSizeBytes = sink.sizeBytes;
  return { ...info, narSizeBytes, narHash: sink.finish() };
}

function* parseRegistrations(session: Session, text: string, hashGiven: boolean): Generator<PathInfo> {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  let at = 0;
  const line = (what: string) => {
    if (at >= lines.length) throw badRegistration(`${what} is missing at the end of the input`);
    return lines[at++];
  };
  const count = (what: string) => {
    const digits = line(what);
    if (!/^\d{1,15}$/.test(digits)) throw badRegistration(`line ${at}: '${digits}' is not ${what}`);
    return Number(digits);
  };
  const parse = (printed: string) => parseStorePath(session.store.storeDir, printed);
  while (at < lines.length && lines[at] !== '') {
    const path = parse(line('a store path'));
    const narHash = hashGiven ? parseHash(line('a hash'), 'sha256') : undefined;
    const narSizeBytes = hashGiven ? count('the size of a NAR') : 0;
    const deriver = line('a deriver');
    const references = Array.from({ length: count('a number of references') }, () =>
      parse(line('a reference')),
    );
    yield {
      path,
      narHash: narHash ?? { algorithm: 'sha256', digest: new Uint8Array(32) },
      narSizeBytes,
      references,
      deriver: deriver === '' ? undefined : parse(deriver),
      registrationTimeSeconds: 0,
      ultimate: false,
      signatures: [],
    };
  }
}

function badRegistration(problem: string): UsageError {
  return new UsageError(`the input is not a list of valid paths: ${problem}`, {
    hint: "expected what 'nix-store --dump-db' prints",
  });
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

export async function checkValidity(options: StoreOptions, running: RunningCommand): Promise<number> {
  const session = await running.session();
  const { store } = session;
  for (const argument of options.positional) {
    const path = session.storePathOf(argument);
    if (store.isValidPath(path)) continue;
    const printed = printStorePath(store.storeDir, path);
    if (!options.printInvalid) throw new UsageError(`path '${printed}' is not valid`);
    running.print(`${printed}\n`);
  }
  return 0;
}
