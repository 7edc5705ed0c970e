/**
 * The flags that all Nix commands share: settings, verbosity, log format, the store, and (for commands that evaluate)
 * the search path and arguments. They fill an `Invocation`, from which the session is opened.
 */
import { readFileSync } from 'node:fs';
import { UsageError, Verbosity } from '../diagnostics/index.ts';
import {
  readConfigurationFiles,
  type Settings,
  SettingsBuilder,
  settingDefinitions,
} from '../session/index.ts';
import type { Flag } from './command-line.ts';
import type { LogFormat } from './loggers.ts';

/** What the shared flags recorded. */
export interface Invocation {
  readonly settings: SettingsBuilder;
  readonly env: NodeJS.ProcessEnv;
  verbosity: number;
  logFormat: LogFormat;
  buildOutput: boolean;
  storeUri: string | undefined;
  /** `-I` values, first one first. */
  readonly searchPath: string[];
  /** `--arg` and `--argstr`, in order. */
  readonly args: { readonly name: string; readonly kind: 'expr' | 'string'; readonly text: string }[];
  dryRun: boolean;
  /** The command changes nothing in the store: one that may only be read will do. */
  onlyReads: boolean;
  /** `--readonly-mode`: what evaluation makes is not written to the store. */
  readOnlyMode: boolean;
}

/** An invocation with the configuration files read. */
export function newInvocation(env: NodeJS.ProcessEnv): Invocation {
  const settings = new SettingsBuilder();
  readConfigurationFiles(settings, env);
  return {
    settings,
    env,
    verbosity: Verbosity.info,
    logFormat: 'bar',
    buildOutput: true,
    storeUri: undefined,
    searchPath: [],
    args: [],
    dryRun: false,
    onlyReads: false,
    readOnlyMode: false,
  };
}

/** The settings as they stand after the command line was read. */
export function finalSettings(invocation: Invocation): Settings {
  return invocation.settings.build();
}

/** A file's (or, as 0, standard input's) contents. */
function readText(file: string | 0): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`cannot read '${file === 0 ? 'standard input' : file}': ${code}`);
  }
}

/** Flags of every command. */
export function commonFlags(invocation: Invocation): Flag[] {
  const set = (name: string) => (value: string) => invocation.settings.set(name, value);
  const on =
    (name: string, value = 'true') =>
    () =>
      invocation.settings.set(name, value);
  const group = 'Common';
  return [
    {
      short: 'v',
      long: 'verbose',
      description: 'say more; may be repeated',
      group,
      apply: () => void invocation.verbosity++,
    },
    {
      long: 'quiet',
      description: 'say less; may be repeated',
      group,
      apply: () => void invocation.verbosity--,
    },
    {
      long: 'log-format',
      values: ['FORMAT'],
      description: 'raw, bar or internal-json',
      group,
      apply: (format) => setLogFormat(invocation, format),
    },
    {
      long: 'option',
      values: ['NAME', 'VALUE'],
      description: 'override a setting of nix.conf',
      group,
      apply: (name, value) => invocation.settings.set(name, value),
    },
    {
      long: 'store',
      values: ['STORE'],
      description: "the store: auto, local, private, or a private store's root directory",
      group,
      apply: (uri) => void (invocation.storeUri = uri),
    },
    {
      long: 'readonly-mode',
      description: 'do not write to the store',
      group,
      apply: () => {
        invocation.readOnlyMode = true;
        invocation.onlyReads = true;
      },
    },
    {
      long: 'show-trace',
      description: 'show the whole evaluation trace with an error',
      group,
      apply: on('show-trace'),
    },
    {
      short: 'j',
      long: 'max-jobs',
      values: ['N'],
      description: 'run at most N builds at once',
      group: 'Building',
      apply: set('max-jobs'),
    },
    {
      long: 'cores',
      values: ['N'],
      description: 'cores that a build may use (NIX_BUILD_CORES)',
      group: 'Building',
      apply: set('cores'),
    },
    {
      short: 'k',
      long: 'keep-going',
      description: 'go on with other builds after a failure',
      group: 'Building',
      apply: on('keep-going'),
    },
    {
      short: 'K',
      long: 'keep-failed',
      description: 'keep the build directory of a failed build',
      group: 'Building',
      apply: on('keep-failed'),
    },
    {
      long: 'fallback',
      description: 'build when substitution fails',
      group: 'Building',
      apply: on('fallback'),
    },
    {
      long: 'max-silent-time',
      values: ['SECONDS'],
      description: 'stop a build that says nothing for so long',
      group: 'Building',
      apply: set('max-silent-time'),
    },
    {
      long: 'timeout',
      values: ['SECONDS'],
      description: 'stop a build that takes longer',
      group: 'Building',
      apply: set('timeout'),
    },
    {
      short: 'Q',
      long: 'no-build-output',
      description: "do not print the builds' output",
      group: 'Building',
      apply: () => void (invocation.buildOutput = false),
    },
    {
      long: 'no-build-hook',
      description: 'accepted; Firn builds on this machine',
      group: 'Building',
      apply: () => {},
    },
  ];
}

/**
 * Every setting as a flag: `--NAME VALUE`, for booleans `--NAME` and `--no-NAME`, for lists also `--extra-NAME VALUES`.
 * They come last, so that a flag of a command's own wins.
 */
export function settingFlags(invocation: Invocation): Flag[] {
  const hidden = true;
  return Object.entries(settingDefinitions).flatMap(([name, { type, description }]): Flag[] => {
    const set = (setting: string, value: string) => invocation.settings.set(setting, value);
    if (type === 'boolean')
      return [
        { long: name, description, hidden, apply: () => set(name, 'true') },
        { long: `no-${name}`, description, hidden, apply: () => set(name, 'false') },
      ];
    const flag = { long: name, values: ['VALUE'], description, hidden };
    const taking = { ...flag, apply: (value: string) => set(name, value) };
    if (type !== 'words') return [taking];
    return [taking, { ...flag, long: `extra-${name}`, apply: (value) => set(`extra-${name}`, value) }];
  });
}

/** Flags of the commands that evaluate. */
export function evaluationFlags(invocation: Invocation): Flag[] {
  const group = 'Evaluation';
  const addArg = (kind: 'expr' | 'string') => (name: string, text: string) =>
    void invocation.args.push({ name, kind, text });
  return [
    {
      short: 'I',
      long: 'include',
      values: ['PATH'],
      description: 'add PATH or NAME=PATH to the search path',
      group,
      apply: (path) => void invocation.searchPath.push(path),
    },
    {
      long: 'arg',
      values: ['NAME', 'EXPR'],
      description: 'pass the value of EXPR as argument NAME',
      group,
      apply: addArg('expr'),
    },
    {
      long: 'argstr',
      values: ['NAME', 'STRING'],
      description: 'pass STRING as argument NAME',
      group,
      apply: addArg('string'),
    },
    {
      long: 'arg-from-file',
      values: ['NAME', 'FILE'],
      description: 'pass the contents of FILE as argument NAME',
      group,
      apply: (name, file) => addArg('string')(name, readText(file)),
    },
    {
      long: 'arg-from-stdin',
      values: ['NAME'],
      description: 'pass what standard input has as argument NAME',
      group,
      apply: (name) => addArg('string')(name, readText(0)),
    },
    {
      long: 'pure-eval',
      description: 'refuse what would make evaluation depend on the machine',
      group,
      apply: () => invocation.settings.set('pure-eval', 'true'),
    },
    {
      long: 'impure',
      description: 'undo --pure-eval',
      group,
      apply: () => invocation.settings.set('pure-eval', 'false'),
    },
    {
      long: 'restrict-eval',
      description: 'read only the search path',
      group,
      apply: () => invocation.settings.set('restrict-eval', 'true'),
    },
    {
      long: 'max-call-depth',
      values: ['N'],
      description: 'depth of calls at which evaluation gives up',
      group,
      apply: (depth) => invocation.settings.set('max-call-depth', depth),
    },
    {
      long: 'trace-verbose',
      description: 'let builtins.traceVerbose print',
      group,
      apply: () => invocation.settings.set('trace-verbose', 'true'),
    },
  ];
}

function setLogFormat(invocation: Invocation, format: string): void {
  const known: Record<string, LogFormat> = {
    raw: 'raw',
    'raw-with-logs': 'raw',
    bar: 'bar',
    'bar-with-logs': 'bar',
    multiline: 'bar',
    'internal-json': 'internal-json',
  };
  if (!Object.hasOwn(known, format)) {
    throw new UsageError(`unknown log format '${format}'`, { hint: 'expected raw, bar or internal-json' });
  }
  invocation.logFormat = known[format];
}
