/**
 * `nix-copy-closure`: copies closures between this store and that of another machine over SSH. The other side runs
 * `nix-store`; what it has already is not sent.
 */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { NixError, UsageError, Verbosity } from '../diagnostics/index.ts';
import { printStorePath, type StorePath } from '../formats/index.ts';
import { splitShellWords } from '../packages/index.ts';
import { describeExitStatus, runProcess, startProcess, succeeded } from '../platform/index.ts';
import type { Session } from '../session/index.ts';
import { computeClosure, exportPaths, importPaths } from '../store/index.ts';
import type { Command, RunningCommand } from './program.ts';

interface Options {
  readonly positional: string[];
  direction: 'to' | 'from';
  compress: boolean;
  includeOutputs: boolean;
}

export const command: Command = {
  prepare: () => {
    const options: Options = { positional: [], direction: 'to', compress: false, includeOutputs: false };
    return {
      line: {
        usage: ['[--to | --from] [USER@]HOST PATH...'],
        summary:
          "Copies store paths with all they need to another machine's store (--to) or from it (--from).",
        flags: [
          {
            long: 'to',
            description: 'copy to HOST (the default)',
            apply: () => void (options.direction = 'to'),
          },
          { long: 'from', description: 'copy from HOST', apply: () => void (options.direction = 'from') },
          { long: 'gzip', description: 'compress what is sent', apply: () => void (options.compress = true) },
          {
            long: 'include-outputs',
            description: 'with --to: copy the outputs of derivations, too',
            apply: () => void (options.includeOutputs = true),
          },
          {
            long: 'use-substitutes',
            short: 's',
            description: 'accepted; the other side takes what is sent',
            apply: () => {},
          },
        ],
        positional: (argument) => void options.positional.push(argument),
      },
      run: (running) => run(options, running),
    };
  },
};

async function run(options: Options, running: RunningCommand): Promise<number> {
  const [host, ...paths] = options.positional;
  if (host === undefined)
    throw new UsageError('you must specify a host name', {
      hint: "for example 'nix-copy-closure me@server ./result'",
    });
  const session = await running.session();
  const remote = new Remote(host, options, running);
  if (options.direction === 'to') await copyTo(remote, session, paths, options);
  else await copyFrom(remote, session, paths);
  return 0;
}

async function copyTo(
  remote: Remote,
  session: Session,
  paths: readonly string[],
  options: Options,
): Promise<void> {
  const { store } = session;
  const roots = paths.map((path) => session.storePathOf(path));
  const closure = computeClosure(store, roots, { includeOutputs: options.includeOutputs });
  const printed = (path: StorePath) => printStorePath(store.storeDir, path);
  const missing = new Set(
    await remote.lines(['--check-validity', '--print-invalid', ...closure.map(printed)]),
  );
  const wanted = closure.filter((path) => missing.has(printed(path)));
  if (wanted.length === 0) return;
  remote.announce(wanted.length, 'to');
  await remote.feed(['--import'], exportPaths(store, wanted));
}

async function copyFrom(remote: Remote, session: Session, paths: readonly string[]): Promise<void> {
  const { store, location } = session;
  const closure = await remote.lines(['--query', '--requisites', ...paths]);
  const wanted = closure.filter((path) => {
    if (!path.startsWith(`${location.storeDir}/`))
      throw new NixError(
        `the other side has '${path}', which is no path of the store '${location.storeDir}'`,
      );
    return !store.isValidPath(session.storePathOf(path));
  });
  if (wanted.length === 0) return;
  remote.announce(wanted.length, 'from');
  await remote.consume(['--export', ...wanted], (stream) => importPaths(store, stream));
}

/** `nix-store` on another machine. */
class Remote {
  readonly #host: string;
  readonly #ssh: readonly string[];
  readonly #running: RunningCommand;

  constructor(host: string, { compress }: Options, running: RunningCommand) {
    if (host.startsWith('-')) throw new UsageError(`'${host}' is no host name`);
    this.#host = host;
    const own = splitShellWords(running.invocation.env['NIX_SSHOPTS'] ?? '');
    this.#ssh = [...own, ...(compress ? ['-C'] : []), '-x', '-a', host, '--'];
    this.#running = running;
  }

  announce(count: number, direction: string): void {
    this.#running.logger.log(Verbosity.info, `copying ${count} paths ${direction} '${this.#host}'...`);
  }

  /** The lines that an operation prints. */
  async lines(args: readonly string[]): Promise<string[]> {
    const result = await runProcess({ ...this.#process(args), stderr: 'inherit', stdin: 'ignore' });
    this.#check(args, succeeded(result.status), describeExitStatus(result.status));
    return result.stdout.split('\n').filter((line) => line !== '');
  }

  /** Gives an operation its standard input. */
  async feed(args: readonly string[], input: AsyncIterable<Uint8Array>): Promise<void> {
    await using child = startProcess({
      ...this.#process(args),
      stdin: 'pipe',
      stdout: 'ignore',
      stderr: 'inherit',
    });
    const sent = pipeline(input, child.stdin!).catch((error: unknown) => error);
    const status = await child.exited;
    this.#check(args, succeeded(status), describeExitStatus(status));
    const failure = await sent;
    if (failure instanceof Error) throw failure;
  }

  /** Reads what an operation writes. */
  async consume(args: readonly string[], read: (stream: Readable) => Promise<unknown>): Promise<void> {
    await using child = startProcess({ ...this.#process(args), stdin: 'ignore', stderr: 'inherit' });
    await read(child.stdout!);
    const status = await child.exited;
    this.#check(args, succeeded(status), describeExitStatus(status));
  }

  #process(args: readonly string[]) {
    return { program: 'ssh', args: [...this.#ssh, 'nix-store', ...args], signal: this.#running.signal };
  }

  #check([operation]: readonly string[], good: boolean, how: string): void {
    if (good) return;
    throw new NixError(`'nix-store ${operation}' on '${this.#host}' ${how}`, {
      code: 'remote',
      hint: `try 'ssh ${this.#host} nix-store --version'; options for ssh come from NIX_SSHOPTS`,
    });
  }
}
