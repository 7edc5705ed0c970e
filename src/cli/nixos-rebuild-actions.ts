/** The actions of `nixos-rebuild`: what each builds and what it does with the result. */
import { suggestNear, UsageError } from '../diagnostics/index.ts';
import type { ActivationAction, RebuildProduct } from '../nixos/index.ts';

export interface RebuildAction {
  readonly description: string;
  /** What is evaluated; absent for actions that evaluate nothing. */
  readonly product?: RebuildProduct;
  /** Only say what would be built. */
  readonly dry?: true;
  /** Make the result a generation of the profile. */
  readonly setsProfile?: true;
  /** What the result's `switch-to-configuration` is told. */
  readonly activation?: ActivationAction;
  /** What it evaluates is only compared, or nothing is evaluated at all. */
  readonly report?: 'plan' | 'diff' | 'generations';
}

export const rebuildActions: Readonly<Record<string, RebuildAction>> = {
  switch: {
    product: 'system',
    setsProfile: true,
    activation: 'switch',
    description: 'build, make it the boot default and the running system',
  },
  boot: {
    product: 'system',
    setsProfile: true,
    activation: 'boot',
    description: 'build and make it the boot default; it runs after the next reboot',
  },
  test: {
    product: 'system',
    activation: 'test',
    description: 'build and make it the running system until the next reboot',
  },
  build: { product: 'system', description: "build the configuration and leave './result'" },
  'dry-build': { product: 'system', dry: true, description: 'show what would be built and fetched' },
  'dry-run': { product: 'system', dry: true, description: 'another name of dry-build' },
  'dry-activate': {
    product: 'system',
    activation: 'dry-activate',
    description: 'build, and show what a switch would stop, start and reload',
  },
  'build-vm': {
    product: 'vm',
    description: 'build a script that runs the configuration as a virtual machine',
  },
  'build-vm-with-bootloader': {
    product: 'vmWithBootLoader',
    description: 'the same, starting from a disk with its boot loader',
  },
  plan: {
    report: 'plan',
    description: 'show what a switch would change, before anything is downloaded or built',
  },
  diff: { report: 'diff', description: 'compare two generations: diff A B, by number or by path' },
  'list-generations': { report: 'generations', description: "show the profile's generations" },
};

/** @throws UsageError for an action that does not exist, with near names */
export function findAction(name: string | undefined): RebuildAction {
  const names = Object.keys(rebuildActions);
  if (name === undefined)
    throw new UsageError('no action was given', { hint: `expected one of: ${names.join(', ')}` });
  if (Object.hasOwn(rebuildActions, name)) return rebuildActions[name];
  const near = suggestNear(name, names, 1);
  throw new UsageError(`unknown action '${name}'`, {
    hint: near[0] ? `did you mean '${near[0]}'?` : `expected one of: ${names.join(', ')}`,
  });
}
