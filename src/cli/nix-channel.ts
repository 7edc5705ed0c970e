/** `nix-channel`: subscriptions to channels, and the generations of their trees. */

import {
  addChannel,
  readChannelList,
  rollbackChannels,
  uninstallChannel,
  updateChannels,
} from '../channel/index.ts';
import { UsageError, Verbosity } from '../diagnostics/index.ts';
import { findGenerations } from '../store/index.ts';
import { channelPlaces, withChannels } from './channel-context.ts';
import type { Command, RunningCommand } from './program.ts';

type Operation = 'list' | 'add' | 'remove' | 'update' | 'rollback' | 'list-generations';

interface Options {
  operation: Operation | undefined;
  readonly positional: string[];
}

export const command: Command = {
  prepare: () => {
    const options: Options = { operation: undefined, positional: [] };
    const choose = (operation: Operation) => () => {
      if (options.operation)
        throw new UsageError('only one operation may be given', { hint: "try 'nix-channel --help'" });
      options.operation = operation;
    };
    return {
      line: {
        usage: [
          '--list',
          '--add URL [NAME]',
          '--remove NAME',
          '--update [NAME...]',
          '--rollback [GENERATION]',
          '--list-generations',
        ],
        summary:
          "Subscribes to channels and fetches them. A channel is 'debian:RELEASE' (made here from Debian's signed archive; RELEASE is trixie, bookworm, sid, or one of them with -small) or the URL of a directory with nixexprs.tar.xz.",
        flags: [
          { long: 'list', description: 'print the subscriptions', apply: choose('list') },
          { long: 'add', description: 'subscribe to a channel; --update fetches it', apply: choose('add') },
          { long: 'remove', description: 'unsubscribe', apply: choose('remove') },
          { long: 'update', description: 'fetch the named channels, or all', apply: choose('update') },
          {
            long: 'list-generations',
            description: 'print the generations',
            apply: choose('list-generations'),
          },
          {
            long: 'rollback',
            description: 'go back to the former generation, or to the one given',
            apply: choose('rollback'),
          },
        ],
        positional: (argument) => void options.positional.push(argument),
      },
      run: (running) => run(options, running),
    };
  },
};

async function run({ operation, positional }: Options, running: RunningCommand): Promise<number> {
  if (!operation) throw new UsageError('no operation was given', { hint: "try 'nix-channel --help'" });
  const session = await running.session();
  const { env } = running.invocation;
  const places = channelPlaces(session, env);
  switch (operation) {
    case 'list':
      requireCount(operation, positional, 0, 0);
      for (const [name, url] of readChannelList(places.list)) running.print(`${name} ${url}\n`);
      break;
    case 'add':
      requireCount(operation, positional, 1, 2);
      addChannel(places.list, positional[0], positional[1]);
      break;
    case 'remove':
      requireCount(operation, positional, 1, 1);
      await withChannels({ session, env, signal: running.signal }, (context) =>
        uninstallChannel(context, positional[0]),
      );
      break;
    case 'update':
      await withChannels({ session, env, signal: running.signal }, (context) =>
        updateChannels(context, positional),
      );
      break;
    case 'list-generations':
      requireCount(operation, positional, 0, 0);
      running.print(formatGenerations(places.profile));
      break;
    case 'rollback': {
      requireCount(operation, positional, 0, 1);
      const { from, to } = rollbackChannels(places, generationNumber(positional[0]));
      running.logger.log(
        Verbosity.info,
        from === undefined
          ? `switching to generation ${to}`
          : `switching profile from version ${from} to ${to}`,
      );
      break;
    }
  }
  return 0;
}

/** `   3   2026-01-10 12:00:00   (current)`, one line a generation, times local. */
function formatGenerations(profile: string): string {
  const { generations, current } = findGenerations(profile);
  return generations
    .map(({ number, creationTimeSeconds }) => {
      const mark = number === current ? '   (current)' : '';
      return `${String(number).padStart(4)}   ${formatTime(creationTimeSeconds)}${mark}\n`;
    })
    .join('');
}

function formatTime(seconds: number): string {
  const time = new Date(seconds * 1000);
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace('T', ' ');
}

function requireCount(
  operation: Operation,
  positional: readonly string[],
  least: number,
  most: number,
): void {
  if (positional.length >= least && positional.length <= most) return;
  const wanted = least === most ? `${most}` : `${least} to ${most}`;
  throw new UsageError(
    `'--${operation}' needs ${wanted} argument${wanted === '1' ? '' : 's'}, ${positional.length} given`,
    { hint: "try 'nix-channel --help'" },
  );
}

function generationNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text))
    throw new UsageError(`'${text}' is not the number of a generation`, { hint: 'expected a whole number' });
  return Number(text);
}
