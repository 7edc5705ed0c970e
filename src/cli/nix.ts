/** `nix eval`, `nix build` and `nix flake`: the commands on flakes and their attributes. */
import { resolve } from 'node:path';
import { encodeBytes, UsageError, Verbosity } from '../diagnostics/index.ts';
import type { EvaluationOutput, EvaluationRequest, FoundDerivation } from '../session/index.ts';
import { printPlan } from './build-plan.ts';
import type { Flag } from './command-line.ts';
import { evaluationFlags } from './common-flags.ts';
import { evaluationRequest, expressionSources } from './evaluation-sources.ts';
import {
  findAttribute,
  flakeSource,
  newFlakeOptions,
  openFlake,
  splitInstallable,
  textOf,
} from './flake-support.ts';
import { type FlakeCommandOptions, runFlakeCommand } from './nix-flake.ts';
import type { Command, RunningCommand } from './program.ts';

interface Options extends FlakeCommandOptions {
  readonly words: string[];
  impure: boolean;
  expression: string | undefined;
  file: string | undefined;
  apply: string | undefined;
  raw: boolean;
  outLink: string | undefined;
  printPaths: boolean;
  dryRun: boolean;
}

export const command: Command = {
  prepare: (invocation) => {
    const options: Options = {
      words: [],
      flake: newFlakeOptions(),
      json: false,
      raw: false,
      allSystems: false,
      noBuild: false,
      template: 'templates',
      flakeRef: undefined,
      impure: false,
      expression: undefined,
      file: undefined,
      apply: undefined,
      outLink: 'result',
      printPaths: false,
      dryRun: false,
    };
    return {
      line: {
        usage: [
          'eval [FLAGS] [FLAKE#ATTRIBUTE]',
          'build [FLAGS] [FLAKE#ATTRIBUTE...]',
          'flake lock|update|metadata|show|check|init [FLAGS]',
        ],
        summary:
          "Works on flakes: evaluates or builds their attributes, and keeps their lock files. A flake is a directory, a URL or a name from the registries; without one it is the current directory's. Needs the experimental feature 'flakes'.",
        flags: [...ownFlags(options), ...evaluationFlags(invocation)],
        positional: (word) => void options.words.push(word),
      },
      run: (running) => {
        if (!options.impure) invocation.settings.set('pure-eval', 'true');
        return run(options, running);
      },
    };
  },
};

function ownFlags(options: Options): Flag[] {
  const { flake } = options;
  const on =
    <K extends keyof Options>(key: K, value: Options[K]) =>
    () =>
      void (options[key] = value);
  return [
    { long: 'json', description: 'print JSON', apply: on('json', true) },
    { long: 'raw', description: 'print a string as it is', apply: on('raw', true) },
    { long: 'impure', description: 'let evaluation see this machine', apply: on('impure', true) },
    {
      long: 'expr',
      values: ['EXPR'],
      description: 'evaluate an expression',
      apply: (text) => void (options.expression = text),
    },
    {
      short: 'f',
      long: 'file',
      values: ['FILE'],
      description: 'evaluate a file',
      apply: (file) => void (options.file = file),
    },
    {
      long: 'apply',
      values: ['EXPR'],
      description: 'apply a function to the value',
      apply: (text) => void (options.apply = text),
    },
    {
      short: 'o',
      long: 'out-link',
      values: ['LINK'],
      description: "name of the link instead of 'result'",
      apply: (link) => void (options.outLink = link),
    },
    { long: 'no-link', description: 'leave no link', apply: on('outLink', undefined) },
    { long: 'print-out-paths', description: 'print the store paths', apply: on('printPaths', true) },
    { long: 'dry-run', description: 'show what would be built', apply: on('dryRun', true) },
    { long: 'all-systems', description: 'show outputs of all systems', apply: on('allSystems', true) },
    { long: 'no-build', description: 'do not build the checks', apply: on('noBuild', true) },
    {
      short: 't',
      long: 'template',
      values: ['FLAKE#NAME'],
      description: 'template for init',
      apply: (text) => void (options.template = text),
    },
    {
      long: 'flake',
      values: ['FLAKE'],
      description: 'the flake whose inputs are updated',
      apply: (ref) => void (options.flakeRef = ref),
    },
    {
      long: 'recreate-lock-file',
      description: 'lock all inputs anew',
      apply: () => void (flake.recreate = true),
    },
    {
      long: 'no-update-lock-file',
      description: 'refuse changes of the lock file',
      apply: () => void (flake.mayChange = false),
    },
    {
      long: 'no-write-lock-file',
      description: 'do not write the lock file',
      apply: () => void (flake.write = false),
    },
    {
      long: 'commit-lock-file',
      description: 'commit changes of the lock file',
      apply: () => void (flake.commit = true),
    },
    {
      long: 'update-input',
      values: ['INPUT'],
      description: 'lock an input anew',
      apply: (path) => void flake.updates.push(path),
    },
    {
      long: 'override-input',
      values: ['INPUT', 'FLAKE'],
      description: 'use another flake for an input; implies --no-write-lock-file',
      apply: (path, ref) => {
        flake.overrides.push([path, ref]);
        flake.write = false;
      },
    },
  ];
}

function run(options: Options, running: RunningCommand): Promise<number> {
  const [verb, ...args] = options.words;
  if (verb === 'eval') return evaluate(args, options, running);
  if (verb === 'build') return build(args, options, running);
  if (verb === 'flake') return runFlakeCommand(args, options, running);
  throw new UsageError(verb === undefined ? "'nix' needs a subcommand" : `unknown subcommand '${verb}'`, {
    hint: 'it has: eval, build, flake',
  });
}

/** What an argument stands for: a flake's attribute, or an attribute of the expression or file given. */
async function request(
  argument: string | undefined,
  options: Options,
  running: RunningCommand,
  output: EvaluationOutput,
): Promise<EvaluationRequest> {
  const { expression, file, apply } = options;
  if (expression !== undefined || file !== undefined) {
    const [source] = expressionSources([expression ?? resolve(file!)], expression !== undefined);
    const attrPath = encodeBytes(argument ?? '');
    return evaluationRequest(running.invocation, source, {
      output,
      attrPaths: [attrPath],
      strict: true,
      writeStore: true,
    });
  }
  const { flake, attribute } = splitInstallable(argument ?? '.');
  await openFlake(running, flake, options.flake);
  const source = flakeSource(flake, options.flake);
  const attrPath = await findAttribute(running, source, attribute);
  if (apply === undefined)
    return { source, attrPaths: [encodeBytes(attrPath)], args: [], output, strict: true, writeStore: true };
  const applied = { ...source, apply, applyTo: encodeBytes(attrPath) };
  return { source: applied, attrPaths: ['shown'], args: [], output, strict: true, writeStore: true };
}

async function evaluate(args: readonly string[], options: Options, running: RunningCommand): Promise<number> {
  const output = options.raw ? 'raw' : options.json ? 'json' : 'value';
  const wanted = await request(args[0], options, running, output);
  const answer = await (await running.session()).evaluate(wanted);
  running.print(`${textOf(answer)}${options.raw ? '' : '\n'}`);
  return 0;
}

async function build(args: readonly string[], options: Options, running: RunningCommand): Promise<number> {
  const session = await running.session();
  const found: FoundDerivation[] = [];
  for (const argument of args.length > 0 ? args : [undefined]) {
    const answer = await session.evaluate(await request(argument, options, running, 'derivations'));
    const { outputs } = splitInstallable(argument ?? '.');
    if (answer.kind === 'derivations')
      found.push(...answer.derivations.flatMap((drv) => chosenOutputs(drv, outputs)));
  }
  const installables = found.map(({ drvPath, outputName }) => ({ drvPath, outputs: [outputName] }));
  printPlan(running.logger, await session.planBuild(installables), session.store.storeDir, {
    verbosity: options.dryRun ? Verbosity.error : Verbosity.info,
  });
  if (options.dryRun) return 0;
  const paths = await session.build(installables);
  for (const [i, path] of paths.entries()) {
    const { outputName } = found[i];
    const suffix = `${i === 0 ? '' : `-${i}`}${outputName === 'out' ? '' : `-${outputName}`}`;
    if (options.outLink !== undefined)
      await session.addIndirectRoot(resolve(`${options.outLink}${suffix}`), path);
    if (options.printPaths) running.print(`${path}\n`);
  }
  return 0;
}

/** `^dev,doc`, `^*`, or the output that the value stands for. */
function chosenOutputs(drv: FoundDerivation, outputs: string | undefined): FoundDerivation[] {
  if (outputs === undefined) return [drv];
  const names = outputs === '*' ? drv.outputs.map(([name]) => name) : outputs.split(',');
  return names.map((outputName) => ({ ...drv, outputName }));
}
