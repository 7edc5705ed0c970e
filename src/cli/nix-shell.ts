/** `nix-shell`: a shell in the environment of a derivation's builder, or with packages in its `PATH`. */
import { existsSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { encodeBytes, NixError, UsageError, Verbosity } from '../diagnostics/index.ts';
import type { Derivation } from '../formats/index.ts';
import { describeExit, enterStore } from '../nixos/index.ts';
import { prepareShell } from '../packages/index.ts';
import { deleteTree, startProcess } from '../platform/index.ts';
import type { ExpressionSource, FoundDerivation, Installable, Session } from '../session/index.ts';
import { printPlan } from './build-plan.ts';
import type { Flag } from './command-line.ts';
import { evaluationFlags } from './common-flags.ts';
import { evaluationRequest, expressionSources } from './evaluation-sources.ts';
import { interpreterCommand, type ShellScript, scriptIn } from './nix-shell-script.ts';
import type { Command, CommandContext, RunningCommand } from './program.ts';

interface Options {
  readonly script: ShellScript | undefined;
  readonly positional: string[];
  readonly attrPaths: string[];
  readonly keep: string[];
  readonly exclude: string[];
  expressions: boolean;
  packages: boolean;
  pure: boolean;
  dryRun: boolean;
  interactive: boolean;
  /** Shell commands to run instead of asking for some. */
  command: string;
}

export const command: Command = {
  prepare: (invocation, context) => {
    const script = scriptIn(context.args);
    const options: Options = {
      script,
      positional: [],
      attrPaths: [],
      keep: [],
      exclude: [],
      expressions: false,
      packages: false,
      pure: false,
      dryRun: false,
      interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
      command: '',
    };
    return {
      args: script?.flags ?? context.args,
      line: {
        usage: ['[FLAGS] [FILE]', '[FLAGS] -p PACKAGE...', 'SCRIPT [ARGUMENT...]'],
        summary:
          'Builds what a derivation needs and starts a shell in the environment of its builder. Without FILE, ./shell.nix or ./default.nix is used; with -p, an environment with these packages of <nixpkgs>.',
        flags: [...ownFlags(options), ...(evaluationFlags(invocation) as Flag[])],
        positional: (argument) => void options.positional.push(argument),
      },
      run: (running) => run(options, running, context),
    };
  },
};

function ownFlags(options: Options): Flag[] {
  const script = options.script;
  return [
    {
      short: 'A',
      long: 'attr',
      values: ['PATH'],
      description: 'use the attribute PATH',
      apply: (path) => void options.attrPaths.push(path),
    },
    {
      short: 'E',
      long: 'expr',
      description: 'arguments are expressions, not files',
      apply: () => void (options.expressions = true),
    },
    {
      short: 'p',
      long: 'packages',
      description: 'arguments are packages of <nixpkgs>',
      apply: () => void (options.packages = true),
    },
    {
      long: 'run',
      values: ['COMMAND'],
      description: 'run COMMAND and end',
      apply: (text) => {
        options.interactive = false;
        options.command = `${text}\nexit`;
      },
    },
    {
      long: 'command',
      values: ['COMMAND'],
      description: 'run COMMAND in an interactive shell; end it with "return" to stay there',
      apply: (text) => void (options.command = `${text}\nexit`),
    },
    {
      long: 'pure',
      description: "leave the user's environment out",
      apply: () => void (options.pure = true),
    },
    {
      long: 'impure',
      description: 'undo --pure',
      apply: () => void (options.pure = false),
    },
    {
      long: 'keep',
      values: ['NAME'],
      description: 'with --pure: keep this variable',
      apply: (name) => void options.keep.push(name),
    },
    {
      long: 'exclude',
      values: ['REGEX'],
      description: 'do not build inputs whose path matches',
      apply: (pattern) => void options.exclude.push(pattern),
    },
    {
      long: 'dry-run',
      description: 'show what would be built and fetched',
      apply: () => void (options.dryRun = true),
    },
    ...(script === undefined
      ? []
      : [
          {
            short: 'i',
            values: ['INTERPRETER'],
            description: 'what runs the script',
            apply: (interpreter: string) => {
              options.interactive = false;
              options.command = interpreterCommand(interpreter, script);
            },
          },
        ]),
  ];
}

async function run(options: Options, running: RunningCommand, context: CommandContext): Promise<number> {
  if (options.packages && options.expressions)
    throw new UsageError("'-p' and '-E' are mutually exclusive", {
      hint: "with -p each argument may be an expression, such as '(hello.override { })'",
    });
  const env: NodeJS.ProcessEnv = { ...context.env, IN_NIX_SHELL: options.pure ? 'pure' : 'impure' };
  running.invocation.env['IN_NIX_SHELL'] = env['IN_NIX_SHELL'];
  const session = await running.session();
  const { drvPath } = await findDerivation(options, session, running);
  const derivation = session.store.readDerivation(session.storePathOf(drvPath));
  const shell = env['NIX_BUILD_SHELL'] ? undefined : await findShell(session, running);
  const wanted = [...inputsOf(derivation, options), ...(shell === undefined ? [] : [shell])];
  printPlan(running.logger, await session.planBuild(wanted), session.store.storeDir, {
    verbosity: options.dryRun ? Verbosity.error : Verbosity.info,
  });
  if (options.dryRun) return 0;
  const paths = await session.build(wanted);
  const program = shell === undefined ? (env['NIX_BUILD_SHELL'] ?? 'bash') : `${paths.at(-1)}/bin/bash`;
  return runShell({ options, running, session, derivation, env, program });
}

async function findDerivation(
  options: Options,
  session: Session,
  running: RunningCommand,
): Promise<FoundDerivation> {
  const found: FoundDerivation[] = [];
  for (const argument of positionalOf(options)) {
    if (argument.endsWith('.drv') && !options.expressions)
      found.push(session.derivationFromFile(argument)[0]);
    else found.push(...(await evaluate(sourceOf(argument, options), options, session, running)));
  }
  const distinct = new Map(found.map((each) => [each.drvPath, each]));
  if (distinct.size !== 1)
    throw new UsageError('nix-shell requires a single derivation', {
      hint: `the arguments stand for ${distinct.size}; choose one with '-A'`,
    });
  return found[0];
}

function positionalOf({ positional, packages, expressions }: Options): readonly string[] {
  if (packages) {
    const inputs = positional.map((text) => `(${text}) `).join('');
    const function_ = 'pkgs.runCommandCC or pkgs.runCommand';
    return [
      `{...}@args: with import <nixpkgs> args; (${function_}) "shell" { buildInputs = [ ${inputs}]; } ""`,
    ];
  }
  if (positional.length > 0 || expressions) return positional;
  if (!existsSync('shell.nix') && !existsSync('default.nix'))
    throw new UsageError(
      "no argument specified and no 'shell.nix' or 'default.nix' file found in the working directory",
      { hint: "name a file, or packages: 'nix-shell -p hello'" },
    );
  return ['.'];
}

function sourceOf(argument: string, { packages, expressions, script }: Options): ExpressionSource {
  const isText = packages || expressions;
  if (isText || /^<.+>$/.test(argument) || argument.includes(':'))
    return expressionSources([argument], isText)[0];
  // In a script, names of files are relative to it.
  const file = resolve(script === undefined ? '.' : dirname(script.file), argument);
  const stat = statSync(file, { throwIfNoEntry: false });
  const own = join(file, 'shell.nix');
  return expressionSources([stat?.isDirectory() && existsSync(own) ? own : file], false)[0];
}

async function evaluate(
  source: ExpressionSource,
  options: Options,
  session: Session,
  running: RunningCommand,
): Promise<readonly FoundDerivation[]> {
  const request = evaluationRequest(running.invocation, source, {
    output: 'derivations',
    attrPaths: options.attrPaths.length > 0 ? options.attrPaths.map(encodeBytes) : [''],
  });
  const argument = { name: 'inNixShell', kind: 'expr', text: 'true' } as const;
  const args = (await takesInNixShell(source, session, running)) ? [argument, ...request.args] : request.args;
  const answer = await session.evaluate({ ...request, args });
  return answer.kind === 'derivations' ? answer.derivations : [];
}

/** Whether the expression is a function with an argument `inNixShell`; others must not get it. */
async function takesInNixShell(
  source: ExpressionSource,
  session: Session,
  running: RunningCommand,
): Promise<boolean> {
  if (source.kind === 'flake') return false;
  const value =
    source.kind === 'text'
      ? `(${source.text}\n)`
      : `import ${source.path.startsWith('<') ? source.path : `(/. + ${JSON.stringify(source.path)})`}`;
  const text = `let v = ${value}; in builtins.isFunction v && builtins.functionArgs v ? inNixShell`;
  const basePath = source.kind === 'text' ? source.basePath : '/';
  const answer = await session.evaluate(
    evaluationRequest(running.invocation, { kind: 'text', text, basePath }, { output: 'value', args: [] }),
  );
  return answer.kind === 'texts' && answer.texts[0] === 'true';
}

/** The shell of `<nixpkgs>`; `undefined` where it has none: then that of the user's environment has to do. */
async function findShell(session: Session, running: RunningCommand): Promise<Installable | undefined> {
  const text = '(import <nixpkgs> {}).bashInteractive';
  const source = { kind: 'text', text, basePath: encodeBytes(process.cwd()) } as const;
  try {
    const request = evaluationRequest(running.invocation, source, { output: 'derivations', args: [] });
    const answer = await session.evaluate(request);
    const [found] = answer.kind === 'derivations' ? answer.derivations : [];
    return found && { drvPath: found.drvPath, outputs: ['out'] };
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    running.logger.log(Verbosity.error, `${error.message}\nuses bash from your environment`);
    return undefined;
  }
}

function inputsOf({ inputDrvs }: Derivation, { exclude }: Options): Installable[] {
  const patterns = exclude.map((pattern) => new RegExp(pattern));
  return [...inputDrvs]
    .filter(([drvPath]) => !patterns.some((pattern) => pattern.test(drvPath)))
    .map(([drvPath, outputs]) => ({ drvPath, outputs }));
}

interface Start {
  readonly options: Options;
  readonly running: RunningCommand;
  readonly session: Session;
  readonly derivation: Derivation;
  readonly env: NodeJS.ProcessEnv;
  readonly program: string;
}

async function runShell({ options, running, session, derivation, env, program }: Start): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'nix-shell-'));
  try {
    const shell = prepareShell({
      derivation,
      env,
      directory,
      storeDir: session.store.storeDir,
      cores: session.settings.cores,
      shell: program,
      pure: options.pure,
      keep: options.keep,
      command: options.command,
    });
    const args = options.interactive ? ['--rcfile', shell.file] : [shell.file];
    running.logger.finish();
    return await start([program, ...args], shell.env, session);
  } finally {
    await deleteTree(directory);
  }
}

/** Runs a program where the store is at its place, on our own terminal; its exit status. */
async function start(
  [program, ...args]: readonly [string, ...string[]],
  env: Record<string, string>,
  session: Session,
): Promise<number> {
  const { root } = session.location;
  // Ctrl-C is for the shell and what runs in it.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  try {
    if (root !== undefined) {
      const command = [program, ...args];
      const tools = session.sandboxTools();
      return describeExit(await enterStore({ tools, storeRoot: root, command, cwd: process.cwd(), env }));
    }
    const inherited = { foreground: true, stdin: 'inherit', stdout: 'inherit', stderr: 'inherit' } as const;
    return describeExit(await startProcess({ program, args, env, ...inherited }).exited);
  } finally {
    process.off('SIGINT', ignore);
  }
}
