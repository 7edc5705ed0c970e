/** `nix-env`: generations of a profile, and which profile `~/.nix-profile` is. */
import { resolve } from 'node:path';
import { UsageError, Verbosity } from '../diagnostics/index.ts';
import { findProfile, profileLink, replaceLink } from '../packages/index.ts';
import {
  deleteGenerations,
  findGenerations,
  lockProfile,
  selectOldGenerations,
  switchGeneration,
} from '../store/index.ts';
import { parsePeriod } from './nix-collect-garbage.ts';
import type { NixEnvOptions } from './nix-env.ts';
import type { RunningCommand } from './program.ts';

export async function runGenerations(options: NixEnvOptions, running: RunningCommand): Promise<number> {
  if (options.dryRun) running.logger.log(Verbosity.info, '(dry run; not doing anything)');
  if (options.operation === 'switch-profile') return switchProfileLink(options);
  const session = await running.session();
  const profile = findProfile({ session, env: options.env, profile: options.profile });
  using _lock = await lockProfile(profile, running.signal);
  switch (options.operation) {
    case 'list-generations':
      noArguments(options);
      running.print(formatGenerations(profile));
      return 0;
    case 'rollback':
      noArguments(options);
      return switchTo(profile, 'previous', options, running);
    case 'switch-generation':
      return switchTo(profile, generationNumber(onlyArgument(options)), options, running);
    default:
      return remove(profile, options, running);
  }
}

function noArguments({ arguments: args }: NixEnvOptions): void {
  if (args.length > 0) throw new UsageError('no arguments expected', { hint: `got '${args[0]}'` });
}

function onlyArgument({ arguments: args, operation }: NixEnvOptions): string {
  if (args.length === 1) return args[0];
  throw new UsageError('exactly one argument expected', { hint: `for example 'nix-env --${operation} 42'` });
}

function generationNumber(text: string): number {
  if (!/^[0-9]+$/.test(text))
    throw new UsageError('expected a generation number', {
      hint: `got '${text}'; see 'nix-env --list-generations'`,
    });
  return Number(text);
}

function switchProfileLink(options: NixEnvOptions): number {
  if (options.arguments.length !== 1)
    throw new UsageError('exactly one argument expected', { hint: "for example 'nix-env -S ~/my-profile'" });
  if (!options.dryRun) replaceLink(resolve(options.arguments[0]), profileLink(options.env));
  return 0;
}

function switchTo(
  profile: string,
  wanted: number | 'previous',
  { dryRun }: NixEnvOptions,
  { logger }: RunningCommand,
): number {
  const { from, to } = switchGeneration(profile, wanted, { dryRun });
  logger.log(Verbosity.info, `switching profile from version ${from ?? 0} to ${to}`);
  return 0;
}

/** As `nix-env` prints it, times local. */
function formatGenerations(profile: string): string {
  const { generations, current } = findGenerations(profile);
  return generations
    .map(({ number, creationTimeSeconds }) => {
      const time = formatTime(new Date(creationTimeSeconds * 1000));
      return `${String(number).padStart(4)}   ${time}   ${number === current ? '(current)' : ''}\n`;
    })
    .join('');
}

function formatTime(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function remove(profile: string, options: NixEnvOptions, { logger }: RunningCommand): number {
  const numbers = numbersToDelete(profile, options.arguments);
  const { generations } = findGenerations(profile);
  const existing = generations.map(({ number }) => number).filter((number) => numbers.includes(number));
  if (!options.dryRun) deleteGenerations(profile, existing);
  for (const number of existing)
    logger.log(Verbosity.info, `${options.dryRun ? 'would remove' : 'removing'} profile version ${number}`);
  return 0;
}

function numbersToDelete(profile: string, args: readonly string[]): number[] {
  const [only] = args;
  if (args.length !== 1) return args.map(numberOrError);
  if (only === 'old') return selectOldGenerations(profile, 'old');
  if (only.includes('d')) return selectOldGenerations(profile, { olderThanSeconds: parsePeriod(only) });
  if (!only.includes('+')) return [numberOrError(only)];
  const keep = /^\+([0-9]+)$/.exec(only)?.[1];
  if (keep === undefined || Number(keep) === 0)
    throw new UsageError(`invalid number of generations '${only}'`, { hint: "for example '+5'" });
  return selectOldGenerations(profile, { keep: Number(keep) });
}

function numberOrError(text: string): number {
  if (!/^[0-9]+$/.test(text))
    throw new UsageError(`invalid generation number '${text}'`, {
      hint: "expected numbers, 'old', a time such as '30d', or '+5'",
    });
  return Number(text);
}
