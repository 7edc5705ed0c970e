/** `nix-store` operations that move files: `--add`, `--add-fixed`, `--dump`, `--restore`, `--export`, `--import`. */
import { basename, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { encodeBytes, UsageError } from '../diagnostics/index.ts';
import {
  type HashAlgorithm,
  makeFixedOutputPath,
  parseHash,
  parseHashAlgorithm,
  printStorePath,
} from '../formats/index.ts';
import { dumpTree, exportPaths, importPaths, nodeHasher, restoreTree } from '../store/index.ts';
import type { RunningCommand } from './program.ts';
import {
  onlyPath,
  refuseArguments,
  requireArguments,
  requireFile,
  type StoreOptions,
} from './store-operations.ts';

export async function addPaths(options: StoreOptions, running: RunningCommand): Promise<number> {
  requireArguments(options, 'add');
  return addEach(options.positional, running, { method: 'nar' });
}

/** `--add-fixed ALGORITHM FILE...`: as the output of a fixed-output derivation. */
export async function addFixed(options: StoreOptions, running: RunningCommand): Promise<number> {
  const [algorithm, ...files] = options.positional;
  if (algorithm === undefined)
    throw new UsageError("'--add-fixed' needs a hash algorithm and files", {
      hint: 'for example: nix-store --add-fixed sha256 FILE',
    });
  return addEach(files, running, {
    method: options.recursive ? 'nar' : 'flat',
    algorithm: parseHashAlgorithm(algorithm),
  });
}

async function addEach(
  files: readonly string[],
  running: RunningCommand,
  how: { readonly method: 'nar' | 'flat'; readonly algorithm?: HashAlgorithm },
): Promise<number> {
  const { store } = await running.session();
  for (const argument of files) {
    const file = resolve(argument);
    requireFile(file);
    const path = await store.addPath(encodeBytes(basename(file)), encodeBytes(file), how);
    running.print(`${printStorePath(store.storeDir, path)}\n`);
  }
  return 0;
}

/** `--print-fixed-path ALGORITHM HASH NAME`: where `--add-fixed` would put it. */
export async function printFixedPath(options: StoreOptions, running: RunningCommand): Promise<number> {
  if (options.positional.length !== 3)
    throw new UsageError("'--print-fixed-path' needs an algorithm, a hash and a name", {
      hint: "try 'nix-store --help'",
    });
  const [algorithm, hash, name] = options.positional;
  const { storeDir } = (await running.session()).store;
  const path = makeFixedOutputPath(
    { storeDir, hasher: nodeHasher },
    name,
    options.recursive ? 'nar' : 'flat',
    parseHash(hash, parseHashAlgorithm(algorithm)),
  );
  running.print(`${printStorePath(storeDir, path)}\n`);
  return 0;
}

export async function dump(options: StoreOptions, running: RunningCommand): Promise<number> {
  const path = onlyPath(options, 'dump');
  requireFile(path);
  await dumpTree(encodeBytes(path), (chunk) => running.output.write(chunk), {
    pause: () => running.output.drained(),
  });
  return 0;
}

export async function restore(options: StoreOptions): Promise<number> {
  const path = onlyPath(options, 'restore');
  await restoreTree(encodeBytes(path), process.stdin as AsyncIterable<Uint8Array>, { canonical: false });
  // What follows the archive is taken off the pipe, so that its writer does not fail.
  await finished(process.stdin.resume(), { writable: false, error: false }).catch(() => {});
  return 0;
}

export async function exportStorePaths(options: StoreOptions, running: RunningCommand): Promise<number> {
  const session = await running.session();
  const paths = options.positional.map((argument) => session.storePathOf(argument));
  for await (const chunk of exportPaths(session.store, paths)) {
    running.output.write(chunk);
    await running.output.drained();
  }
  return 0;
}

export async function importStorePaths(options: StoreOptions, running: RunningCommand): Promise<number> {
  refuseArguments(options, 'import');
  const { store } = await running.session();
  for (const path of await importPaths(store, process.stdin as AsyncIterable<Uint8Array>)) {
    running.print(`${printStorePath(store.storeDir, path)}\n`);
  }
  return 0;
}
