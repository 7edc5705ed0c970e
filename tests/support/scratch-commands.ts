/**
 * For tests of the commands: a home directory and a private store of one's own, and every command run from source with an
 * environment that holds nothing of the caller's.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deleteTree } from '../../src/platform/index.ts';

export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Outcome {
  /** The exit status, or the name of the signal. */
  readonly status: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** A scratch directory with `home`, a private store in `root` and a working directory `work`. */
export class ScratchCommands implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'firn-commands-'));
  readonly home = join(this.directory, 'home');
  readonly root = join(this.directory, 'root');
  readonly work = join(this.directory, 'work');
  /** What the tests add to every command's environment. */
  readonly extraEnvironment: NodeJS.ProcessEnv = {};

  constructor() {
    for (const path of [this.home, this.work]) mkdirSync(path);
  }

  get environment(): NodeJS.ProcessEnv {
    const { PATH, TMPDIR } = process.env;
    return {
      PATH,
      TMPDIR,
      HOME: this.home,
      NIX_REMOTE: this.root,
      NIX_CONF_DIR: this.home,
      NIX_PATH: '',
      FIRN_FROM_SOURCE: '1',
      FIRN_SANDBOX_TOOLS: process.env['FIRN_TEST_BWRAP'] ?? '',
      ...this.extraEnvironment,
    };
  }

  /** Runs a command to its end. */
  run(program: string, args: readonly string[], options: RunOptions = {}): Outcome {
    const result = spawnSync(join(repository, 'bin', program), args, {
      env: { ...this.environment, ...options.env },
      cwd: options.cwd ?? this.work,
      input: options.input ?? '',
      maxBuffer: 1 << 28,
      encoding: 'latin1',
    });
    if (result.error) throw result.error;
    const utf8 = (text: string) => Buffer.from(text, 'latin1').toString();
    return {
      status: result.status ?? result.signal!,
      stdout: utf8(result.stdout),
      stderr: utf8(result.stderr),
    };
  }

  /** Runs a command that must succeed; its standard output. */
  succeed(program: string, args: readonly string[], options: RunOptions = {}): string {
    const outcome = this.run(program, args, options);
    assert.equal(outcome.status, 0, `${program} ${args.join(' ')}:\n${outcome.stderr}`);
    return outcome.stdout;
  }

  /** Runs a command that must fail with `status`; what it said. */
  fail(program: string, args: readonly string[], status = 1, options: RunOptions = {}): string {
    const outcome = this.run(program, args, options);
    assert.equal(outcome.status, status, `${program} ${args.join(' ')}:\n${outcome.stdout}${outcome.stderr}`);
    return outcome.stderr;
  }

  /** Starts a command with pipes. */
  start(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    return spawn(join(repository, 'bin', program), args, {
      env: { ...this.environment, ...env },
      cwd: this.work,
    });
  }

  /** Where a printed store path really is. */
  real(path: string): string {
    return join(this.root, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await deleteTree(this.directory);
  }
}

/**
 * A channel tree in `directory`: the repository's own distribution over the archive's index and the sandbox's programs
 * of the toolbox, which `FIRN_TEST_CHANNEL` names.
 */
export function makeTestChannel(directory: string): void {
  const toolbox = process.env['FIRN_TEST_CHANNEL'];
  assert.ok(toolbox, 'FIRN_TEST_CHANNEL names no channel tree');
  cpSync(join(repository, 'distribution'), directory, { recursive: true });
  for (const name of ['debian', 'bootstrap']) symlinkSync(join(toolbox, name), join(directory, name));
}
