/**
 * Carries a plan out on one manager, in two halves: what is before the activation script and what is after it. What it
 * does is said in words, on standard error.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isBroken, isUp, type Manager, type UnitState } from './manager.ts';
import { planSwitch, type SwitchPlan, type SwitchSituation } from './plan.ts';

/** How long a service that was just started may take to fail at once. */
const SETTLE_MS = 300;

export type Say = (line: string) => void;

/** The states of a manager's units, and what would be done to them. */
export function planFor(
  manager: Manager,
  situation: Omit<SwitchSituation, 'active'>,
): { before: UnitState[]; plan: SwitchPlan } {
  const before = manager.listUnits();
  const active = before.filter(isUp).map(({ name }) => name);
  return { before, plan: planSwitch({ ...situation, active }) };
}

/** Says what the plan is, without doing it. */
export function sayPlan(plan: SwitchPlan, say: Say): void {
  sayUnits(say, 'would stop the following units', plan.stop);
  sayUnits(say, 'would NOT stop the following changed units', plan.skip);
}

/** Says what would happen after the activation. */
export function sayRest(plan: SwitchPlan, say: Say): void {
  sayUnits(say, 'would reload the following units', plan.reload);
  sayUnits(say, 'would restart the following units', plan.restart);
  sayUnits(say, 'would start the following units', plan.start);
}

/** Before the activation: stops what must not see it happen. */
export function stopUnits(manager: Manager, plan: SwitchPlan, say: Say): void {
  sayUnits(say, 'stopping the following units', plan.stop);
  if (plan.stop.length > 0) manager.control('stop', plan.stop);
  sayUnits(say, 'NOT restarting the following changed units', plan.skip);
}

/**
 * After the activation and the manager's reload: reloads, restarts and starts.
 *
 * @returns the units that failed, sorted
 */
export async function startUnits(
  manager: Manager,
  { before, plan }: { before: readonly UnitState[]; plan: SwitchPlan },
  say: Say,
): Promise<string[]> {
  if (before.some(isBroken)) manager.control('reset-failed');
  sayUnits(say, 'reloading the following units', plan.reload);
  if (plan.reload.length > 0) manager.control('reload-or-restart', plan.reload);
  sayUnits(say, 'restarting the following units', plan.restart);
  if (plan.restart.length > 0) manager.control('restart', plan.restart);
  sayUnits(say, 'starting the following units', plan.start);
  const starting = [...plan.targets, ...plan.start];
  if (starting.length > 0) manager.control('start', starting);
  return await reportOutcome(manager, { before, plan }, say);
}

async function reportOutcome(
  manager: Manager,
  { before, plan }: { before: readonly UnitState[]; plan: SwitchPlan },
  say: Say,
): Promise<string[]> {
  let after = manager.listUnits();
  const wasUp = new Set(before.filter(isUp).map(({ name }) => name));
  const planned = new Set([...plan.start, ...plan.restart, ...plan.reload, ...plan.stop]);
  const isNew = ({ name }: UnitState) =>
    !wasUp.has(name) && !planned.has(name) && /\.(service|socket|timer|path|mount|swap)$/.test(name);
  const started = after.filter((state) => isUp(state) && isNew(state));
  if (plan.start.length + plan.restart.length + started.length > 0 && !after.some(isBroken)) {
    await sleep(SETTLE_MS);
    after = manager.listUnits();
  }
  const failed = after.filter(isBroken).map(({ name }) => name);
  const running = started.filter(({ name }) => !failed.includes(name)).map(({ name }) => name);
  sayUnits(say, 'the following new units were started', running);
  return failed.sort();
}

function sayUnits(say: Say, what: string, units: readonly string[]): void {
  if (units.length > 0) say(`${what}: ${[...units].sort().join(', ')}`);
}
