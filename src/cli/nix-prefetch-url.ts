/** `nix-prefetch-url`: downloads a file into the store and prints its hash. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  ActivityType,
  decodeBytes,
  encodeBytes,
  NixError,
  UsageError,
  Verbosity,
} from '../diagnostics/index.ts';
import {
  defaultUrlFetcherSettings,
  readTarball,
  topNames,
  UrlFetcher,
  writeTarball,
} from '../fetchers/index.ts';
import {
  equalHashes,
  formatHash,
  type Hash,
  type HashAlgorithm,
  makeFixedOutputPath,
  parseHash,
  parseHashAlgorithm,
  printStorePath,
  type StorePath,
} from '../formats/index.ts';
import { buildSettings, cacheDirectory, type Session } from '../session/index.ts';
import { dumpFile, dumpTree, HashSink, nodeHasher } from '../store/index.ts';
import { evaluationFlags } from './common-flags.ts';
import { evaluationRequest, expressionSources } from './evaluation-sources.ts';
import type { Command, RunningCommand } from './program.ts';

interface Options {
  readonly positional: string[];
  algorithm: HashAlgorithm;
  attrPath: string | undefined;
  name: string | undefined;
  unpack: boolean;
  executable: boolean;
  printPath: boolean;
}

export const command: Command = {
  prepare: (invocation) => {
    const options: Options = {
      positional: [],
      algorithm: 'sha256',
      attrPath: undefined,
      name: undefined,
      unpack: false,
      executable: false,
      printPath: invocation.env['PRINT_PATH'] === '1',
    };
    return {
      line: {
        usage: ['[FLAGS] URL [HASH]', '[FLAGS] -A ATTRPATH [FILE]'],
        summary:
          'Downloads the file at URL, adds it to the store and prints its hash, as a fetchurl call wants it. With HASH nothing is downloaded when the file is in the store already.',
        flags: [...ownFlags(options), ...evaluationFlags(invocation)],
        positional: (argument) => void options.positional.push(argument),
      },
      run: (running) => run(options, running),
    };
  },
};

function ownFlags(options: Options) {
  return [
    {
      long: 'type',
      values: ['ALGORITHM'],
      description: 'md5, sha1, sha256 (the default) or sha512',
      apply: (name: string) => void (options.algorithm = parseHashAlgorithm(name)),
    },
    {
      long: 'print-path',
      description: 'print the store path, too',
      apply: () => void (options.printPath = true),
    },
    {
      long: 'unpack',
      description: 'unpack the archive and add its contents',
      apply: () => void (options.unpack = true),
    },
    {
      long: 'executable',
      description: 'make the file executable',
      apply: () => void (options.executable = true),
    },
    {
      long: 'name',
      values: ['NAME'],
      description: "name in the store instead of the URL's last part",
      apply: (name: string) => void (options.name = name),
    },
    {
      short: 'A',
      long: 'attr',
      values: ['PATH'],
      description: 'prefetch what the fetchurl call at attribute PATH of FILE fetches',
      apply: (path: string) => void (options.attrPath = path),
    },
  ];
}

/** What to fetch. */
interface Source {
  /** The first is the one to speak of. */
  readonly urls: readonly string[];
  readonly name: string;
  readonly method: 'flat' | 'nar';
  readonly unpack: boolean;
  readonly executable: boolean;
}

async function run(options: Options, running: RunningCommand): Promise<number> {
  const { positional } = options;
  if (positional.length > 2)
    throw new UsageError(`unexpected argument '${positional[2]}'`, { hint: "try 'nix-prefetch-url --help'" });
  const session = await running.session();
  const source = await findSource(options, session, running);
  const expected = positional[1] === undefined ? undefined : parseHash(positional[1], options.algorithm);
  const known = expected && validFixedPath(session, source, expected);
  const { path, hash } = known
    ? { path: known, hash: expected }
    : await prefetch(source, { algorithm: options.algorithm, expected }, session, running);
  const printed = printStorePath(session.store.storeDir, path);
  if (!options.printPath) running.logger.log(Verbosity.info, `path is '${printed}'`);
  running.print(`${formatHash(hash, hash.algorithm === 'md5' ? 'base16' : 'nix32', false)}\n`);
  if (options.printPath) running.print(`${printed}\n`);
  return 0;
}

async function findSource(options: Options, session: Session, running: RunningCommand): Promise<Source> {
  const { attrPath, executable, positional } = options;
  if (attrPath !== undefined) return sourceOfAttribute(attrPath, options, session, running);
  if (positional[0] === undefined)
    throw new UsageError('no URL was given', { hint: 'for example: nix-prefetch-url https://HOST/FILE' });
  return {
    urls: await expandMirrors(positional[0], session),
    name: options.name ?? lastPart(positional[0]),
    method: options.unpack || executable ? 'nar' : 'flat',
    unpack: options.unpack,
    executable,
  };
}

/** The addresses that a `mirror://` URL stands for, which the distribution knows; any other stands for itself. */
async function expandMirrors(url: string, session: Session): Promise<readonly string[]> {
  if (!url.startsWith('mirror://')) return [url];
  const quoted = JSON.stringify(url).replaceAll('$', '\\$');
  const text = `((import <nixpkgs> { }).fetchurl { url = ${quoted}; sha256 = "${'0'.repeat(52)}"; }).urls`;
  const answer = await session.evaluate({
    source: { kind: 'text', text: encodeBytes(text), basePath: '/' },
    attrPaths: [''],
    args: [],
    output: 'json',
    strict: true,
    writeStore: false,
  });
  return JSON.parse(decodeBytes(answer.kind === 'texts' ? answer.texts[0] : '[]')) as string[];
}

/** The addresses, mode and name of a `fetchurl` call in an expression. */
async function sourceOfAttribute(
  attrPath: string,
  options: Options,
  session: Session,
  running: RunningCommand,
): Promise<Source> {
  const [file] = expressionSources([options.positional[0] ?? '.'], false);
  const read = async (attribute: string) => {
    const request = evaluationRequest(running.invocation, file, {
      output: 'json',
      attrPaths: [encodeBytes(`${attrPath}.${attribute}`)],
      strict: true,
      writeStore: false,
    });
    const answer = await session.evaluate(request);
    return JSON.parse(decodeBytes(answer.kind === 'texts' ? answer.texts[0] : 'null')) as unknown;
  };
  const urls = await read('urls');
  if (!Array.isArray(urls) || urls.length === 0 || !urls.every((url) => typeof url === 'string'))
    throw new UsageError(`the attribute '${attrPath}.urls' is not a list of URLs`, {
      hint: 'name what a fetchurl call gives',
    });
  const isTree = (await read('outputHashMode')) === 'recursive';
  const name = options.name ?? String(await read('name'));
  return { urls, name, method: isTree ? 'nar' : 'flat', unpack: isTree, executable: false };
}

function lastPart(url: string): string {
  const name = /^[a-z][a-z0-9+.-]*:[^?#]*\/([^/?#]+)/i.exec(url)?.[1];
  if (name === undefined)
    throw new UsageError(`cannot figure out a file name for '${url}'`, { hint: 'give one with --name' });
  return decodeURIComponent(name);
}

function validFixedPath({ store }: Session, { name, method }: Source, hash: Hash): StorePath | undefined {
  const path = makeFixedOutputPath({ storeDir: store.storeDir, hasher: nodeHasher }, name, method, hash);
  return store.isValidPath(path) ? path : undefined;
}

interface Wanted {
  readonly algorithm: HashAlgorithm;
  readonly expected: Hash | undefined;
}

async function prefetch(
  source: Source,
  { algorithm, expected }: Wanted,
  session: Session,
  running: RunningCommand,
): Promise<{ path: StorePath; hash: Hash }> {
  const cache = cacheDirectory(running.invocation.env);
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, 'prefetch-'));
  try {
    const file = join(directory, 'file');
    await download(source.urls, file, session, running);
    if (source.executable) chmodSync(file, 0o755);
    const tree = encodeBytes(source.unpack ? await unpack(file, directory, source.urls[0]) : file);
    const hash = await hashFiles(tree, source.method, expected?.algorithm ?? algorithm);
    if (expected && !equalHashes(expected, hash)) throw hashMismatch(source.urls[0], expected, hash);
    const { name, method } = source;
    const how = { method, algorithm: hash.algorithm };
    return { path: await session.store.addPath(encodeBytes(name), tree, how), hash };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function hashFiles(path: string, method: 'flat' | 'nar', algorithm: HashAlgorithm): Promise<Hash> {
  const sink = new HashSink(algorithm);
  const write = (chunk: Uint8Array) => sink.write(chunk);
  await (method === 'flat' ? dumpFile(path, write) : dumpTree(path, write));
  return sink.finish();
}

async function download(
  urls: readonly string[],
  file: string,
  session: Session,
  running: RunningCommand,
): Promise<void> {
  const [url] = urls;
  if (url.startsWith('file:')) {
    try {
      copyFileSync(fileURLToPath(url), file);
    } catch (error) {
      throw new NixError(`cannot read '${url}': ${(error as Error).message}`, { code: 'download-failed' });
    }
    return;
  }
  const { downloads, caFile } = buildSettings(session.settings, running.invocation.env);
  using fetcher = new UrlFetcher({
    ...defaultUrlFetcherSettings,
    attempts: downloads.attempts,
    proxyEnvironment: downloads.proxyEnvironment,
    certificates: caFile ? [readFileSync(caFile, 'utf8')] : [],
  });
  using activity = running.logger.activity(ActivityType.fileTransfer, `downloading '${url}'`, [url]);
  await fetcher.download(
    { urls, destination: file },
    { signal: running.signal, onProgress: (done, expected) => activity.progress(done, expected) },
  );
}

/** The one file or directory in an archive, or a directory with all of them. */
async function unpack(file: string, directory: string, url: string): Promise<string> {
  const entries = await readTarball(readFileSync(file), url);
  const names = topNames(entries);
  if (names.length === 0) throw new NixError(`archive '${url}' is empty`, { code: 'bad-archive' });
  const target = join(directory, 'unpacked');
  mkdirSync(target);
  if (names.length === 1) {
    writeTarball(entries, target, 'source', url);
    return join(target, 'source');
  }
  const below = entries.map((entry) => ({ ...entry, path: `source/${entry.path}` }));
  writeTarball(below, target, 'source', url);
  return join(target, 'source');
}

function hashMismatch(url: string, expected: Hash, got: Hash): NixError {
  const [wanted, found] = [expected, got].map((hash) => formatHash(hash, 'sri', false));
  return new NixError(
    `hash mismatch in file downloaded from '${url}':\n  specified: ${wanted}\n  got:       ${found}`,
    {
      code: 'hash-mismatch',
      exitStatus: 102,
    },
  );
}
