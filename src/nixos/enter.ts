/**
 * `firn enter`: a mount namespace in which the private store stands at `/nix/store`, with everything else of the
 * machine as it is. The new root is made of the host's top-level directories, so that it works where there is no
 * `/nix` and no right to make one.
 */
import { lstatSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { type SandboxTools, toolCommand } from '../builder/index.ts';
import { NixError, UsageError } from '../diagnostics/index.ts';
import { type ExitStatus, startProcess, userNamespaceRemedies } from '../platform/index.ts';

export interface EnterOptions {
  readonly tools: SandboxTools;
  /** Root of the private store: `ROOT/nix` is shown at `/nix`. */
  readonly storeRoot: string;
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The arguments for bubblewrap that make the namespace. */
export function enterArguments(storeRoot: string): string[] {
  const args: string[] = [];
  for (const name of readdirSync('/')) {
    if (name === 'nix') continue;
    const path = join('/', name);
    const stats = lstatSync(path);
    if (stats.isSymbolicLink()) args.push('--symlink', readlinkSync(path), path);
    else if (stats.isDirectory() || stats.isFile()) args.push('--dev-bind', path, path);
  }
  args.push('--bind', join(storeRoot, 'nix'), '/nix', '--die-with-parent');
  return args;
}

/**
 * Runs a command in the namespace, connected to our own standard streams; how it ended.
 *
 * @throws NixError when the namespace cannot be made
 */
export async function enterStore(options: EnterOptions): Promise<ExitStatus> {
  if (options.command.length === 0) throw new UsageError('no command was given');
  mkdirSync(join(options.storeRoot, 'nix'), { recursive: true });
  const [program, ...args] = toolCommand(options.tools, 'bwrap');
  // As root, capabilities are kept: the namespace is for finding the store, not for confinement.
  const privileges = process.getuid?.() === 0 ? ['--cap-add', 'ALL'] : [];
  const running = startProcess({
    program,
    args: [
      ...args,
      ...enterArguments(options.storeRoot),
      ...privileges,
      '--chdir',
      options.cwd,
      '--',
      ...options.command,
    ],
    env: { ...options.env },
    foreground: true,
    stdin: 'inherit',
    stdout: 'inherit',
    stderr: 'inherit',
  });
  try {
    return await running.exited;
  } catch (error) {
    throw new NixError(`cannot enter the store: ${(error as Error).message}`, {
      hint: userNamespaceRemedies().join('; ') || undefined,
      cause: error,
    });
  }
}

/** The exit status that stands for how a process ended, as shells give it. */
export function describeExit(status: ExitStatus): number {
  return status.kind === 'exited' ? status.code : 128 + constants.signals[status.signal];
}
