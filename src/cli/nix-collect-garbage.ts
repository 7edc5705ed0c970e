/** `nix-collect-garbage`: deletes old generations of all profiles if asked to, then what no root reaches. */
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DownloadCache, pruneDownloads } from '../channel/index.ts';
import { UsageError, Verbosity } from '../diagnostics/index.ts';
import { cacheDirectory, type Session } from '../session/index.ts';
import { deleteGenerations, lockProfile, selectOldGenerations } from '../store/index.ts';
import { parseBytes } from './command-line.ts';
import type { Command, RunningCommand } from './program.ts';
import { collectStore } from './store-garbage.ts';

interface Options {
  /** What to delete of each profile's generations, when anything. */
  old: 'old' | { readonly olderThanSeconds: number } | undefined;
  dryRun: boolean;
  maxFreedBytes: number | undefined;
}

export const command: Command = {
  prepare: () => {
    const options: Options = { old: undefined, dryRun: false, maxFreedBytes: undefined };
    return {
      line: {
        usage: ['[-d | --delete-older-than PERIOD] [--max-freed BYTES] [--dry-run]'],
        summary:
          'Deletes everything in the store that no root reaches. With -d it deletes all generations of all profiles but the current ones first, which makes rolling back impossible.',
        flags: [
          {
            short: 'd',
            long: 'delete-old',
            description: 'delete all old generations of all profiles',
            apply: () => void (options.old = 'old'),
          },
          {
            long: 'delete-older-than',
            values: ['PERIOD'],
            description: "delete generations older than PERIOD, such as '30d'",
            apply: (period) => void (options.old = { olderThanSeconds: parsePeriod(period) }),
          },
          {
            long: 'max-freed',
            values: ['BYTES'],
            description: 'stop when so much is free',
            apply: (bytes) => void (options.maxFreedBytes = parseBytes(bytes)),
          },
          {
            long: 'dry-run',
            description: 'print what would be deleted',
            apply: () => void (options.dryRun = true),
          },
        ],
      },
      run: (running) => run(options, running),
    };
  },
};

/** Seconds in `30d`. */
export function parsePeriod(text: string): number {
  const days = /^(\d+)d$/.exec(text)?.[1];
  if (days === undefined)
    throw new UsageError(`invalid number of days specifier '${text}', expected something like '14d'`, {
      hint: "a whole number of days, then 'd'",
    });
  return Number(days) * 86_400;
}

async function run(options: Options, running: RunningCommand): Promise<number> {
  if (options.dryRun && options.maxFreedBytes !== undefined)
    throw new UsageError('--max-freed and --dry-run cannot be combined', { hint: '--dry-run only prints' });
  const session = await running.session();
  const profiles = findProfiles(join(session.location.stateDir, 'profiles'));
  if (options.old !== undefined) {
    for (const profile of profiles) await removeOld(profile, options.old, options.dryRun, running);
  }
  const status = await collectStore(running, {
    action: options.dryRun ? 'return-dead' : 'delete-dead',
    ...(options.maxFreedBytes === undefined ? {} : { maxFreedBytes: options.maxFreedBytes }),
  });
  if (options.old !== undefined && !options.dryRun) removeDownloads(session, profiles, running);
  return status;
}

/** All links to generations below a directory, sorted. */
function findProfiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return findProfiles(path);
      const isProfile = entry.isSymbolicLink() && /-\d+-link$/.test(readlinkSync(path));
      return isProfile && !/-\d+-link$/.test(entry.name) ? [path] : [];
    });
}

async function removeOld(
  profile: string,
  old: NonNullable<Options['old']>,
  dryRun: boolean,
  running: RunningCommand,
): Promise<void> {
  const { logger } = running;
  logger.log(Verbosity.info, `removing old generations of profile ${profile}`);
  using _lock = await lockProfile(profile, running.signal);
  const numbers = selectOldGenerations(profile, old);
  for (const number of numbers) {
    logger.log(Verbosity.info, `${dryRun ? 'would remove' : 'removing'} profile version ${number}`);
  }
  if (!dryRun) deleteGenerations(profile, numbers);
}

/**
 * Drops downloads that no channel's generation names any more. Only in the store that this user has by default: the
 * cache is one for all stores, and the channels of another one do not say what is needed here.
 */
function removeDownloads(session: Session, profiles: readonly string[], running: RunningCommand): void {
  const { env, storeUri } = running.invocation;
  if (storeUri !== undefined || (env['NIX_REMOTE'] ?? '') !== '') return;
  const directory = join(cacheDirectory(env), 'downloads');
  if (!lstatSync(directory, { throwIfNoEntry: false })) return;
  const channels = profiles.filter((profile) => basename(profile) === 'channels');
  const count = pruneDownloads(new DownloadCache(directory), session.store, channels);
  if (count > 0) running.logger.log(Verbosity.info, `${count} downloads deleted that no channel needs`);
}
