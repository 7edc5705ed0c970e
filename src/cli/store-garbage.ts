/** `nix-store --gc` and `--delete`, and the collection that `nix-collect-garbage` ends with. */
import { UsageError, Verbosity } from '../diagnostics/index.ts';
import { type CollectOptions, collectGarbage, findRoots, formatMebibytes } from '../store/index.ts';
import { finalSettings } from './common-flags.ts';
import type { RunningCommand } from './program.ts';
import { refuseArguments, requireArguments, type StoreOptions } from './store-operations.ts';

export async function collect(options: StoreOptions, running: RunningCommand): Promise<number> {
  refuseArguments(options, 'gc');
  if (options.maxFreed !== undefined && options.gcAction !== 'delete-dead') {
    throw new UsageError('--max-freed cannot be combined with --print-live, --print-dead or --print-roots', {
      hint: 'these only print',
    });
  }
  if (options.gcAction === 'roots') return printRoots(running);
  return collectStore(running, {
    action: options.gcAction,
    ...(options.maxFreed === undefined ? {} : { maxFreedBytes: options.maxFreed }),
  });
}

/** One line a link, sorted. */
async function printRoots(running: RunningCommand): Promise<number> {
  const { store } = await running.session();
  const lines: string[] = [];
  for (const [baseName, links] of findRoots(store)) {
    for (const link of links) lines.push(`${link} -> ${store.storeDir}/${baseName}\n`);
  }
  for (const line of lines.sort()) running.print(line);
  return 0;
}

/** Collects with the settings in force; prints the paths, or how much was freed. */
export async function collectStore(
  running: RunningCommand,
  options: Pick<CollectOptions, 'action' | 'paths' | 'ignoreLiveness' | 'maxFreedBytes'>,
): Promise<number> {
  const { store } = await running.session();
  const settings = finalSettings(running.invocation);
  const { paths, freedBytes } = await collectGarbage(store, {
    ...options,
    keepOutputs: settings['keep-outputs'],
    keepDerivations: settings['keep-derivations'],
    signal: running.signal,
  });
  if (options.action === 'return-dead' || options.action === 'return-live') {
    for (const path of paths) running.print(`${path}\n`);
  } else {
    running.logger.log(
      Verbosity.error,
      `${paths.length} store paths deleted, ${formatMebibytes(freedBytes)} freed`,
    );
  }
  return 0;
}

export async function deletePaths(options: StoreOptions, running: RunningCommand): Promise<number> {
  requireArguments(options, 'delete');
  const session = await running.session();
  return collectStore(running, {
    action: 'delete-specific',
    paths: options.positional.map((argument) => session.storePathOf(argument)),
    ignoreLiveness: options.ignoreLiveness,
  });
}
