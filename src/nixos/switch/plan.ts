/**
 * What a switch does to the units of a running manager: a pure function of what runs, of the two generations' units and
 * file system tables, and of what an interrupted switch had left to do. Nothing here looks at the machine.
 *
 * A changed unit is stopped before the activation script runs and started after it, so that it never sees half of each
 * generation. Its keys choose otherwise: `X-RestartIfChanged=false` (leave it), `X-ReloadIfChanged=true` (reload it),
 * `X-StopIfChanged=false` (restart it in one go, after the activation).
 */
import { compareUnits } from './compare-units.ts';
import { compareFstabs, type Fstab, unitOfPath } from './fstab.ts';
import { booleanValue, lastValue, words } from './unit-text.ts';
import type { UnitDefinition, UnitSource } from './units.ts';

/** Units that are still to be handled after the activation; kept on disk, so that a killed switch can be completed. */
export interface PendingUnits {
  readonly start: readonly string[];
  readonly restart: readonly string[];
  readonly reload: readonly string[];
}

export interface SwitchSituation {
  /** Names of the units that are active or becoming so. */
  readonly active: readonly string[];
  readonly old: UnitSource;
  readonly next: UnitSource;
  readonly oldFstab: Fstab;
  readonly nextFstab: Fstab;
  readonly pending: PendingUnits;
}

/** All lists are sorted and name no unit twice. */
export interface SwitchPlan extends PendingUnits {
  /** Stopped before the activation. */
  readonly stop: readonly string[];
  /** Changed, but neither stopped nor restarted, because they say so. */
  readonly skip: readonly string[];
  /** Targets to start again: they pull in units that are new. Nobody needs to hear of them. */
  readonly targets: readonly string[];
  /** Devices that are no longer swap. */
  readonly swapsOff: readonly string[];
  /** Changes that only a reboot brings about: mount points in use. */
  readonly reboot: readonly string[];
}

/** Targets that are states of the machine to pass through, not to be in. */
const passingTargets =
  /^(suspend|hibernate|hybrid-sleep|suspend-then-hibernate|sleep|reboot|poweroff|halt|kexec|shutdown|umount|final|soft-reboot|initrd.*)\.target$/;
/** For these the manager's new configuration is all that it takes. */
const managedTypes = /\.(slice|scope|device|target)$/;
/** File systems that the running system stands on. */
const standing = /^\/($|nix($|\/)|usr$|etc$|var($|\/lib$|\/log$))/;

interface Working {
  readonly situation: SwitchSituation;
  readonly isActive: ReadonlySet<string>;
  readonly stop: Set<string>;
  readonly start: Set<string>;
  readonly restart: Set<string>;
  readonly reload: Set<string>;
  readonly skip: Set<string>;
  readonly targets: Set<string>;
  readonly reboot: Set<string>;
}

export function planSwitch(situation: SwitchSituation): SwitchPlan {
  const working: Working = {
    situation,
    isActive: new Set(situation.active),
    stop: new Set(),
    start: new Set(),
    restart: new Set(),
    reload: new Set(),
    skip: new Set(),
    targets: new Set(),
    reboot: new Set(),
  };
  for (const name of situation.active) planUnit(working, name);
  const swapsOff = planFstab(working);
  addPending(working);
  return finish(working, swapsOff);
}

function planUnit(working: Working, name: string): void {
  const old = working.situation.old(name);
  const next = working.situation.next(name);
  if (!old) return; // Made by a generator or by hand: not ours.
  if (!next || next.masked) {
    if (!old.masked && stopsOnRemoval(old)) working.stop.add(name);
    return;
  }
  if (name.endsWith('.target')) return planTarget(working, name, next);
  const difference = compareUnits(old, next);
  if (difference === 'reload' && !name.endsWith('.socket')) working.reload.add(name);
  else if (difference === 'restart') planChanged(working, name, next);
}

function planTarget(working: Working, name: string, next: UnitDefinition): void {
  if (passingTargets.test(name)) return;
  if (!unitFlag(next, 'RefuseManualStart') && !unitFlag(next, 'X-OnlyManualStart')) working.targets.add(name);
  if (unitFlag(next, 'X-StopOnReconfiguration')) working.stop.add(name);
}

function planChanged(working: Working, name: string, next: UnitDefinition): void {
  if (managedTypes.test(name)) return;
  if (name.endsWith('.mount')) return planMount(working, name, lastValue(next.sections, 'Mount', 'Where'));
  switch (switchMethod(next)) {
    case 'keep-old':
      working.skip.add(name);
      return;
    case 'reload':
      working.reload.add(name);
      return;
    case 'restart':
      working.restart.add(name);
      return;
    default:
      if (name.endsWith('.socket')) planSocket(working, name, next);
      else planStopAndStart(working, name, next);
  }
}

/** How a changed unit wants to be brought up to date. */
function switchMethod(next: UnitDefinition): string {
  const explicit = lastValue(next.sections, 'Unit', 'X-SwitchMethod');
  if (explicit !== undefined) return explicit;
  const flag = (key: string, fallback: boolean) =>
    booleanValue(next.sections, { section: 'Service', key, fallback });
  if (flag('X-ReloadIfChanged', false)) return 'reload';
  if (!flag('X-RestartIfChanged', true)) return 'keep-old';
  if (unitFlag(next, 'RefuseManualStop') || unitFlag(next, 'X-OnlyManualStart')) return 'keep-old';
  return flag('X-StopIfChanged', true) ? 'stop-start' : 'restart';
}

/** A service whose socket listens is started by the next connection: only the socket is started again. */
function planStopAndStart(working: Working, name: string, next: UnitDefinition): void {
  working.stop.add(name);
  const sockets = name.endsWith('.service') ? activeSockets(working, name, next) : [];
  for (const socket of sockets) {
    working.stop.add(socket);
    if (working.situation.next(socket)) working.start.add(socket);
  }
  const listening = sockets.some((socket) => working.situation.next(socket)?.masked === false);
  const alone = booleanValue(next.sections, {
    section: 'Service',
    key: 'X-NotSocketActivated',
    fallback: false,
  });
  if (!listening || alone) working.start.add(name);
}

function activeSockets(working: Working, name: string, next: UnitDefinition): string[] {
  const declared = words(next.sections, 'Service', 'Sockets');
  const candidates = declared.length > 0 ? declared : [name.replace(/\.service$/, '.socket')];
  return candidates.filter((socket) => working.isActive.has(socket));
}

/** A socket cannot start while its service runs, so that one stops with it. */
function planSocket(working: Working, name: string, next: UnitDefinition): void {
  const service = lastValue(next.sections, 'Socket', 'Service') ?? name.replace(/\.socket$/, '.service');
  working.stop.add(name);
  working.start.add(name);
  if (working.isActive.has(service)) working.stop.add(service);
}

function planMount(working: Working, name: string, where: string | undefined): void {
  if (where !== undefined && standing.test(where)) working.reboot.add(where);
  else {
    working.stop.add(name);
    working.start.add(name);
  }
}

function planFstab(working: Working): string[] {
  const { oldFstab, nextFstab } = working.situation;
  const difference = compareFstabs(oldFstab, nextFstab);
  const isActive = (point: string) => working.isActive.has(unitOfPath(point, 'mount'));
  for (const point of difference.removed.filter(isActive)) {
    if (standing.test(point)) working.reboot.add(point);
    else working.stop.add(unitOfPath(point, 'mount'));
  }
  for (const point of difference.replaced.filter(isActive))
    planMount(working, unitOfPath(point, 'mount'), point);
  for (const point of difference.remounted.filter(isActive)) working.reload.add(unitOfPath(point, 'mount'));
  return [...difference.swapsOff];
}

function addPending(working: Working): void {
  const { pending, next } = working.situation;
  const exists = (name: string) => next(name)?.masked === false || /\.(mount|automount|swap)$/.test(name);
  for (const name of pending.start.filter(exists)) working.start.add(name);
  for (const name of pending.restart.filter(exists)) working.restart.add(name);
  for (const name of pending.reload.filter(exists)) working.reload.add(name);
}

function finish(working: Working, swapsOff: readonly string[]): SwitchPlan {
  const { stop, start, restart, reload, isActive } = working;
  // What is to be stopped is started, not restarted; what was not running is not reloaded.
  for (const name of restart) if (stop.has(name)) start.add(name);
  const restarted = [...restart].filter((name) => !start.has(name) && !stop.has(name));
  const reloaded = [...reload].filter(
    (name) => !start.has(name) && !stop.has(name) && !restart.has(name) && isActive.has(name),
  );
  return {
    stop: [...stop].sort(),
    skip: [...working.skip].filter((name) => !stop.has(name)).sort(),
    start: [...start].sort(),
    restart: restarted.sort(),
    reload: reloaded.sort(),
    targets: [...working.targets].filter((name) => !start.has(name)).sort(),
    swapsOff: [...swapsOff].sort(),
    reboot: [...working.reboot].sort(),
  };
}

function stopsOnRemoval(unit: UnitDefinition): boolean {
  return booleanValue(unit.sections, { section: 'Unit', key: 'X-StopOnRemoval', fallback: true });
}

function unitFlag(unit: UnitDefinition, key: string): boolean {
  return booleanValue(unit.sections, { section: 'Unit', key, fallback: false });
}
