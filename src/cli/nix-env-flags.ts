/** The flags of `nix-env`. */
import { UsageError } from '../diagnostics/index.ts';
import type { Flag } from './command-line.ts';
import type { NixEnvOperation, NixEnvOptions } from './nix-env.ts';

/** `-A` and `-P` mean something else with `--query`. */
export function nixEnvFlags(options: NixEnvOptions, isQuery: boolean): Flag[] {
  return [
    ...operationFlags(options),
    ...sourceFlags(options),
    ...(isQuery ? queryFlags(options) : installFlags(options)),
  ];
}

function operationFlags(options: NixEnvOptions): Flag[] {
  const group = 'Operations';
  const operation = (name: NixEnvOperation) => (): void => {
    if (options.operation !== undefined && options.operation !== name)
      throw new UsageError('only one operation may be specified', {
        hint: `both '${options.operation}' and '${name}' were asked for`,
      });
    options.operation = name;
  };
  const flag = (long: NixEnvOperation, description: string, short?: string): Flag => ({
    long,
    ...(short === undefined ? {} : { short }),
    description,
    group,
    apply: operation(long),
  });
  return [
    flag('install', 'add packages', 'i'),
    flag('upgrade', 'replace packages by newer ones', 'u'),
    flag('uninstall', 'remove packages', 'e'),
    flag('query', 'list installed packages, or (-a) available ones', 'q'),
    flag('set', 'let the profile be one package'),
    flag('set-flag', 'set an attribute of meta of installed packages: NAME VALUE PACKAGE...'),
    flag('switch-profile', 'let ~/.nix-profile be another profile', 'S'),
    flag('switch-generation', 'switch to a generation by its number', 'G'),
    flag('rollback', 'switch to the generation before the current one'),
    flag('list-generations', 'list the generations of the profile'),
    flag('delete-generations', "delete generations: numbers, 'old', '30d' or '+5'"),
  ];
}

function sourceFlags(options: NixEnvOptions): Flag[] {
  return [
    {
      short: 'p',
      long: 'profile',
      values: ['PROFILE'],
      description: 'the profile to work on',
      apply: (profile) => void (options.profile = profile),
    },
    {
      short: 'f',
      long: 'file',
      values: ['FILE'],
      description: 'take packages from this expression instead of ~/.nix-defexpr',
      apply: (file) => void (options.file = file),
    },
    {
      long: 'system-filter',
      values: ['SYSTEM'],
      description: 'only packages for this system',
      apply: (system) => void (options.systemFilter = system),
    },
    {
      short: 'b',
      long: 'prebuilt-only',
      description: 'only packages that need not be built',
      apply: () => void (options.prebuiltOnly = true),
    },
    {
      long: 'dry-run',
      description: 'only say what would be done',
      apply: () => void (options.dryRun = true),
    },
  ];
}

function installFlags(options: NixEnvOptions): Flag[] {
  const kind = (upgradeKind: NixEnvOptions['upgradeKind'], description: string): Flag => ({
    long: upgradeKind,
    description: `with --upgrade: ${description}`,
    apply: () => void (options.upgradeKind = upgradeKind),
  });
  return [
    {
      short: 'A',
      long: 'attr',
      description: 'arguments are attribute paths',
      apply: () => void (options.from = 'attributes'),
    },
    {
      short: 'E',
      long: 'from-expression',
      description: 'arguments are functions that get the set of packages',
      apply: () => void (options.from = 'expressions'),
    },
    {
      long: 'from-profile',
      values: ['PROFILE'],
      description: 'take packages from another profile',
      apply: (profile) => void (options.from = { profile }),
    },
    {
      short: 'P',
      long: 'preserve-installed',
      description: 'with --install: keep packages of the same name',
      apply: () => void (options.preserve = true),
    },
    {
      short: 'r',
      long: 'remove-all',
      description: 'with --install: remove everything else',
      apply: () => void (options.removeAll = true),
    },
    {
      long: 'priority',
      values: ['N'],
      description: 'with --install: of files of one name that of the smaller number is taken',
      apply: (priority) => void (options.priority = priority),
    },
    {
      long: 'force-name',
      values: ['NAME'],
      description: 'install under another name',
      hidden: true,
      apply: (name) => void (options.forceName = name),
    },
    kind('lt', 'only to higher versions (the default)'),
    kind('leq', 'to versions that are not lower'),
    kind('eq', 'only to equal versions'),
    kind('always', 'to whatever version there is'),
  ];
}

function queryFlags(options: NixEnvOptions): Flag[] {
  const column = (long: string, description: string, short?: string): Flag => ({
    long,
    ...(short === undefined ? {} : { short }),
    description,
    group: 'With --query',
    apply: () => void options.columns.add(long),
  });
  return [
    {
      short: 'a',
      long: 'available',
      description: 'list available packages',
      group: 'With --query',
      apply: () => void (options.available = true),
    },
    {
      long: 'installed',
      description: 'list installed packages (the default)',
      group: 'With --query',
      apply: () => void (options.available = false),
    },
    {
      short: 'A',
      long: 'attr',
      values: ['PATH'],
      description: 'only packages below this attribute path',
      group: 'With --query',
      apply: (path) => void (options.queryAttr = path),
    },
    column('status', 'installed (I), present (P), can be fetched (S)', 's'),
    column('attr-path', 'the attribute path', 'P'),
    column('no-name', 'leave the name out'),
    column('compare-versions', 'compare installed and available versions', 'c'),
    column('system', 'the system'),
    column('drv-path', 'the derivation'),
    column('out-path', 'the store paths'),
    column('description', 'what it is, in a line'),
    column('meta', 'everything in meta; with --xml or --json'),
    {
      long: 'xml',
      description: 'print XML',
      group: 'With --query',
      apply: () => void (options.format = 'xml'),
    },
    {
      long: 'json',
      description: 'print JSON',
      group: 'With --query',
      apply: () => void (options.format = 'json'),
    },
  ];
}
