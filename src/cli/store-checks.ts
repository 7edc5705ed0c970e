/** `nix-store --verify`, `--verify-path`, `--repair-path` and `--optimise`. */
import { Verbosity } from '../diagnostics/index.ts';
import type { StorePath } from '../formats/index.ts';
import { formatMebibytes, optimiseStore, verifyStore } from '../store/index.ts';
import type { RunningCommand } from './program.ts';
import { refuseArguments, requireArguments, type StoreOptions } from './store-operations.ts';

export async function verify(options: StoreOptions, running: RunningCommand): Promise<number> {
  refuseArguments(options, 'verify');
  const session = await running.session();
  const { checkContents, repair } = options;
  const repairPath = repair ? (path: StorePath) => session.repairPath(path) : undefined;
  const faulty = await verifyStore(session.store, { checkContents, repairPath });
  if (faulty) running.logger.warn('not all store errors were fixed');
  return faulty ? 1 : 0;
}

/** Status 1 when a path's files are not what was registered. */
export async function verifyPaths(options: StoreOptions, running: RunningCommand): Promise<number> {
  requireArguments(options, 'verify-path');
  const session = await running.session();
  let status = 0;
  for (const argument of options.positional) {
    const problem = await session.contentsProblem(session.storePathOf(argument));
    if (!problem) continue;
    running.logger.error(problem);
    status = 1;
  }
  return status;
}

export async function repairPaths(options: StoreOptions, running: RunningCommand): Promise<number> {
  requireArguments(options, 'repair-path');
  const session = await running.session();
  for (const argument of options.positional) await session.repairPath(session.storePathOf(argument));
  return 0;
}

export async function optimise(options: StoreOptions, running: RunningCommand): Promise<number> {
  refuseArguments(options, 'optimise');
  const { store } = await running.session();
  const { filesLinked, freedBytes } = await optimiseStore(store);
  running.logger.log(
    Verbosity.error,
    `${formatMebibytes(freedBytes)} freed by hard-linking ${filesLinked} files`,
  );
  return 0;
}
