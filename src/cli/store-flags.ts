/** The flags of `nix-store`: its operations, and for each the flags that belong to it. */
import { UsageError } from '../diagnostics/index.ts';
import { type Flag, parseBytes } from './command-line.ts';
import type { StoreOptions } from './store-operations.ts';
import { queryKinds } from './store-queries.ts';

export const operationNames = [
  'realise',
  'query',
  'gc',
  'delete',
  'add',
  'add-fixed',
  'print-fixed-path',
  'print-env',
  'read-log',
  'dump',
  'restore',
  'export',
  'import',
  'dump-db',
  'load-db',
  'register-validity',
  'check-validity',
  'verify',
  'verify-path',
  'repair-path',
  'optimise',
  'init',
] as const;
export type OperationName = (typeof operationNames)[number];

interface OperationFlag {
  readonly name: OperationName;
  readonly short?: string;
  readonly aliases?: readonly string[];
  readonly description: string;
}

const operations: readonly OperationFlag[] = [
  {
    name: 'realise',
    short: 'r',
    aliases: ['realize'],
    description: 'build derivations, or check that paths are valid',
  },
  { name: 'query', short: 'q', description: 'ask about paths' },
  { name: 'gc', description: 'delete what no root reaches' },
  { name: 'delete', description: 'delete paths unless they are alive' },
  { name: 'add', short: 'A', description: 'copy files into the store' },
  { name: 'add-fixed', description: 'ALGORITHM FILE...: copy files in as fixed outputs' },
  { name: 'print-fixed-path', description: 'ALGORITHM HASH NAME: the path of such a file' },
  { name: 'print-env', description: "print a derivation's environment as shell code" },
  { name: 'read-log', short: 'l', aliases: ['log'], description: 'print the build log of paths' },
  { name: 'dump', description: 'write PATH as a NAR to standard output' },
  { name: 'restore', description: 'unpack a NAR from standard input to PATH' },
  { name: 'export', description: 'write store paths to standard output, to import them elsewhere' },
  { name: 'import', description: 'add what --export wrote, from standard input' },
  { name: 'dump-db', description: 'print what is known of all valid paths, or of PATH...' },
  { name: 'load-db', description: 'register what --dump-db printed, from standard input' },
  { name: 'register-validity', description: 'register files that are in the store directory already' },
  { name: 'check-validity', description: 'fail when one of the paths is not valid' },
  { name: 'verify', description: 'check the database against the files' },
  { name: 'verify-path', description: "check the paths' contents" },
  { name: 'repair-path', description: 'build damaged paths anew' },
  { name: 'optimise', aliases: ['optimize'], description: 'make one file of equal ones, by hard links' },
  { name: 'init', description: 'make an empty store; every operation does so' },
];

/** What the flags recorded: the operation, and the flags that belong to only some operations. */
export interface ChosenOperation {
  name: OperationName | undefined;
  readonly restricted: { readonly flag: string; readonly operations: readonly OperationName[] }[];
}

export function operationFlags(chosen: ChosenOperation): Flag[] {
  return operations.map(({ name, short, aliases, description }) => ({
    long: name,
    ...(short ? { short } : {}),
    ...(aliases ? { aliases } : {}),
    description,
    group: 'Operations',
    apply: () => {
      if (chosen.name !== undefined && chosen.name !== name)
        throw new UsageError(`only one operation may be given, not both '--${chosen.name}' and '--${name}'`, {
          hint: "try 'nix-store --help'",
        });
      chosen.name = name;
    },
  }));
}

/** @throws UsageError when a flag was given that the operation does not have */
export function checkFlags(chosen: ChosenOperation): void {
  for (const { flag, operations: allowed } of chosen.restricted) {
    if (chosen.name !== undefined && allowed.includes(chosen.name)) continue;
    throw new UsageError(`flag '--${flag}' does not belong to '--${chosen.name ?? '...'}'`, {
      hint: `it belongs to ${allowed.map((name) => `'--${name}'`).join(', ')}`,
    });
  }
}

/** The other flags; each notes for which operations it is. */
export function optionFlags(options: StoreOptions, chosen: ChosenOperation): Flag[] {
  const restrict = (flag: Flag, allowed: readonly OperationName[]): Flag => ({
    ...flag,
    apply: (...values) => {
      chosen.restricted.push({ flag: flag.long ?? '', operations: allowed });
      flag.apply(...values);
    },
  });
  return [
    ...queryFlags(options).map((flag) => restrict(flag, ['query'])),
    ...collectorFlags(options).map((flag) =>
      restrict(flag, flag.long === 'ignore-liveness' ? ['delete'] : ['gc']),
    ),
    ...otherFlags(options).map(([flag, ...allowed]) => restrict(flag, allowed)),
    {
      long: 'add-root',
      values: ['LINK'],
      description: 'with --realise: make LINK a root for the result',
      apply: (link) => void (options.addRoot = link),
    },
    { long: 'indirect', description: 'accepted; roots are always indirect', apply: () => {} },
    {
      long: 'no-output',
      description: 'with --realise: print no paths',
      apply: () => void (options.noOutput = true),
    },
  ];
}

function queryFlags(options: StoreOptions): Flag[] {
  const group = 'Queries';
  const choose = (kind: StoreOptions['query']) => {
    if (options.query !== undefined && options.query !== kind)
      throw new UsageError(`query '--${kind}' conflicts with '--${options.query}'`, {
        hint: 'ask one question at a time',
      });
    options.query = kind;
  };
  return [
    ...queryKinds.map(
      ({ kind, short, aliases, description }): Flag => ({
        long: kind,
        ...(short ? { short } : {}),
        ...(aliases ? { aliases } : {}),
        description,
        group,
        apply: () => choose(kind),
      }),
    ),
    {
      long: 'binding',
      short: 'b',
      values: ['NAME'],
      description: "the environment variable NAME of paths' derivations",
      group,
      apply: (name) => {
        choose('binding');
        options.bindingName = name;
      },
    },
    {
      short: 'u',
      long: 'use-output',
      description: 'ask about the outputs of the derivations given',
      group,
      apply: () => void (options.useOutput = true),
    },
    {
      long: 'include-outputs',
      description: 'with --requisites: with a derivation also its outputs',
      group,
      apply: () => void (options.includeOutputs = true),
    },
    {
      short: 'f',
      long: 'force-realise',
      aliases: ['force-realize'],
      description: 'build first',
      group,
      apply: () => void (options.forceRealise = true),
    },
  ];
}

function collectorFlags(options: StoreOptions): Flag[] {
  const group = 'Garbage collection';
  const action = (gcAction: StoreOptions['gcAction']) => () => void (options.gcAction = gcAction);
  return [
    { long: 'print-roots', description: 'with --gc: print the roots', group, apply: action('roots') },
    {
      long: 'print-live',
      description: 'with --gc: print what is alive',
      group,
      apply: action('return-live'),
    },
    {
      long: 'print-dead',
      description: 'with --gc: print what would be deleted',
      group,
      apply: action('return-dead'),
    },
    {
      long: 'max-freed',
      values: ['BYTES'],
      description: 'with --gc: stop when so much is free',
      group,
      apply: (bytes) => void (options.maxFreed = parseBytes(bytes)),
    },
    {
      long: 'ignore-liveness',
      description: 'with --delete: do not look at the roots',
      group,
      apply: () => void (options.ignoreLiveness = true),
    },
  ];
}

type Switch = {
  [K in keyof StoreOptions]: StoreOptions[K] extends boolean ? K : never;
}[keyof StoreOptions];

function otherFlags(options: StoreOptions): readonly (readonly [Flag, ...OperationName[]])[] {
  const on = (key: Switch) => () => void (options[key] = true);
  return [
    [
      { long: 'dry-run', description: 'with --realise: show what would be built', apply: on('dryRun') },
      'realise',
    ],
    [
      {
        long: 'ignore-unknown',
        description: 'with --realise: skip paths that cannot be made',
        apply: on('ignoreUnknown'),
      },
      'realise',
    ],
    [
      {
        long: 'check',
        description: 'with --realise: build again what is there, and compare',
        apply: () => void (options.buildMode = 'check'),
      },
      'realise',
    ],
    [
      {
        long: 'repair',
        description: 'with --verify or --realise: build damaged paths anew',
        apply: () => {
          options.repair = true;
          options.buildMode = 'repair';
        },
      },
      'realise',
      'verify',
    ],
    [
      { long: 'check-contents', description: 'with --verify: hash all files', apply: on('checkContents') },
      'verify',
    ],
    [
      {
        long: 'recursive',
        description: 'with --add-fixed: hash the NAR, not the file',
        apply: on('recursive'),
      },
      'add',
      'add-fixed',
      'print-fixed-path',
    ],
    [
      {
        long: 'reregister',
        description: 'with --register-validity: valid paths, too',
        apply: on('reregister'),
      },
      'register-validity',
    ],
    [
      {
        long: 'hash-given',
        description: 'with --register-validity: the input holds hashes and sizes',
        apply: on('hashGiven'),
      },
      'register-validity',
    ],
    [
      {
        long: 'print-invalid',
        description: 'with --check-validity: print what is not valid',
        apply: on('printInvalid'),
      },
      'check-validity',
    ],
  ];
}
