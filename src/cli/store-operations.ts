/** What every operation of `nix-store` gets: the options that the command line recorded, and checks on its arguments. */
import { lstatSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../diagnostics/index.ts';
import type { BuildMode } from '../session/index.ts';
import type { RunningCommand } from './program.ts';
import type { QueryKind } from './store-queries.ts';

export interface StoreOptions {
  readonly positional: string[];
  query: QueryKind | undefined;
  bindingName: string;
  useOutput: boolean;
  includeOutputs: boolean;
  forceRealise: boolean;
  gcAction: 'delete-dead' | 'return-dead' | 'return-live' | 'roots';
  maxFreed: number | undefined;
  ignoreLiveness: boolean;
  checkContents: boolean;
  /** How `--realise` builds. */
  buildMode: BuildMode;
  repair: boolean;
  recursive: boolean;
  addRoot: string | undefined;
  dryRun: boolean;
  ignoreUnknown: boolean;
  noOutput: boolean;
  reregister: boolean;
  hashGiven: boolean;
  printInvalid: boolean;
}

export function newStoreOptions(): StoreOptions {
  return {
    positional: [],
    query: undefined,
    bindingName: '',
    useOutput: false,
    includeOutputs: false,
    forceRealise: false,
    gcAction: 'delete-dead',
    maxFreed: undefined,
    ignoreLiveness: false,
    checkContents: false,
    buildMode: 'normal',
    repair: false,
    recursive: false,
    addRoot: undefined,
    dryRun: false,
    ignoreUnknown: false,
    noOutput: false,
    reregister: false,
    hashGiven: false,
    printInvalid: false,
  };
}

/** Runs one operation to its exit status. */
export type StoreOperation = (options: StoreOptions, running: RunningCommand) => Promise<number>;

const tryHelp = { hint: "try 'nix-store --help'" };

/** The one path that an operation works on, made absolute. */
export function onlyPath({ positional }: StoreOptions, operation: string): string {
  if (positional.length !== 1) throw new UsageError(`'--${operation}' needs exactly one path`, tryHelp);
  return resolve(positional[0]);
}

export function requireArguments({ positional }: StoreOptions, operation: string): void {
  if (positional.length === 0) throw new UsageError(`'--${operation}' needs at least one argument`, tryHelp);
}

export function refuseArguments({ positional }: StoreOptions, operation: string): void {
  if (positional.length > 0)
    throw new UsageError(`'--${operation}' takes no arguments, but got '${positional[0]}'`, tryHelp);
}

export function requireFile(path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false }))
    throw new UsageError(`path '${path}' does not exist`, { hint: 'name an existing file or directory' });
}
