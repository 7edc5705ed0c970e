/** What is measured: Firn as installed (the bundle), and C++ Nix. Each with a store and a home of its own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchCommand } from './measure.ts';

/** What a case runs: the arguments of `nix-instantiate`, and what only Firn gets. */
export interface Evaluation {
  readonly args: readonly string[];
  /** What the arguments have for this text in the nth turn, where each turn is to evaluate something new. */
  readonly turnMark?: string;
  /** Further arguments for Firn, such as caches turned off. */
  readonly firnArgs?: readonly string[];
  readonly cwd?: string;
}

export interface Subject {
  readonly name: string;
  readonly isFirn: boolean;
  command(program: string, evaluation: Evaluation): BenchCommand;
}

function environment(directory: string): NodeJS.ProcessEnv {
  const home = join(directory, 'home');
  mkdirSync(home, { recursive: true });
  const { PATH, LANG } = process.env;
  return {
    PATH,
    LANG,
    HOME: home,
    USER: 'bench',
    NIX_REMOTE: join(directory, 'store'),
    NIX_CONF_DIR: join(directory, 'etc'),
    LOCALE_ARCHIVE: '',
  };
}

/** Firn's commands from `bin/`. */
export function firn(repository: string, directory: string): Subject {
  const env = environment(directory);
  return {
    name: 'Firn',
    isFirn: true,
    command: (program, { args, firnArgs = [], cwd }) => ({
      argv: [join(repository, 'bin', program), ...args, ...firnArgs],
      env,
      ...(cwd === undefined ? {} : { cwd }),
    }),
  };
}

/**
 * A C++ Nix: a directory with `bin/nix`, its libraries and loader in `lib/`, or a program called as `PROGRAM nix-instantiate ARGS...`.
 */
export function oracle(place: string, directory: string): Subject {
  const env = environment(directory);
  const first = commandAt(place);
  return {
    name: `C++ Nix ${versionOf(first('nix-instantiate'), env)}`,
    isFirn: false,
    command: (program, { args, cwd }) => ({
      argv: [...first(program), ...args],
      env,
      ...(cwd === undefined ? {} : { cwd }),
    }),
  };
}

/** `2.26`. */
function versionOf([program, ...args]: readonly string[], env: NodeJS.ProcessEnv): string {
  const { stdout } = spawnSync(program, [...args, '--version'], { env, encoding: 'utf8' });
  return /(\d+\.\d+)(\.\d+)?\s*$/.exec(stdout)?.[1] ?? 'of unknown version';
}

function commandAt(place: string): (program: string) => string[] {
  if (!statSync(place).isDirectory()) return (program) => [place, program];
  const libraries = join(place, 'lib');
  const loader = readdirSync(libraries).find((name) => /^ld-linux.*\.so/.test(name));
  if (loader === undefined) return (program) => [join(place, 'bin', program)];
  const binary = join(place, 'bin/nix');
  return (program) => [join(libraries, loader), '--argv0', program, '--library-path', libraries, binary];
}
