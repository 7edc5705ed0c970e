/** `nix-store --realise`, and what is known of builds: `--print-env`, `--read-log`. */
import { resolve } from 'node:path';
import { UsageError, Verbosity } from '../diagnostics/index.ts';
import { printStorePath, type StorePath } from '../formats/index.ts';
import type { Installable, Session } from '../session/index.ts';
import { printPlan } from './build-plan.ts';
import type { RunningCommand } from './program.ts';
import { requireArguments, type StoreOptions } from './store-operations.ts';

/** An argument of `--realise`: outputs of a derivation, or a path that must be valid. */
type Wanted = Installable | { readonly path: StorePath };

export async function realise(options: StoreOptions, running: RunningCommand): Promise<number> {
  requireArguments(options, 'realise');
  const session = await running.session();
  const wanted = options.positional
    .map((argument) => parseWanted(session, argument))
    .filter((item) => !options.ignoreUnknown || isKnown(session, item));
  const installables = wanted.filter((item) => 'drvPath' in item);
  printPlan(running.logger, await session.planBuild(installables), session.store.storeDir, {
    verbosity: options.dryRun ? Verbosity.error : Verbosity.info,
  });
  if (options.dryRun) return 0;
  for (const item of wanted) if ('path' in item) requireValid(session, item.path);
  const built = await session.build(installables, options.buildMode);
  if (options.ignoreUnknown) return 0;
  await printResults(options, wanted, built, running);
  return 0;
}

function parseWanted(session: Session, argument: string): Wanted {
  if (!/\.drv(!.*)?$/.test(argument)) {
    const path = session.storePathOf(argument);
    if (!path.isDerivation) return { path };
  }
  const found = session.derivationFromFile(argument);
  return { drvPath: found[0].drvPath, outputs: found.map(({ outputName }) => outputName) };
}

function isKnown(session: Session, item: Wanted): boolean {
  return 'drvPath' in item || session.store.isValidPath(item.path);
}

function requireValid(session: Session, path: StorePath): void {
  if (session.store.isValidPath(path)) return;
  throw new UsageError(
    `path '${printStorePath(session.store.storeDir, path)}' does not exist and cannot be created`,
    { hint: 'name its derivation (.drv), so that it can be built' },
  );
}

/** Prints store paths, or with `--add-root` the links that were made: `LINK`, `LINK-2`, `LINK-2-dev`. */
async function printResults(
  options: StoreOptions,
  wanted: readonly Wanted[],
  built: readonly string[],
  running: RunningCommand,
): Promise<void> {
  const session = await running.session();
  let next = 0;
  for (const [i, item] of wanted.entries()) {
    const outputs: (readonly [name: string, path: string])[] =
      'drvPath' in item
        ? item.outputs.map((name) => [name, built[next++]] as const)
        : [['out', printStorePath(session.store.storeDir, item.path)] as const];
    const lines = await Promise.all(
      outputs.map(async ([name, path]) => {
        if (options.addRoot === undefined) return path;
        const link = resolve(
          `${options.addRoot}${i === 0 ? '' : `-${i + 1}`}${name === 'out' ? '' : `-${name}`}`,
        );
        await session.addIndirectRoot(link, path);
        return link;
      }),
    );
    if (!options.noOutput) for (const line of lines.sort()) running.print(`${line}\n`);
  }
  if (options.addRoot === undefined && wanted.length > 0) warnAboutCollector(running);
}

/** What C++ Nix says, too, when a result is not protected. */
export function warnAboutCollector(running: RunningCommand): void {
  running.logger.warn(
    "you did not specify '--add-root'; the result might be removed by the garbage collector",
  );
}

/** The derivation's environment as shell code, for `eval` or to be sourced; empty lines are C++ Nix's. */
export async function printEnvironment(options: StoreOptions, running: RunningCommand): Promise<number> {
  if (options.positional.length !== 1)
    throw new UsageError("'--print-env' needs exactly one derivation", { hint: "try 'nix-store --help'" });
  const session = await running.session();
  const derivation = session.store.readDerivation(session.storePathOf(options.positional[0]));
  for (const [name, value] of [...derivation.env].sort(([a], [b]) => (a < b ? -1 : 1))) {
    running.printBytes(`export ${name}; ${name}=${quoteForShell(value)}\n\n`);
  }
  running.printBytes(`export _args; _args=${quoteForShell(derivation.args.join(' '))}\n`);
  return 0;
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export async function readLogs(options: StoreOptions, running: RunningCommand): Promise<number> {
  requireArguments(options, 'read-log');
  const session = await running.session();
  for (const argument of options.positional) running.printBytes(session.buildLogOf(argument));
  return 0;
}
