/**
 * Starts programs of the store in a root that holds nothing else: the store, `/proc`, `/dev`, an empty `/tmp`. No
 * network, no `/bin/sh`, no `/etc`. PATH has Debian's essential packages, as each of its packages may expect.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { sandboxToolsIn, toolCommand } from '../../src/builder/index.ts';
import type { PackagesScene } from './packages-scene.ts';

/** Directory with bubblewrap and its libraries. */
export type SandboxDirectory = string;

export interface Start {
  readonly program: string;
  readonly argument: string;
  /** What kept it from starting; `undefined` when it started. */
  readonly failure: string | undefined;
  /** The interpreter that it is written for, where its package does not say that it needs it: Debian's omission. */
  readonly undeclared: string | undefined;
}

const timeoutMs = 15_000;

/**
 * What is printed when something that a program is made of cannot be found. Programs that start and then complain (about
 * arguments, a display, a missing configuration) print none of this.
 */
const failures: readonly RegExp[] = [
  /error while loading shared libraries: .*/,
  /symbol lookup error: .*/,
  /cannot execute: required file not found/,
  /bad interpreter: .*/,
  /bwrap: execvp .*/,
  /^(ModuleNotFoundError|ImportError): .*/m,
  /Can't locate \S+\.pm in @INC.*/,
  /Can't locate loadable object for module .*/,
  /cannot load such file -- .*/,
  /^LoadError: .*/m,
  /can't find package .*/,
  /Cannot find module '.*'/,
  /module '.*' not found:/,
  /Could not find or load main class .*/,
  /Unable to access jarfile .*/,
  /Failed to load module: .*/,
  /there is no package called .*/,
  /No GSettings schemas are installed.*|Settings schema '.*' is not installed/,
  /Typelib file for namespace .*/,
  /Namespace \S+ not available/,
  /could not find the Qt platform plugin.*/i,
  /no such file or directory: .*\/usr\/(?:share|lib|bin)\/.*/i,
  /\/usr\/(?:share|lib|bin)\/[^ ]*: No such file or directory/,
  /(?:^|: )(?:\d+: )?[\w./+][\w./+-]*: (?:command )?not found$/m,
  /can't open '?\/(?:usr|nix)\/.*/,
];

/** Environment and roots of all starts. */
export class ProgramStarter {
  readonly #command: readonly string[];
  readonly #scene: PackagesScene;

  /** `path`: printed store paths whose `bin` and `sbin` are in PATH. */
  constructor(scene: PackagesScene, sandbox: SandboxDirectory, path: readonly string[]) {
    this.#scene = scene;
    const directories = path.flatMap((each) => [`${each}/bin`, `${each}/sbin`]);
    this.#command = [
      ...toolCommand(sandboxToolsIn(sandbox), 'bwrap'),
      ...['--unshare-user', '--unshare-pid', '--unshare-net', '--unshare-ipc', '--die-with-parent'],
      ...['--ro-bind', scene.real('/nix/store'), '/nix/store', '--proc', '/proc', '--dev', '/dev'],
      ...['--tmpfs', '/tmp', '--chdir', '/tmp', '--clearenv'],
      ...[
        '--setenv',
        'HOME',
        '/tmp',
        '--setenv',
        'LANG',
        'C.UTF-8',
        '--setenv',
        'PATH',
        directories.join(':'),
      ],
      '--',
    ];
  }

  /** Starts a program with `--version` and then with `--help`; the first start that failed, else the last. */
  start(program: string): Start {
    const first = this.#try(program, '--version');
    return first.failure === undefined ? this.#try(program, '--help') : first;
  }

  #try(program: string, argument: string): Start {
    const [command, ...args] = [...this.#command, program, argument];
    const result = spawnSync(command, args, {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      encoding: 'latin1',
      input: '',
      maxBuffer: 1 << 26,
    });
    const failure = failureOf(result);
    const undeclared = failure?.startsWith('bwrap: execvp') ? this.#foreignInterpreter(program) : undefined;
    return { program, argument, failure: undeclared === undefined ? failure : undefined, undeclared };
  }

  /** The interpreter of a script that is not in the store. */
  #foreignInterpreter(program: string): string | undefined {
    const file = this.#scene.real(program);
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return undefined;
    const interpreter = /^#![ \t]*(\S+)/.exec(readFileSync(file, 'latin1'))?.[1];
    return interpreter?.startsWith('/nix/store/') ? undefined : interpreter;
  }
}

/** A program that still runs after a while, or is stopped for printing without end, has started. */
function failureOf(
  result: ReturnType<typeof spawnSync> & { stdout: string; stderr: string },
): string | undefined {
  const code = (result.error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ETIMEDOUT' || code === 'ENOBUFS') return undefined;
  if (result.error) return result.error.message;
  // bubblewrap ends with 128 and the signal's number.
  if (result.status === 139 || result.status === 135 || result.status === 132)
    return `killed by signal ${result.status - 128}`;
  const text = `${result.stderr}\n${result.stdout}`;
  for (const pattern of failures) {
    const match = pattern.exec(result.status === 0 ? result.stderr : text);
    if (match) return match[0].trim().slice(0, 300);
  }
  return undefined;
}
