/**
 * The switch from the running generation to another one, step by step. Each step may be the last one when the process is
 * killed: what is left to do stands in `/run/nixos`, and the next switch does it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import {
  managerDiffers,
  managerInputsDiffer,
  readFstab,
  readText,
  temporaryFilesDiffer,
} from './generation-files.ts';
import { Manager } from './manager.ts';
import type { SwitchPlan } from './plan.ts';
import { planFor, type Say, sayPlan, sayRest, startUnits, stopUnits } from './switch-units.ts';
import { UnitLists } from './unit-lists.ts';
import { unitsOfGeneration } from './units.ts';
import { runningUsers } from './user-managers.ts';

export type SwitchAction = 'switch' | 'boot' | 'test' | 'dry-activate';

export interface SwitchOptions {
  readonly action: SwitchAction;
  /** The generation to switch to: its store path. */
  readonly toplevel: string;
  /** The program that makes a generation bootable; empty when no boot loader is configured. */
  readonly installBootLoader: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: Say;
}

/** The lock's descriptor, inherited from the wrapper: an activation script that outlives us must keep the lock. */
const LOCK_DESCRIPTOR = 9;

/** Exit statuses: what a caller may want to tell apart. */
const status = { done: 0, failed: 1, activationFailed: 2, unitsFailed: 4, otherInterface: 100 } as const;

export async function switchToConfiguration(options: SwitchOptions): Promise<number> {
  const { action, say } = options;
  if (!isNixos()) {
    say('error: This is not a NixOS installation!');
    return status.failed;
  }
  if (action === 'switch' || action === 'boot') {
    if (!installBootLoader(options)) return status.failed;
  }
  if (options.env['NIXOS_NO_SYNC'] !== '1') spawnSync('sync', ['-f', '/nix/store'], { stdio: 'ignore' });
  if (action === 'boot') return status.done;
  const old = realpathSync('/run/current-system');
  if (!hasSameInterface(old, options)) return status.otherInterface;
  return action === 'dry-activate' ? dryActivate(old, options) : await activate(old, options);
}

function isNixos(): boolean {
  return existsSync('/etc/NIXOS') || /^ID="?nixos"?$/m.test(readText('/etc/os-release'));
}

function installBootLoader({ installBootLoader: program, toplevel, say, env }: SwitchOptions): boolean {
  if (program === '') {
    say('Warning: do not know how to make this configuration bootable; please enable a boot loader.');
    return true;
  }
  const result = spawnSync(program, [toplevel], { stdio: 'inherit', env });
  if (result.status === 0) return true;
  say(`error: the boot loader could not be set up; the running system was not changed`);
  return false;
}

/** The running init cannot be told how to become another one: such a generation has to be booted. */
function hasSameInterface(old: string, { toplevel, say, action }: SwitchOptions): boolean {
  const running = readText(`${old}/init-interface-version`);
  const wanted = readText(`${toplevel}/init-interface-version`);
  if (running === wanted || action === 'dry-activate') return true;
  say(
    `Warning: the new NixOS configuration has an ‘init’ that is incompatible with the current configuration (it speaks '${wanted}', the running one '${running}'). The new configuration won't take effect until you reboot the system.`,
  );
  return false;
}

function situationOf(old: string, { toplevel }: SwitchOptions, lists: UnitLists) {
  return {
    old: unitsOfGeneration(old, 'system'),
    next: unitsOfGeneration(toplevel, 'system'),
    oldFstab: readFstab(old),
    nextFstab: readFstab(toplevel),
    pending: lists.readPending(),
  };
}

function dryActivate(old: string, options: SwitchOptions): number {
  const { say, toplevel } = options;
  const lists = new UnitLists('/run/nixos');
  const { plan } = planFor(new Manager(systemctlOf(toplevel)), situationOf(old, options, lists));
  sayPlan(plan, say);
  say('would activate the configuration...');
  runActivation(`${toplevel}/dry-activate`, options);
  const asked = lists.takeActivationRequests(true);
  if (managerDiffers(old, toplevel)) say('would restart systemd');
  sayRest(withRequests(plan, asked), say);
  sayReboot(plan, say);
  return status.done;
}

async function activate(old: string, options: SwitchOptions): Promise<number> {
  const { say, toplevel } = options;
  const lists = new UnitLists('/run/nixos');
  const wasUnfinished = lists.isUnfinished();
  const manager = new Manager(systemctlOf(toplevel));
  const { before, plan } = planFor(manager, situationOf(old, options, lists));
  lists.writePending(plan);
  lists.setUnfinished(true);

  stopUnits(manager, plan, say);
  for (const device of plan.swapsOff) {
    say(`stopping swap device: ${device}`);
    spawnSync('swapoff', [device], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  say('activating the configuration...');
  const activated = runActivation(`${toplevel}/activate`, options);
  const finalPlan = withRequests(plan, lists.takeActivationRequests(false));
  lists.writePending(finalPlan);

  reloadManager(manager, { old, wasUnfinished }, options);
  if (wasUnfinished || temporaryFilesDiffer(old, toplevel))
    spawnSync('systemd-tmpfiles', ['--create', '--remove', '--exclude-prefix=/dev'], { stdio: 'inherit' });
  const failed = await startUnits(manager, { before, plan: finalPlan }, say);
  await switchUsers(old, { wasUnfinished }, options);
  lists.clear();
  sayReboot(finalPlan, say);
  if (failed.length > 0) {
    reportFailures(manager, failed, say);
    return status.unitsFailed;
  }
  return activated ? status.done : status.activationFailed;
}

function runActivation(script: string, { toplevel, action, env }: SwitchOptions): boolean {
  const stdio = [
    'inherit',
    'inherit',
    'inherit',
    'ignore',
    'ignore',
    'ignore',
    'ignore',
    'ignore',
    'ignore',
  ] as const;
  const withLock = env['FIRN_SWITCH_LOCKED'] === '1' ? [...stdio, LOCK_DESCRIPTOR] : [...stdio];
  const result = spawnSync(script, [toplevel], {
    stdio: withLock,
    env: { ...env, NIXOS_ACTION: action },
  });
  return result.status === 0;
}

/** What the activation script wants restarted or reloaded besides. */
function withRequests(
  plan: SwitchPlan,
  asked: { readonly restart: readonly string[]; readonly reload: readonly string[] },
): SwitchPlan {
  const union = (a: readonly string[], b: readonly string[]) => [...new Set([...a, ...b])].sort();
  const restart = union(plan.restart, asked.restart).filter((name) => !plan.start.includes(name));
  const reload = union(plan.reload, asked.reload).filter(
    (name) => !plan.start.includes(name) && !restart.includes(name),
  );
  return { ...plan, restart, reload };
}

/** A new systemd takes over where the old one stands; otherwise it only reads its units again, if they changed. */
function reloadManager(
  manager: Manager,
  { old, wasUnfinished }: { old: string; wasUnfinished: boolean },
  { toplevel, say }: SwitchOptions,
): void {
  if (managerDiffers(old, toplevel) || (wasUnfinished && !runsManagerOf(toplevel))) {
    say('restarting systemd...');
    manager.control('daemon-reexec');
  } else if (wasUnfinished || managerInputsDiffer(old, toplevel)) {
    manager.control('daemon-reload');
  }
}

function runsManagerOf(toplevel: string): boolean {
  try {
    return realpathSync('/proc/1/exe') === realpathSync(`${toplevel}/systemd/lib/systemd/systemd`);
  } catch {
    return false;
  }
}

/** The managers of the users that are logged in read their units again and treat changed ones as the system's does. */
async function switchUsers(
  old: string,
  { wasUnfinished }: { wasUnfinished: boolean },
  options: SwitchOptions,
): Promise<void> {
  const { toplevel, say } = options;
  if (!wasUnfinished && !managerInputsDiffer(old, toplevel)) return;
  for (const user of runningUsers()) {
    say(`reloading user units for ${user.name}...`);
    const manager = new Manager(systemctlOf(toplevel), user);
    const nothing = { start: [], restart: [], reload: [] };
    const empty = { mounts: new Map(), swaps: new Map() };
    const { before, plan } = planFor(manager, {
      old: unitsOfGeneration(old, 'user'),
      next: unitsOfGeneration(toplevel, 'user'),
      oldFstab: empty,
      nextFstab: empty,
      pending: nothing,
    });
    stopUnits(manager, plan, say);
    manager.control(managerDiffers(old, toplevel) ? 'daemon-reexec' : 'daemon-reload');
    const failed = await startUnits(manager, { before, plan }, say);
    if (failed.length > 0) say(`warning: the following units of ${user.name} failed: ${failed.join(', ')}`);
  }
}

function reportFailures(manager: Manager, failed: readonly string[], say: Say): void {
  say(`warning: the following units failed: ${failed.join(', ')}`);
  say('');
  say(manager.status(failed).trimEnd());
  say('');
  say(`see their logs with: journalctl -b ${failed.map((name) => `-u ${name}`).join(' ')}`);
}

function sayReboot(plan: SwitchPlan, say: Say): void {
  if (plan.reboot.length > 0)
    say(`warning: the changes of these file systems take effect after a reboot: ${plan.reboot.join(', ')}`);
}

function systemctlOf(toplevel: string): string {
  mkdirSync('/run/nixos', { recursive: true });
  return `${toplevel}/systemd/bin/systemctl`;
}
