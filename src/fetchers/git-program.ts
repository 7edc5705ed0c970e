/** Runs git. It comes from `PATH`, as with C++ Nix's fetchers for versions that need it. */
import { NixError } from '../diagnostics/index.ts';
import { describeExitStatus, runProcess, succeeded } from '../platform/index.ts';
import type { FetchContext } from './fetch-context.ts';

/** The environment without what would make git work on another repository than the one named. */
export function repositoryEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(env))
    if (
      value !== undefined &&
      !/^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|NAMESPACE)$/.test(name)
    )
      result[name] = value;
  // Nobody is there to answer.
  return { ...result, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' };
}

export interface GitOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What a git command printed (byte string); `undefined` when it failed. */
export async function tryGit(
  context: FetchContext,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string | undefined> {
  const result = await run(context, args, options);
  return succeeded(result.status) ? result.stdout : undefined;
}

/**
 * What a git command printed (byte string).
 *
 * @throws NixError with git's own words when it fails, or when there is no git
 */
export async function git(
  context: FetchContext,
  args: readonly string[],
  options: GitOptions = {},
): Promise<string> {
  const result = await run(context, args, options);
  if (succeeded(result.status)) return result.stdout;
  const said = result.stderr.trim().replaceAll(/^(fatal|error): /gm, '');
  const verb = args.find((word) => /^[a-z-]+$/.test(word) && !word.startsWith('-')) ?? '';
  throw new NixError(`'git ${verb}' ${describeExitStatus(result.status)}${said === '' ? '' : `: ${said}`}`, {
    code: 'git-failed',
  });
}

async function run(context: FetchContext, args: readonly string[], { input, env }: GitOptions) {
  try {
    return await runProcess({
      program: 'git',
      args: ['-c', 'core.fsmonitor=false', ...args],
      env: { ...repositoryEnvironment(context.env), ...env },
      ...(input !== undefined && { input }),
      ...(context.signal && { signal: context.signal }),
    });
  } catch (error) {
    if (!(error instanceof NixError) || !error.message.includes('ENOENT')) throw error;
    throw new NixError("cannot fetch from a git repository: there is no program 'git'", {
      code: 'no-git',
      hint: 'install git, or fetch an archive of the revision with fetchTarball',
      cause: error,
    });
  }
}
