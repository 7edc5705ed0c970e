/**
 * How a command runs: its flags are parsed into an `Invocation`, `--help` and `--version` are answered, a logger is
 * made, and errors become one rendered text and an exit status.
 */
import { Interrupted, NixError, UsageError, Verbosity } from '../diagnostics/index.ts';
import { openSession, type Session } from '../session/index.ts';
import { type CommandLine, formatHelp, parseCommandLine } from './command-line.ts';
import { commonFlags, finalSettings, type Invocation, newInvocation, settingFlags } from './common-flags.ts';
import { type CommandLogger, makeLogger, standardError } from './loggers.ts';
import { type ResultOutput, standardOutput } from './standard-output.ts';
import { productVersion } from './version.ts';

export interface CommandContext {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** What a command's `prepare` gives: its flags, and what to do once they are parsed. */
export interface PreparedCommand {
  /** Without the common flags, which are added. */
  readonly line: Omit<CommandLine, 'program'>;
  /** The arguments are no flags of ours: they are not parsed. */
  readonly argumentsTaken?: boolean;
  /** What is parsed instead of the command's arguments. */
  readonly args?: readonly string[];
  /** Returns the exit status. */
  readonly run: (running: RunningCommand) => Promise<number>;
}

/** What a running command has at hand. */
export interface RunningCommand {
  readonly invocation: Invocation;
  readonly logger: CommandLogger;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Opens the session on first use; closed when the command ends. */
  readonly session: () => Promise<Session>;
  /** Writes a result to standard output. */
  readonly print: (text: string) => void;
  /** Writes a result that is a byte string. */
  readonly printBytes: (bytes: string) => void;
  /** Standard output, for results that are long. */
  readonly output: ResultOutput;
}

export interface Command {
  readonly prepare: (invocation: Invocation, context: CommandContext) => PreparedCommand;
}

/** Runs a command to its exit status; never throws a `NixError`. */
export async function runCommand(command: Command, context: CommandContext): Promise<number> {
  let logger = makeLogger(standardError, {
    format: 'raw',
    verbosity: Verbosity.info,
    showTrace: context.args.includes('--show-trace'),
    buildOutput: true,
  });
  try {
    const invocation = newInvocation(context.env);
    const prepared = command.prepare(invocation, context);
    const line = {
      ...prepared.line,
      program: context.program,
      flags: [...prepared.line.flags, ...commonFlags(invocation), ...settingFlags(invocation)],
    };
    const parsed = prepared.argumentsTaken ? 'run' : parseCommandLine(line, prepared.args ?? context.args);
    if (parsed === 'help') process.stdout.write(formatHelp(line));
    if (parsed === 'version') process.stdout.write(`${context.program} (Firn) ${productVersion()}\n`);
    if (parsed !== 'run') return 0;
    const settings = finalSettings(invocation);
    logger = makeLogger(standardError, {
      format: invocation.logFormat,
      verbosity: Math.max(0, Math.min(7, invocation.verbosity)) as Verbosity,
      showTrace: settings['show-trace'],
      buildOutput: invocation.buildOutput,
    });
    for (const warning of invocation.settings.warnings) logger.warn(warning);
    return await runPrepared(prepared, invocation, logger);
  } catch (error) {
    return exitStatusOf(error, logger);
  } finally {
    logger.finish();
  }
}

async function runPrepared(
  prepared: PreparedCommand,
  invocation: Invocation,
  logger: CommandLogger,
): Promise<number> {
  const output = standardOutput;
  const abort = new AbortController();
  const onSignal = () => abort.abort(new Interrupted());
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
  let opened: Promise<Session> | undefined;
  try {
    return await prepared.run({
      invocation,
      logger,
      signal: abort.signal,
      session: () => {
        opened ??= openSession({
          settings: finalSettings(invocation),
          env: invocation.env,
          logger,
          storeUri: invocation.storeUri,
          searchPath: invocation.searchPath,
          onlyReads: invocation.onlyReads,
          signal: abort.signal,
        }).then((session) => {
          logger.isForeign = session.isForeignFile;
          return session;
        });
        return opened;
      },
      print: (text) => output.write(text),
      printBytes: (bytes) => output.write(Buffer.from(bytes, 'latin1')),
      output,
    });
  } finally {
    await opened?.then((session) => session.close()).catch(() => {});
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    process.off('SIGHUP', onSignal);
  }
}

/** Reports an error and gives its exit status; rethrows what is a bug. */
function exitStatusOf(error: unknown, logger: CommandLogger): number {
  if (error instanceof Interrupted) {
    logger.error(new UsageError(error.message));
    return 130;
  }
  if (!(error instanceof NixError)) throw error;
  logger.error(error);
  return error.exitStatus;
}
