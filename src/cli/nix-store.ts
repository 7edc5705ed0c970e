/** `nix-store`: works on the store itself. One operation per call; each has a file-local function. */
import { once } from 'node:events';
import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { encodeBytes, UsageError, Verbosity } from '../diagnostics/index.ts';
import { printStorePath, type StorePath } from '../formats/index.ts';
import type { Session } from '../session/index.ts';
import {
  collectGarbage,
  dumpTree,
  findRoots,
  formatMebibytes,
  restoreTree,
  verifyStore,
} from '../store/index.ts';
import { printPlan } from './build-plan.ts';
import type { Flag } from './command-line.ts';
import { finalSettings } from './common-flags.ts';
import type { Command, RunningCommand } from './program.ts';
import { printQuery, type QueryKind, queryKinds } from './store-queries.ts';

type Operation =
  | 'realise'
  | 'query'
  | 'gc'
  | 'delete'
  | 'dump'
  | 'restore'
  | 'verify'
  | 'add'
  | 'add-fixed'
  | 'read-log'
  | 'print-env'
  | 'verify-path';

interface Options {
  operation: Operation | undefined;
  readonly positional: string[];
  query: QueryKind | undefined;
  useOutput: boolean;
  includeOutputs: boolean;
  forceRealise: boolean;
  gcAction: 'delete-dead' | 'return-dead' | 'return-live' | 'roots';
  maxFreed: number | undefined;
  ignoreLiveness: boolean;
  checkContents: boolean;
  recursive: boolean;
  addRoot: string | undefined;
  dryRun: boolean;
}

export const command: Command = {
  prepare: () => {
    const options: Options = {
      operation: undefined,
      positional: [],
      query: undefined,
      useOutput: false,
      includeOutputs: false,
      forceRealise: false,
      gcAction: 'delete-dead',
      maxFreed: undefined,
      ignoreLiveness: false,
      checkContents: false,
      recursive: false,
      addRoot: undefined,
      dryRun: false,
    };
    return {
      line: {
        usage: [
          '--realise PATH...',
          '--query [--outputs | --references | --referrers | --requisites | --deriver | --tree | --graph | ...] PATH...',
          '--gc [--print-roots | --print-live | --print-dead | --max-freed BYTES]',
          '--delete PATH...',
          '--add PATH...',
          '--dump PATH | --restore PATH',
          '--verify [--check-contents]',
          '--read-log PATH...',
        ],
        summary:
          'Realises, queries, collects, verifies and copies what is in the Nix store. PATH is a store path, a file in one, or a link to one such as ./result.',
        flags: [...operationFlags(options), ...queryFlags(options), ...otherFlags(options)],
        positional: (argument) => void options.positional.push(argument),
      },
      run: (running) => run(options, running),
    };
  },
};

function operationFlags(options: Options): Flag[] {
  const group = 'Operations';
  const choose = (operation: Operation) => () => {
    if (options.operation !== undefined && options.operation !== operation) {
      throw new UsageError('only one operation may be given', { hint: "try 'nix-store --help'" });
    }
    options.operation = operation;
  };
  return [
    {
      short: 'r',
      long: 'realise',
      aliases: ['realize'],
      description: 'build derivations, or check that paths are valid',
      group,
      apply: choose('realise'),
    },
    { short: 'q', long: 'query', description: 'ask about paths', group, apply: choose('query') },
    { long: 'gc', description: 'delete what no root reaches', group, apply: choose('gc') },
    { long: 'delete', description: 'delete paths unless they are alive', group, apply: choose('delete') },
    { long: 'add', description: 'copy files into the store', group, apply: choose('add') },
    {
      short: 'l',
      long: 'read-log',
      aliases: ['log'],
      description: 'print the build log of paths',
      group,
      apply: choose('read-log'),
    },
    { long: 'dump', description: 'write PATH as a NAR to standard output', group, apply: choose('dump') },
    {
      long: 'restore',
      description: 'unpack a NAR from standard input to PATH',
      group,
      apply: choose('restore'),
    },
    { long: 'verify', description: 'check the database against the files', group, apply: choose('verify') },
    { long: 'verify-path', description: "check the paths' contents", group, apply: choose('verify-path') },
  ];
}

function queryFlags(options: Options): Flag[] {
  const group = 'Queries';
  const flags: Flag[] = queryKinds.map(({ kind, short, description }) => ({
    long: kind,
    ...(short ? { short } : {}),
    description,
    group,
    apply: () => {
      options.query = kind;
    },
  }));
  return [
    ...flags,
    {
      short: 'u',
      long: 'use-output',
      description: 'ask about the outputs of the derivations given',
      group,
      apply: () => void (options.useOutput = true),
    },
    {
      long: 'include-outputs',
      description: 'with --requisites: with a derivation also its outputs',
      group,
      apply: () => void (options.includeOutputs = true),
    },
    {
      long: 'force-realise',
      aliases: ['force-realize'],
      description: 'build first',
      group,
      apply: () => void (options.forceRealise = true),
    },
  ];
}

function otherFlags(options: Options): Flag[] {
  const action = (gcAction: Options['gcAction']) => () => void (options.gcAction = gcAction);
  return [
    {
      long: 'print-roots',
      description: 'with --gc: print the roots',
      group: 'Garbage collection',
      apply: action('roots'),
    },
    {
      long: 'print-live',
      description: 'with --gc: print what is alive',
      group: 'Garbage collection',
      apply: action('return-live'),
    },
    {
      long: 'print-dead',
      description: 'with --gc: print what would be deleted',
      group: 'Garbage collection',
      apply: action('return-dead'),
    },
    {
      long: 'max-freed',
      values: ['BYTES'],
      description: 'with --gc: stop when so much is free',
      group: 'Garbage collection',
      apply: (bytes) => void (options.maxFreed = parseBytes(bytes)),
    },
    {
      long: 'ignore-liveness',
      description: 'with --delete: do not look at the roots',
      group: 'Garbage collection',
      apply: () => void (options.ignoreLiveness = true),
    },
    {
      long: 'check-contents',
      description: 'with --verify: hash all files',
      apply: () => void (options.checkContents = true),
    },
    { long: 'recursive', description: 'accepted with --add', apply: () => void (options.recursive = true) },
    {
      long: 'add-root',
      values: ['LINK'],
      description: 'with --realise: make LINK a root for the result',
      apply: (link) => void (options.addRoot = link),
    },
    { long: 'indirect', description: 'accepted; roots are always indirect', apply: () => {} },
    {
      long: 'dry-run',
      description: 'with --realise: show what would be built',
      apply: () => void (options.dryRun = true),
    },
  ];
}

function run(options: Options, running: RunningCommand): Promise<number> {
  switch (options.operation) {
    case 'realise':
      return realise(options, running);
    case 'query':
      return query(options, running);
    case 'gc':
      return collect(options, running);
    case 'delete':
      return deletePaths(options, running);
    case 'add':
    case 'add-fixed':
      return addPaths(options, running);
    case 'dump':
      return dump(options);
    case 'restore':
      return restore(options);
    case 'verify':
      return verify(options, running);
    case 'verify-path':
      return verifyPaths(options, running);
    case 'read-log':
      return readLogs(options, running);
    default:
      throw new UsageError('no operation was given', {
        hint: "for example --realise, --query, --gc; try 'nix-store --help'",
      });
  }
}

async function realise(options: Options, running: RunningCommand): Promise<number> {
  const session = await running.session();
  const installables = [];
  const plain: StorePath[] = [];
  for (const argument of options.positional) {
    if (/\.drv(![\w,*-]+)?$/.test(argument)) {
      const [{ drvPath }, ...rest] = session.derivationFromFile(argument);
      const outputs = session.derivationFromFile(argument).map((found) => found.outputName);
      installables.push({ drvPath, outputs, more: rest.length });
    } else plain.push(session.storePathOf(argument));
  }
  if (options.dryRun) {
    printPlan(running.logger, await session.planBuild(installables), session.store.storeDir);
    return 0;
  }
  const built = await session.build(installables);
  for (const path of plain) {
    if (!session.store.isValidPath(path)) {
      throw new UsageError(
        `path '${printStorePath(session.store.storeDir, path)}' is not valid and cannot be made`,
        { hint: 'name its derivation (.drv), so that it can be built' },
      );
    }
  }
  const results = [...built, ...plain.map((path) => printStorePath(session.store.storeDir, path))];
  for (const [i, path] of results.entries()) {
    if (options.addRoot === undefined) running.print(`${path}\n`);
    else {
      const link = resolve(i === 0 ? options.addRoot : `${options.addRoot}-${i + 1}`);
      await session.addIndirectRoot(link, path);
      running.print(`${link}\n`);
    }
  }
  return 0;
}

async function query(options: Options, running: RunningCommand): Promise<number> {
  const session = await running.session();
  if (options.forceRealise) {
    const drvs = options.positional.filter((argument) => argument.endsWith('.drv'));
    await session.build(
      drvs.map((drvPath) => ({
        drvPath,
        outputs: session.derivationFromFile(drvPath).map((found) => found.outputName),
      })),
    );
  }
  const paths = options.positional.map((argument) => session.storePathOf(argument));
  running.print(
    printQuery({
      session,
      kind: options.query ?? 'outputs',
      paths,
      useOutput: options.useOutput,
      includeOutputs: options.includeOutputs,
    }),
  );
  return 0;
}

async function collect(options: Options, running: RunningCommand): Promise<number> {
  const session = await running.session();
  const { store, location, logger } = session;
  if (options.gcAction === 'roots') {
    for (const [baseName, links] of findRoots({
      ...location,
      logger,
      isValidPath: (path) => store.isValidPath(path),
    })) {
      for (const link of links) running.print(`${link} -> ${store.storeDir}/${baseName}\n`);
    }
    return 0;
  }
  const settings = finalSettings(running.invocation);
  const { paths, freedBytes } = await collectGarbage(store, {
    action: options.gcAction,
    ...(options.maxFreed === undefined ? {} : { maxFreedBytes: options.maxFreed }),
    keepOutputs: settings['keep-outputs'],
    keepDerivations: settings['keep-derivations'],
    signal: running.signal,
  });
  if (options.gcAction !== 'delete-dead') for (const path of paths) running.print(`${path}\n`);
  else logFreed(running, paths.length, freedBytes);
  return 0;
}

async function deletePaths(options: Options, running: RunningCommand): Promise<number> {
  const session = await running.session();
  const { paths, freedBytes } = await collectGarbage(session.store, {
    action: 'delete-specific',
    paths: options.positional.map((argument) => session.storePathOf(argument)),
    ignoreLiveness: options.ignoreLiveness,
    signal: running.signal,
  });
  logFreed(running, paths.length, freedBytes);
  return 0;
}

function logFreed(running: RunningCommand, count: number, freedBytes: number): void {
  running.logger.log(Verbosity.error, `${count} store paths deleted, ${formatMebibytes(freedBytes)} freed`);
}

async function addPaths(options: Options, running: RunningCommand): Promise<number> {
  const session = await running.session();
  for (const argument of options.positional) {
    const file = resolve(argument);
    requireFile(file);
    const path = await session.store.addPath(file.slice(file.lastIndexOf('/') + 1), encodeBytes(file));
    running.print(`${printStorePath(session.store.storeDir, path)}\n`);
  }
  return 0;
}

async function dump(options: Options): Promise<number> {
  const path = onlyPath(options, '--dump');
  requireFile(path);
  const drained = async () => {
    if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
  };
  await dumpTree(encodeBytes(path), (chunk) => void process.stdout.write(Buffer.from(chunk)), {
    pause: drained,
  });
  if (process.stdout.writableLength > 0)
    await new Promise<void>((done) => void process.stdout.write('', () => done()));
  return 0;
}

async function restore(options: Options): Promise<number> {
  await restoreTree(encodeBytes(onlyPath(options, '--restore')), process.stdin as AsyncIterable<Uint8Array>, {
    canonical: false,
  });
  await finished(process.stdin, { writable: false, error: false }).catch(() => {});
  return 0;
}

async function verify(options: Options, running: RunningCommand): Promise<number> {
  const session = await running.session();
  const faulty = await verifyStore(session.store, { checkContents: options.checkContents });
  return faulty ? 1 : 0;
}

async function verifyPaths(options: Options, running: RunningCommand): Promise<number> {
  const session = await running.session();
  let status = 0;
  for (const argument of options.positional) {
    const path = session.storePathOf(argument);
    if (await session.contentsAreGood(path)) continue;
    running.logger.log(
      Verbosity.error,
      `path '${printStorePath(session.store.storeDir, path)}' was modified!`,
    );
    status = 1;
  }
  return status;
}

async function readLogs(options: Options, running: RunningCommand): Promise<number> {
  const session: Session = await running.session();
  for (const argument of options.positional) running.print(session.buildLogOf(argument));
  return 0;
}

function onlyPath(options: Options, operation: string): string {
  if (options.positional.length !== 1)
    throw new UsageError(`'${operation}' needs exactly one path`, { hint: "try 'nix-store --help'" });
  return resolve(options.positional[0]);
}

function requireFile(path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false }))
    throw new UsageError(`path '${path}' does not exist`, { hint: 'name an existing file or directory' });
}

function parseBytes(text: string): number {
  const match = /^(\d+)([KMGT]?)$/.exec(text);
  if (!match)
    throw new UsageError(`'${text}' is not a number of bytes`, {
      hint: 'expected a whole number, with K, M, G or T if you like',
    });
  return Number(match[1]) * 1024 ** ' KMGT'.indexOf(match[2] || ' ');
}
