/**
 * The plan: what a rebuild would change, found by evaluation alone, before anything is downloaded or built; and the same
 * comparison of two generations that are there already.
 */
import { existsSync, realpathSync } from 'node:fs';
import { decodeBytes } from '../../diagnostics/index.ts';
import { parseStorePath, printStorePath, type StorePath } from '../../formats/index.ts';
import type { Session } from '../../session/index.ts';
import { computeClosure } from '../../store/index.ts';
import { parseFstab } from '../switch/fstab.ts';
import { readFstab, readText, resolved } from '../switch/generation-files.ts';
import { isUp, Manager } from '../switch/manager.ts';
import { planSwitch, type SwitchPlan } from '../switch/plan.ts';
import { packagedUnit, unitsOfGeneration } from '../switch/units.ts';
import { type EvaluatedUnit, unitsOfEvaluation } from './next-units.ts';
import {
  compareOptions,
  type DefinedOption,
  type OptionChange,
  readDefinedOptions,
} from './option-changes.ts';
import { comparePackages, type PackageChange, splitName } from './package-changes.ts';

export interface RebuildPlan {
  /** Toplevel before; absent when nothing is there to compare with. */
  readonly from?: string;
  readonly to: string;
  /** Absent when the older system recorded none. */
  readonly options?: readonly OptionChange[];
  readonly packages: readonly PackageChange[];
  /** Absent where no NixOS runs. */
  readonly units?: Pick<SwitchPlan, 'stop' | 'start' | 'restart' | 'reload' | 'skip'>;
  /** Why a reboot is needed for all of it; empty when it is not. */
  readonly reboot: readonly string[];
  /** Absent for a comparison of what is built. */
  readonly work?: { readonly builds: number; readonly downloads: number; readonly downloadBytes: number };
}

interface Evaluated {
  readonly drvPath: string;
  readonly toplevel: string;
  readonly units: Readonly<Record<string, EvaluatedUnit>>;
  readonly fstab: string;
  readonly initInterface: string;
  readonly boot: { readonly kernel?: string; readonly initrd?: string; readonly parameters?: string };
  readonly options: readonly DefinedOption[];
  /** Names of what `environment.systemPackages` asks for. */
  readonly packages: readonly string[];
}

/** What switching from the running system (or else from `profile`) to the configuration would do. Evaluates; builds nothing. */
export async function planRebuild(session: Session, profile: string): Promise<RebuildPlan> {
  const evaluated = await evaluatePlan(session);
  const work = await session.planBuild([{ drvPath: evaluated.drvPath, outputs: ['out'] }]);
  const { storeDir } = session.store;
  const isRunning = existsSync('/run/current-system');
  const from = resolved(isRunning ? '/run/current-system' : profile);
  const next = derivationGraph(session, evaluated.drvPath);
  const old = from === '' ? undefined : parseStorePath(storeDir, logicalPath(session, from));
  const oldNames = old ? namesOfSystem(session, old) : { built: [], graph: [] };
  const options = from === '' ? undefined : readDefinedOptions(from);
  return {
    ...(old ? { from: printStorePath(storeDir, old) } : {}),
    to: evaluated.toplevel,
    ...(options ? { options: compareOptions(options, evaluated.options) } : {}),
    packages: old ? packagesOfPlan(oldNames, next.names, evaluated.packages) : [],
    ...(isRunning ? { units: planUnits(from, evaluated, next.outputs) } : {}),
    reboot: isRunning ? rebootReasons(evaluated) : [],
    work: {
      builds: work.willBuild.length,
      downloads: work.willFetch.length,
      downloadBytes: work.downloadBytes,
    },
  };
}

/** How two systems that are in the store differ. */
export function compareSystems(session: Session, from: string, to: string): RebuildPlan {
  const { storeDir } = session.store;
  const names = (toplevel: string) =>
    closureNames(session, parseStorePath(storeDir, logicalPath(session, toplevel)));
  const old = readDefinedOptions(from);
  const next = readDefinedOptions(to);
  const kernelOf = (toplevel: string) =>
    [
      resolved(`${toplevel}/kernel`),
      resolved(`${toplevel}/initrd`),
      readText(`${toplevel}/kernel-params`),
    ].join(' ');
  return {
    from: logicalPath(session, from),
    to: logicalPath(session, to),
    ...(old && next ? { options: compareOptions(old, next) } : {}),
    packages: comparePackages(names(from), names(to)),
    reboot:
      kernelOf(from) === kernelOf(to) ? [] : ['the kernel, its parameters or the initial ramdisk differ'],
  };
}

async function evaluatePlan(session: Session): Promise<Evaluated> {
  const answer = await session.evaluate({
    source: {
      kind: 'text',
      text: 'import <nixpkgs/nixos/lib/rebuild-plan.nix> { eval = import <nixpkgs/nixos> { }; }',
      basePath: '/',
    },
    attrPaths: [''],
    args: [],
    output: 'json',
    strict: true,
    writeStore: true,
  });
  if (answer.kind !== 'texts') throw new Error('the evaluator did not answer with a text');
  return JSON.parse(decodeBytes(answer.texts[0])) as Evaluated;
}

/** Outputs of everything that a derivation is made from, and the names of the packages among them. */
function derivationGraph(session: Session, drvPath: string): { outputs: string[]; names: string[] } {
  const { store } = session;
  const outputs: string[] = [];
  const seen = new Set<string>();
  const queue = [parseStorePath(store.storeDir, drvPath)];
  for (let path = queue.pop(); path; path = queue.pop()) {
    if (seen.has(path.baseName)) continue;
    seen.add(path.baseName);
    const derivation = store.readDerivation(path);
    for (const output of derivation.outputs.values()) if (output.path) outputs.push(output.path);
    for (const input of derivation.inputDrvs.keys()) queue.push(parseStorePath(store.storeDir, input));
  }
  return { outputs, names: outputs.map(nameOfPath) };
}

/** What an existing system consists of, and (where its derivation is still there) what it was made from. */
function namesOfSystem(session: Session, toplevel: StorePath): { built: string[]; graph: string[] } {
  const { store } = session;
  const deriver = store.queryPathInfo(toplevel)?.deriver;
  const hasDeriver = deriver !== undefined && store.isValidPath(deriver);
  return {
    built: closureNames(session, toplevel),
    graph: hasDeriver ? derivationGraph(session, printStorePath(store.storeDir, deriver)).names : [],
  };
}

/**
 * What a system is made from is more than what it consists of. Where only the latter is known of the old system, names that
 * are not in it may be tools of the build: only those that the configuration asks for are called new.
 */
function packagesOfPlan(
  old: { readonly built: readonly string[]; readonly graph: readonly string[] },
  next: readonly string[],
  wanted: readonly string[],
): PackageChange[] {
  const before = old.graph.length > 0 ? old.graph : old.built;
  const changes = comparePackages(before, next);
  const asked = new Set(wanted.map((name) => splitName(name)[0]));
  return changes.filter(({ change, name }) => change !== 'new' || old.graph.length > 0 || asked.has(name));
}

function closureNames(session: Session, toplevel: StorePath): string[] {
  return computeClosure(session.store, [toplevel]).map((path) => path.name);
}

function planUnits(from: string, evaluated: Evaluated, outputs: readonly string[]): RebuildPlan['units'] {
  const old = unitsOfGeneration(from, 'system');
  const active = new Manager('systemctl').listUnits().filter(isUp);
  const { stop, start, restart, reload, skip } = planSwitch({
    active: active.map(({ name }) => name),
    old,
    next: unitsOfEvaluation({
      units: evaluated.units,
      old,
      packaged: (name) => packagedUnit(from, 'system', name),
      outputs,
    }),
    oldFstab: readFstab(from),
    nextFstab: parseFstab(evaluated.fstab),
    pending: { start: [], restart: [], reload: [] },
  });
  return { stop, start, restart, reload, skip };
}

function rebootReasons({ boot, initInterface }: Evaluated): string[] {
  const booted = '/run/booted-system';
  const inside = (path: string, store: string | undefined) =>
    store === undefined || path === '' || path === store || path.startsWith(`${store}/`);
  const reasons: string[] = [];
  if (!inside(resolved(`${booted}/kernel`), boot.kernel)) reasons.push('another kernel');
  if (!inside(resolved(`${booted}/initrd`), boot.initrd)) reasons.push('another initial ramdisk');
  if (boot.parameters !== undefined && readText(`${booted}/kernel-params`) !== boot.parameters.trim())
    reasons.push('other kernel parameters');
  const running = readText(`${booted}/init-interface-version`);
  if (running !== '' && running !== initInterface) reasons.push('an init that cannot be switched to');
  return reasons;
}

/** The store path as it is written in the store, for one found through a link of this machine. */
function logicalPath(session: Session, path: string): string {
  const { storeDir, realStoreDir } = session.location;
  const real = realpathSync(path);
  return real.startsWith(`${realStoreDir}/`) ? storeDir + real.slice(realStoreDir.length) : real;
}

function nameOfPath(path: string): string {
  return path.slice(path.lastIndexOf('/') + 34);
}
