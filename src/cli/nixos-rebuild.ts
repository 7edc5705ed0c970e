/**
 * `nixos-rebuild`: builds the NixOS configuration and makes it the running system, the boot default, or a virtual
 * machine. A rollback evaluates nothing, opens no store and needs no network.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readChannelList, updateChannels } from '../channel/index.ts';
import { UsageError, Verbosity } from '../diagnostics/index.ts';
import {
  activateSystem,
  buildConfiguration,
  checkCanActivate,
  compareSystems,
  formatPlan,
  listSystemGenerations,
  planConfiguration,
  planRebuild,
  previousSystem,
  type RebuildPlan,
  rollBackSystem,
  type SystemGeneration,
  setSystem,
  systemOfGeneration,
  systemProfile,
} from '../nixos/index.ts';
import { locateStore } from '../session/index.ts';
import { findGenerations } from '../store/index.ts';
import { printPlan } from './build-plan.ts';
import { channelPlaces, withChannels } from './channel-context.ts';
import type { Flag } from './command-line.ts';
import { evaluationFlags, type Invocation } from './common-flags.ts';
import { findAction, type RebuildAction, rebuildActions } from './nixos-rebuild-actions.ts';
import type { Command, RunningCommand } from './program.ts';

interface Options {
  readonly words: string[];
  profileName: string;
  rollback: boolean;
  upgrade: 'no' | 'nixos' | 'all';
  installBootLoader: boolean;
  json: boolean;
  ask: boolean;
  repair: boolean;
}

export const command: Command = {
  prepare: (invocation) => {
    const options: Options = {
      words: [],
      profileName: 'system',
      rollback: false,
      upgrade: 'no',
      installBootLoader: false,
      json: false,
      ask: false,
      repair: false,
    };
    const shown = Object.entries(rebuildActions);
    return {
      line: {
        usage: ['{switch | boot | test | build | ...} [FLAGS]'],
        summary:
          "Builds the NixOS configuration that '<nixos-config>' names: /etc/nixos/configuration.nix, the file in NIXOS_CONFIG, or the one given with -I nixos-config=FILE. Then it does what the action says.",
        flags: [...rebuildFlags(options), ...evaluationFlags(invocation)],
        positional: (argument) => void options.words.push(argument),
        notes: [
          'Actions:',
          ...shown.map(([name, { description }]) => `  ${name.padEnd(27)}${description}`),
        ].join('\n'),
      },
      run: (running) => run(options, running),
    };
  },
};

function rebuildFlags(options: Options): Flag[] {
  return [
    {
      short: 'p',
      long: 'profile-name',
      values: ['NAME'],
      description: "use the profile NAME, with a menu of its own in the boot loader, instead of 'system'",
      apply: (name) => void (options.profileName = name),
    },
    {
      long: 'rollback',
      description: 'take the generation before the current one instead of building anything',
      apply: () => void (options.rollback = true),
    },
    {
      long: 'upgrade',
      description: "fetch the newest 'nixos' channel (of root) first, and those that ask for it",
      apply: () => void (options.upgrade = 'nixos'),
    },
    {
      long: 'upgrade-all',
      description: 'fetch all channels of root first',
      apply: () => void (options.upgrade = 'all'),
    },
    {
      long: 'install-bootloader',
      aliases: ['install-grub'],
      description: 'install the boot loader itself anew, not only its menu',
      apply: () => void (options.installBootLoader = true),
    },
    {
      long: 'ask',
      description: 'show the plan and ask before anything is built',
      apply: () => void (options.ask = true),
    },
    {
      long: 'repair',
      description: 'check every path of the system, and make anew what is damaged',
      apply: () => void (options.repair = true),
    },
    {
      long: 'json',
      description: 'print plan, diff or list-generations as JSON',
      apply: () => void (options.json = true),
    },
    { long: 'fast', description: 'accepted; nothing is rebuilt for the rebuild itself', apply: () => {} },
    { long: 'no-build-nix', description: 'accepted, as --fast', apply: () => {} },
    { long: 'no-reexec', description: 'accepted, as --fast', apply: () => {} },
  ];
}

async function run(options: Options, running: RunningCommand): Promise<number> {
  const action = findAction(options.words[0]);
  const operands = action.report === 'diff' ? 2 : 0;
  if (options.words.length > 1 + operands)
    throw new UsageError(`unexpected argument '${options.words[1 + operands]}'`, {
      hint: "try 'nixos-rebuild --help'",
    });
  const { stateDir } = locateStore(running.invocation.storeUri, running.invocation.env);
  const profile = systemProfile(stateDir, options.profileName);
  if (action.product === undefined) return await report(action, { profile, options }, running);
  if (action.activation) checkCanActivate(action.activation);
  if (options.rollback) return await rollBack(action, { profile, options }, running);
  if (options.upgrade !== 'no') await upgradeChannels(options.upgrade, running);
  return await buildAndUse(action, { profile, options }, running);
}

async function report(action: RebuildAction, target: Target, running: RunningCommand): Promise<number> {
  const { profile, options } = target;
  if (action.report === 'generations')
    return printGenerations(listSystemGenerations(profile), options, running);
  const session = await running.session();
  if (action.report === 'plan') {
    printChanges(await planRebuild(session, profile), options, running);
    return 0;
  }
  const [, from, to] = options.words;
  if (to === undefined)
    throw new UsageError("'diff' needs two generations", { hint: 'for example: nixos-rebuild diff 4 5' });
  printChanges(
    compareSystems(session, systemNamed(profile, from), systemNamed(profile, to)),
    options,
    running,
  );
  return 0;
}

/** A generation by its number, or a system by its path. */
function systemNamed(profile: string, text: string): string {
  return systemOfGeneration(
    /^\d+$/.test(text) ? profile : resolve(text),
    /^\d+$/.test(text) ? Number(text) : 'current',
  );
}

function printChanges(plan: RebuildPlan, { json }: Options, { print }: RunningCommand): void {
  print(json ? `${JSON.stringify(plan, null, 2)}\n` : formatPlan(plan));
}

/** Shows the plan; whether the person at the terminal agrees. */
async function askFirst(profile: string, running: RunningCommand): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UsageError("'--ask' needs a terminal to ask at", {
      hint: "use 'nixos-rebuild plan' in scripts",
    });
  running.print(formatPlan(await planRebuild(await running.session(), profile)));
  const { createInterface } = await import('node:readline/promises');
  const line = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await line.question('Go on? [y/N] ');
  line.close();
  return /^y(es)?$/i.test(answer.trim());
}

interface Target {
  readonly profile: string;
  readonly options: Options;
}

async function rollBack(
  action: RebuildAction,
  { profile, options }: Target,
  { invocation, logger, print, signal }: RunningCommand,
): Promise<number> {
  if (action.product !== 'system' || action.dry)
    throw new UsageError("'--rollback' works with switch, boot, test, dry-activate and build");
  const from = findGenerations(profile).current;
  const previous = action.setsProfile ? await rollBackSystem(profile, signal) : previousSystem(profile);
  logger.log(Verbosity.info, `switching profile from version ${from} to ${previous.number}`);
  const toplevel = systemOfGeneration(profile, previous.number);
  if (!action.activation) {
    print(`${toplevel}\n`);
    return 0;
  }
  return await activate(action, toplevel, options, invocation);
}

async function buildAndUse(
  action: RebuildAction,
  { profile, options }: Target,
  running: RunningCommand,
): Promise<number> {
  if (options.ask && !(await askFirst(profile, running))) return 1;
  const session = await running.session();
  running.logger.log(Verbosity.info, 'building the system configuration...');
  const request = { product: action.product!, args: running.invocation.args };
  if (action.dry) {
    printPlan(running.logger, await planConfiguration(session, request), session.store.storeDir);
    return 0;
  }
  const path = await buildConfiguration(session, { ...request, repair: options.repair });
  if (!action.activation) {
    await session.addIndirectRoot(resolve('result'), path);
    if (action.product !== 'system') sayHowToRun(session.realPath(path), running);
    running.print(`${path}\n`);
    return 0;
  }
  if (action.setsProfile) {
    await keepRunningSystem(profile, running.signal);
    await setSystem(profile, path, running.signal);
  }
  const status = await activate(action, session.realPath(path), options, running.invocation);
  if (status !== 0) running.logger.warn('error(s) occurred while switching to the new configuration');
  return status;
}

function sayHowToRun(realPath: string, { logger }: RunningCommand): void {
  logger.log(
    Verbosity.info,
    `\nDone.  The virtual machine can be started by running ${realPath}/bin/run-*-vm`,
  );
}

/** A machine that was never switched (an image) has no generations: the running system becomes the first, to go back to. */
async function keepRunningSystem(profile: string, signal: AbortSignal): Promise<void> {
  if (findGenerations(profile).generations.length > 0 || !existsSync('/run/current-system')) return;
  await setSystem(profile, systemOfGeneration('/run/current-system', 'current'), signal);
}

function activate(
  action: RebuildAction,
  toplevel: string,
  options: Options,
  { env }: Invocation,
): Promise<number> {
  const { installBootLoader } = options;
  return activateSystem({ action: action.activation!, toplevel, installBootLoader, env });
}

/** Root's channels, and whichever of them hold a file `.update-on-nixos-rebuild`. */
async function upgradeChannels(which: 'nixos' | 'all', running: RunningCommand): Promise<void> {
  const session = await running.session();
  const { env } = running.invocation;
  const places = channelPlaces(session, env);
  const subscribed = [...readChannelList(places.list).keys()];
  if (!subscribed.includes('nixos'))
    throw new UsageError("'--upgrade' needs a channel called 'nixos'", {
      hint: 'subscribe with: nix-channel --add debian:trixie nixos',
    });
  const wantsUpdate = (name: string) =>
    name === 'nixos' || existsSync(join(places.profile, name, '.update-on-nixos-rebuild'));
  const names = which === 'all' ? [] : subscribed.filter(wantsUpdate);
  await withChannels({ session, env, signal: running.signal }, (context) => updateChannels(context, names));
}

function printGenerations(
  generations: readonly SystemGeneration[],
  { json }: Options,
  { print }: RunningCommand,
): number {
  if (json) {
    print(`${JSON.stringify(generations, null, 2)}\n`);
    return 0;
  }
  const header = ['Generation', 'Build-date', 'NixOS version', 'Kernel', 'Configuration Revision', 'Current'];
  const rows = generations.map((each) => [
    String(each.generation),
    each.date,
    each.nixosVersion,
    each.kernelVersion,
    each.configurationRevision,
    each.current ? 'current' : '',
  ]);
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  for (const row of [header, ...rows])
    print(
      `${row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd()}\n`,
    );
  return 0;
}
