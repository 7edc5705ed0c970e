/** `nix-env`: packages in a profile: install, upgrade, remove, query; generations of the profile. */
import { UsageError } from '../diagnostics/index.ts';
import type { UpgradeKind } from '../packages/index.ts';
import type { Flag } from './command-line.ts';
import { evaluationFlags } from './common-flags.ts';
import { nixEnvFlags } from './nix-env-flags.ts';
import { runGenerations } from './nix-env-generations.ts';
import { runInstall, runSet, runSetFlag, runUninstall, runUpgrade } from './nix-env-install.ts';
import { runQuery } from './nix-env-query.ts';
import type { Command, CommandContext, RunningCommand } from './program.ts';

export type NixEnvOperation =
  | 'install'
  | 'upgrade'
  | 'uninstall'
  | 'query'
  | 'set'
  | 'set-flag'
  | 'switch-profile'
  | 'switch-generation'
  | 'rollback'
  | 'list-generations'
  | 'delete-generations';

/** What the command line said. */
export interface NixEnvOptions {
  readonly env: NodeJS.ProcessEnv;
  operation: NixEnvOperation | undefined;
  readonly arguments: string[];
  profile: string | undefined;
  /** `--file`. */
  file: string | undefined;
  systemFilter: string;
  dryRun: boolean;
  prebuiltOnly: boolean;
  /** Where packages to install come from, when something said so. */
  from: 'attributes' | 'expressions' | { readonly profile: string } | undefined;
  preserve: boolean;
  removeAll: boolean;
  priority: string | undefined;
  forceName: string | undefined;
  upgradeKind: UpgradeKind;
  /** With `--query`: the available packages. */
  available: boolean;
  queryAttr: string;
  format: 'table' | 'xml' | 'json';
  /** Names of the columns that were asked for. */
  readonly columns: Set<string>;
}

export const command: Command = {
  prepare: (invocation, context) => {
    const options = newOptions(context.env);
    return {
      line: {
        usage: [
          '-i [-A] PACKAGE...',
          '-u [PACKAGE...]',
          '-e PACKAGE...',
          '-q [-a] [PACKAGE...]',
          '--rollback | --list-generations | --switch-generation N',
        ],
        summary:
          'Installs packages into a profile and removes them. Every change makes a new generation of the profile, to which one can go back.',
        flags: [...nixEnvFlags(options, isQuery(context)), ...(evaluationFlags(invocation) as Flag[])],
        positional: (argument) => void options.arguments.push(argument),
      },
      run: (running) => run(options, running),
    };
  },
};

function newOptions(env: NodeJS.ProcessEnv): NixEnvOptions {
  return {
    env,
    operation: undefined,
    arguments: [],
    profile: undefined,
    file: undefined,
    systemFilter: '*',
    dryRun: false,
    prebuiltOnly: false,
    from: undefined,
    preserve: false,
    removeAll: false,
    priority: undefined,
    forceName: undefined,
    upgradeKind: 'lt',
    available: false,
    queryAttr: '',
    format: 'table',
    columns: new Set(),
  };
}

/** With `--query`, `-A` takes a value and `-P` is a column: known before the flags are read. */
function isQuery({ args }: CommandContext): boolean {
  const end = args.indexOf('--');
  const flags = end < 0 ? args : args.slice(0, end);
  return flags.some((flag) => flag === '--query' || /^-[A-Za-z]*q/.test(flag));
}

function run(options: NixEnvOptions, running: RunningCommand): Promise<number> {
  switch (options.operation) {
    case undefined:
      throw new UsageError('no operation specified', {
        hint: "for example 'nix-env -i hello', 'nix-env -q' or 'nix-env --rollback'; see 'nix-env --help'",
      });
    case 'install':
      return runInstall(options, running);
    case 'upgrade':
      return runUpgrade(options, running);
    case 'uninstall':
      return runUninstall(options, running);
    case 'set':
      return runSet(options, running);
    case 'set-flag':
      return runSetFlag(options, running);
    case 'query':
      return runQuery(options, running);
    default:
      return runGenerations(options, running);
  }
}
