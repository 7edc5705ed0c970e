/** `nix-instantiate`: evaluates expressions to derivations, or (`--eval`) to values. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { decodeBytes, encodeBytes, UsageError, Verbosity } from '../diagnostics/index.ts';
import {
  type EvaluationOutput,
  type EvaluationRequest,
  evaluateSmall,
  type Session,
} from '../session/index.ts';
import { evaluationFlags, finalSettings, type Invocation } from './common-flags.ts';
import { evaluationRequest, expressionSources } from './evaluation-sources.ts';
import type { Command, RunningCommand } from './program.ts';

interface Options {
  readonly positional: string[];
  readonly attrPaths: string[];
  expressions: boolean;
  mode: 'instantiate' | 'eval' | 'parse' | 'find-file';
  format: 'value' | 'json' | 'xml' | 'raw';
  strict: boolean;
  readWrite: boolean;
  locations: boolean;
  dryRun: boolean;
  addRoot: string | undefined;
}

export const command: Command = {
  prepare: (invocation) => {
    const options: Options = {
      positional: [],
      attrPaths: [],
      expressions: false,
      mode: 'instantiate',
      format: 'value',
      strict: false,
      readWrite: false,
      locations: true,
      dryRun: false,
      addRoot: undefined,
    };
    return {
      line: {
        usage: [
          '[FLAGS] [FILE...]',
          '--eval [--strict] [--json | --xml | --raw] [FILE...]',
          '--parse [FILE...]',
          '--find-file NAME...',
        ],
        summary:
          'Evaluates Nix expressions and writes the derivations they stand for into the store, printing the path of each. Without FILE, ./default.nix is evaluated.',
        flags: [...ownFlags(options), ...evaluationFlags(invocation)],
        positional: (argument) => void options.positional.push(argument),
      },
      run: (running) => run(options, running),
    };
  },
};

function ownFlags(options: Options) {
  const set =
    <K extends keyof Options>(key: K, value: Options[K]) =>
    () =>
      void (options[key] = value);
  return [
    {
      long: 'eval',
      aliases: ['eval-only'],
      description: 'print the value instead of derivations',
      apply: set('mode', 'eval'),
    },
    {
      long: 'parse',
      aliases: ['parse-only'],
      description: 'print the syntax tree',
      apply: set('mode', 'parse'),
    },
    { long: 'find-file', description: 'look NAME up in the search path', apply: set('mode', 'find-file') },
    { long: 'strict', description: 'evaluate the whole value', apply: set('strict', true) },
    { long: 'json', description: 'print the value as JSON', apply: set('format', 'json') },
    { long: 'xml', description: 'print the value as XML', apply: set('format', 'xml') },
    { long: 'raw', description: 'print a string as it is', apply: set('format', 'raw') },
    { long: 'no-location', description: 'leave positions out of the XML', apply: set('locations', false) },
    {
      short: 'E',
      long: 'expr',
      description: 'arguments are expressions, not files',
      apply: set('expressions', true),
    },
    {
      short: 'A',
      long: 'attr',
      values: ['PATH'],
      description: 'select the attribute PATH; may be repeated',
      apply: (path: string) => void options.attrPaths.push(path),
    },
    { long: 'read-write-mode', description: 'let --eval write to the store', apply: set('readWrite', true) },
    {
      long: 'add-root',
      values: ['PATH'],
      description: 'make PATH a root for the result',
      apply: (path: string) => void (options.addRoot = path),
    },
    {
      long: 'dry-run',
      description: 'print the derivations without writing them to the store',
      apply: set('dryRun', true),
    },
    { long: 'indirect', description: 'accepted; roots are always indirect', apply: () => {} },
  ];
}

async function run(options: Options, running: RunningCommand): Promise<number> {
  if (options.mode === 'find-file') return findFiles(options, await running.session(), running);
  const positional = options.positional.length > 0 ? options.positional : defaultPositional(options);
  let rootNumber = 0;
  for (const source of expressionSources(positional, options.expressions)) {
    const wanted = request(options, running.invocation, source);
    const answer =
      (await evaluateQuickly(wanted, running)) ?? (await (await running.session()).evaluate(wanted));
    if (answer.kind === 'texts') {
      for (const text of answer.texts)
        running.print(options.format === 'raw' ? decodeBytes(text) : `${decodeBytes(text)}\n`);
      continue;
    }
    for (const drv of answer.derivations) {
      const suffix = drv.outputName === 'out' ? '' : `!${drv.outputName}`;
      if (options.addRoot === undefined) running.print(`${drv.drvPath}${suffix}\n`);
      else {
        rootNumber++;
        const link = resolve(rootNumber === 1 ? options.addRoot : `${options.addRoot}-${rootNumber}`);
        await (await running.session()).addIndirectRoot(link, drv.drvPath);
        running.print(`${link}${suffix}\n`);
      }
    }
    if (options.addRoot === undefined && answer.derivations.length > 0) {
      running.logger.warn(
        "you did not specify '--add-root'; the result might be removed by the garbage collector",
      );
    }
  }
  return 0;
}

/** What a short expression needs no store for. */
function evaluateQuickly(wanted: EvaluationRequest, running: RunningCommand) {
  const { env, storeUri, searchPath } = running.invocation;
  const settings = finalSettings(running.invocation);
  const print = (message: string) => running.logger.log(Verbosity.error, message);
  const explain = (line: string) => settings['explain-cache'] && print(`evaluation cache: ${line}`);
  const { signal } = running;
  return evaluateSmall(wanted, { settings, env, storeUri, searchPath, print, explain, signal });
}

function defaultPositional(options: Options): string[] {
  if (options.expressions)
    throw new UsageError("'-E' needs an expression", {
      hint: "for example: nix-instantiate --eval -E '1 + 1'",
    });
  if (!existsSync('default.nix'))
    throw new UsageError("no file was given and './default.nix' does not exist", {
      hint: 'name a file, or give an expression with -E',
    });
  return ['./default.nix'];
}

function request(
  options: Options,
  invocation: Invocation,
  source: EvaluationRequest['source'],
): EvaluationRequest {
  const output: EvaluationOutput =
    options.mode === 'parse' ? 'parse' : options.mode === 'eval' ? options.format : 'derivations';
  return evaluationRequest(invocation, source, {
    output,
    attrPaths: options.attrPaths.length > 0 ? options.attrPaths.map(encodeBytes) : [''],
    strict: options.strict,
    writeStore: writesStore(options, invocation),
    xmlLocations: options.locations,
  });
}

function writesStore(options: Options, invocation: Invocation): boolean {
  if (options.dryRun || invocation.readOnlyMode) return false;
  return options.mode === 'instantiate' || options.readWrite;
}

async function findFiles(options: Options, session: Session, running: RunningCommand): Promise<number> {
  for (const name of options.positional) {
    running.print(`${decodeBytes(await session.findFile(encodeBytes(name)))}\n`);
  }
  return 0;
}
