/** `nix-store`: works on the store itself. One operation per call; see `store-*.ts` for what each does. */
import { UsageError } from '../diagnostics/index.ts';
import type { Command, RunningCommand } from './program.ts';
import { optimise, repairPaths, verify, verifyPaths } from './store-checks.ts';
import { checkValidity, dumpDatabase, loadDatabase, registerValidity } from './store-database.ts';
import {
  addFixed,
  addPaths,
  dump,
  exportStorePaths,
  importStorePaths,
  printFixedPath,
  restore,
} from './store-files.ts';
import {
  type ChosenOperation,
  checkFlags,
  type OperationName,
  operationFlags,
  optionFlags,
} from './store-flags.ts';
import { collect, deletePaths } from './store-garbage.ts';
import {
  newStoreOptions,
  refuseArguments,
  type StoreOperation,
  type StoreOptions,
} from './store-operations.ts';
import { query } from './store-queries.ts';
import { printEnvironment, readLogs, realise } from './store-realise.ts';

const operations: Readonly<Record<OperationName, StoreOperation>> = {
  realise,
  query,
  gc: collect,
  delete: deletePaths,
  add: addPaths,
  'add-fixed': addFixed,
  'print-fixed-path': printFixedPath,
  'print-env': printEnvironment,
  'read-log': readLogs,
  dump,
  restore,
  export: exportStorePaths,
  import: importStorePaths,
  'dump-db': dumpDatabase,
  'load-db': loadDatabase,
  'register-validity': registerValidity,
  'check-validity': checkValidity,
  verify,
  'verify-path': verifyPaths,
  'repair-path': repairPaths,
  optimise,
  init,
};

/** Operations that change nothing: they also work on a store that this user may only read. */
const reading: readonly OperationName[] = [
  'query',
  'print-env',
  'read-log',
  'dump',
  'export',
  'dump-db',
  'check-validity',
  'verify-path',
  'print-fixed-path',
];

export const command: Command = {
  prepare: (invocation) => {
    const options = newStoreOptions();
    const chosen: ChosenOperation = { name: undefined, restricted: [] };
    return {
      line: {
        usage: [
          '--realise PATH...',
          '--query [--outputs | --references | --referrers | --requisites | --deriver | --tree | --graph | ...] PATH...',
          '--gc [--print-roots | --print-live | --print-dead | --max-freed BYTES]',
          '--delete PATH...',
          '--add FILE... | --add-fixed ALGORITHM FILE...',
          '--dump PATH | --restore PATH',
          '--export PATH... | --import',
          '--verify [--check-contents] [--repair] | --verify-path PATH... | --repair-path PATH...',
          '--optimise',
          '--read-log PATH... | --print-env DERIVATION',
          '--dump-db [PATH...] | --load-db',
        ],
        summary:
          'Realises, queries, collects, verifies and copies what is in the Nix store. PATH is a store path, a file in one, or a link to one such as ./result.',
        flags: [...operationFlags(chosen), ...optionFlags(options, chosen)],
        positional: (argument) => void options.positional.push(argument),
      },
      run: (running) => {
        if (chosen.name && reading.includes(chosen.name) && !options.forceRealise)
          invocation.onlyReads = true;
        return run(chosen, options, running);
      },
    };
  },
};

function run(chosen: ChosenOperation, options: StoreOptions, running: RunningCommand): Promise<number> {
  if (chosen.name === undefined) {
    throw new UsageError('no operation was given', {
      hint: "for example --realise, --query, --gc; try 'nix-store --help'",
    });
  }
  checkFlags(chosen);
  return operations[chosen.name](options, running);
}

async function init(options: StoreOptions, running: RunningCommand): Promise<number> {
  refuseArguments(options, 'init');
  await running.session();
  return 0;
}
