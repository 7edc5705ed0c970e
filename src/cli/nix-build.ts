/** `nix-build`: evaluates expressions and builds the derivations they stand for. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { encodeBytes, UsageError, Verbosity } from '../diagnostics/index.ts';
import type { BuildMode, FoundDerivation, Session } from '../session/index.ts';
import { printPlan } from './build-plan.ts';
import type { Flag } from './command-line.ts';
import { evaluationFlags, type Invocation } from './common-flags.ts';
import { evaluationRequest, expressionSources } from './evaluation-sources.ts';
import type { Command, RunningCommand } from './program.ts';

interface Options {
  readonly positional: string[];
  readonly attrPaths: string[];
  expressions: boolean;
  outLink: string | undefined;
  dryRun: boolean;
  mode: BuildMode;
}

export const command: Command = {
  prepare: (invocation) => {
    const options: Options = {
      positional: [],
      attrPaths: [],
      expressions: false,
      outLink: 'result',
      dryRun: false,
      mode: 'normal',
    };
    return {
      line: {
        usage: ['[FLAGS] [FILE...]', '[FLAGS] -E EXPR...', '[FLAGS] DRV...'],
        summary:
          "Builds the derivations that Nix expressions stand for, leaves a link 'result' to each and prints its store path. Without FILE, ./default.nix is built.",
        flags: [...ownFlags(options), ...evaluationFlags(invocation)],
        positional: (argument) => void options.positional.push(argument),
      },
      run: (running) => run(options, running),
    };
  },
};

function ownFlags(options: Options): Flag[] {
  return [
    {
      short: 'A',
      long: 'attr',
      values: ['PATH'],
      description: 'build the attribute PATH; may be repeated',
      apply: (path: string) => void options.attrPaths.push(path),
    },
    {
      short: 'E',
      long: 'expr',
      description: 'arguments are expressions, not files',
      apply: () => void (options.expressions = true),
    },
    {
      short: 'o',
      long: 'out-link',
      values: ['LINK'],
      description: "name of the link instead of 'result'",
      apply: (link: string) => void (options.outLink = link),
    },
    {
      long: 'no-out-link',
      aliases: ['no-link'],
      description: 'leave no link',
      apply: () => void (options.outLink = undefined),
    },
    {
      long: 'dry-run',
      description: 'show what would be built and fetched',
      apply: () => void (options.dryRun = true),
    },
    {
      long: 'check',
      description: 'build again what is there, and compare',
      apply: () => void (options.mode = 'check'),
    },
    {
      long: 'repair',
      description: 'build anew what is missing or damaged',
      apply: () => void (options.mode = 'repair'),
    },
    {
      long: 'add-root',
      values: ['LINK'],
      description: 'as --out-link',
      apply: (link: string) => void (options.outLink = link),
    },
    { long: 'indirect', description: 'accepted; roots are always indirect', apply: () => {} },
  ];
}

async function run(options: Options, running: RunningCommand): Promise<number> {
  const session = await running.session();
  const positional = options.positional.length > 0 ? options.positional : defaultPositional(options);
  const derivations: FoundDerivation[] = [];
  for (const argument of positional)
    derivations.push(...(await derivationsOf(argument, options, session, running.invocation)));
  const installables = derivations.map((drv) => ({ drvPath: drv.drvPath, outputs: [drv.outputName] }));
  printPlan(running.logger, await session.planBuild(installables), session.store.storeDir, {
    verbosity: options.dryRun ? Verbosity.error : Verbosity.info,
  });
  if (options.dryRun) return 0;
  const paths = await session.build(installables, options.mode);
  await leaveLinks(options.outLink, derivations, paths, session, running);
  return 0;
}

async function derivationsOf(
  argument: string,
  options: Options,
  session: Session,
  invocation: Invocation,
): Promise<readonly FoundDerivation[]> {
  if (!options.expressions && argument.endsWith('.drv')) return session.derivationFromFile(argument);
  const [source] = expressionSources([argument], options.expressions);
  const answer = await session.evaluate(
    evaluationRequest(invocation, source, {
      output: 'derivations',
      attrPaths: options.attrPaths.length > 0 ? options.attrPaths.map(encodeBytes) : [''],
    }),
  );
  return answer.kind === 'derivations' ? answer.derivations : [];
}

/** Makes `result`, `result-2`, `result-dev`, ... as C++ Nix names them, each a root, and prints the store paths. */
async function leaveLinks(
  outLink: string | undefined,
  derivations: readonly FoundDerivation[],
  paths: readonly string[],
  session: Session,
  running: RunningCommand,
): Promise<void> {
  const numbers = new Map<string, number>();
  for (const [i, path] of paths.entries()) {
    if (outLink !== undefined) {
      const { drvPath, outputName } = derivations[i];
      const number = numbers.get(drvPath) ?? numbers.size + 1;
      numbers.set(drvPath, number);
      const link = `${outLink}${number === 1 ? '' : `-${number}`}${outputName === 'out' ? '' : `-${outputName}`}`;
      await session.addIndirectRoot(resolve(link), path);
    }
    running.print(`${path}\n`);
  }
}

function defaultPositional(options: Options): string[] {
  if (options.expressions)
    throw new UsageError("'-E' needs an expression", {
      hint: "for example: nix-build -E 'with import <nixpkgs> {}; hello'",
    });
  if (!existsSync('default.nix'))
    throw new UsageError("no file was given and './default.nix' does not exist", {
      hint: 'name a file, or give an expression with -E',
    });
  return ['./default.nix'];
}
