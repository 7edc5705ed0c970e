/**
 * C++ Nix, with which differential tests compare. `FIRN_TEST_ORACLE` names one or more (separated by `:`): a directory
 * with `bin/nix` and its libraries and loader in `lib/` (the test runner makes one from Debian's archive), or a program that is
 * called as `PROGRAM nix-store ARGS…`.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface RunOptions {
  readonly input?: Uint8Array;
  /** Variables to add. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** One C++ Nix. Every call works on the chroot store below `root`. */
export class Oracle {
  /** For the names of tests: `2.26.3`. */
  readonly version: string;
  readonly #command: (name: string) => string[];

  private constructor(command: (name: string) => string[]) {
    this.#command = command;
    const [program, ...args] = command('nix-store');
    const result = spawnSync(program, [...args, '--version'], { encoding: 'utf8' });
    this.version = result.stdout?.trim().split(' ').at(-1) ?? 'unknown';
  }

  /** `place`: as one in `FIRN_TEST_ORACLE`. */
  static at(place: string): Oracle {
    return new Oracle(commandAt(place));
  }

  /** All that a variable of the environment names; empty where there is none. `FIRN_TEST_OLD_ORACLE` names 2.8. */
  static all(variable: 'FIRN_TEST_ORACLE' | 'FIRN_TEST_OLD_ORACLE' = 'FIRN_TEST_ORACLE'): Oracle[] {
    const places = (process.env[variable] ?? '').split(':').filter((place) => place !== '');
    return places.map(Oracle.at);
  }

  /** Runs `name ARGS…` and gives what it printed. Throws when it fails, with what it said. */
  run(
    root: string,
    name: string,
    args: readonly string[],
    options: { readonly input?: Uint8Array } = {},
  ): Buffer {
    const result = this.tryRun(root, name, args, options);
    if (result.status !== 0) throw new Error(`${name} ${args.join(' ')} failed: ${result.stderr}`);
    return result.stdout;
  }

  /** As `run`, with the exit status. */
  tryRun(root: string, name: string, args: readonly string[], options: RunOptions = {}) {
    const [program, ...first] = this.#command(name);
    return spawnSync(program, [...first, ...args], {
      env: { ...this.#environment(root), ...options.env },
      cwd: options.cwd,
      input: options.input,
      maxBuffer: 1 << 28,
    });
  }

  /** Starts `name ARGS…` with pipes. */
  start(root: string, name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const [program, ...first] = this.#command(name);
    return spawn(program, [...first, ...args], { env: { ...this.#environment(root), ...env } });
  }

  #environment(root: string): NodeJS.ProcessEnv {
    return {
      ...process.env,
      NIX_REMOTE: root,
      NIX_CONF_DIR: join(root, 'no-configuration'),
      LOCALE_ARCHIVE: '',
    };
  }
}

function commandAt(place: string): (name: string) => string[] {
  if (!statSync(place).isDirectory()) return (name) => [place, name];
  const libraries = join(place, 'lib');
  const loader = readdirSync(libraries).find((name) => /^ld-linux.*\.so/.test(name));
  if (loader === undefined) return (name) => [join(place, 'bin', name)];
  return (name) => [
    join(libraries, loader),
    '--argv0',
    name,
    '--library-path',
    libraries,
    join(place, 'bin/nix'),
  ];
}
