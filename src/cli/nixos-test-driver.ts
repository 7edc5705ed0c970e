/**
 * `nixos-test-driver`: runs the script of a NixOS test against its virtual machines, or asks for lines of it. Started by
 * the program of the same name that the attribute `driver` of a test builds, which says which test it is.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { UsageError } from '../diagnostics/index.ts';
import {
  checkTypeScript,
  type DriverOptions,
  readManifest,
  runInteractively,
  runMachines,
  runTest,
  TestLog,
} from '../nixos/index.ts';
import type { Command, RunningCommand } from './program.ts';

interface Options {
  manifest?: string;
  mode: 'interactive' | 'test' | 'machines' | 'check';
  outputDirectory: string;
  keepState: boolean;
}

const KEPT_LINES = 1000;

export const command: Command = {
  prepare: () => {
    const options: Options = { mode: 'interactive', outputDirectory: '.', keepState: false };
    return {
      line: {
        usage: ['[--test | --interactive | --run-vms] [-o DIRECTORY] [--keep-vm-state]'],
        summary:
          'Runs a NixOS test. Without --test it asks for lines of the script; with the environment variable `tests` it runs those.',
        flags: [
          {
            long: 'manifest',
            values: ['file'],
            description: 'the description of the test; the program that the test builds gives it',
            apply: (file) => void (options.manifest = file),
          },
          {
            long: 'test',
            description: 'run the whole test script',
            apply: () => void (options.mode = 'test'),
          },
          {
            long: 'interactive',
            short: 'I',
            description: 'ask for lines in the language of the test script',
            apply: () => void (options.mode = 'interactive'),
          },
          {
            long: 'check',
            description: "look at the script's syntax and do nothing else",
            apply: () => void (options.mode = 'check'),
          },
          {
            long: 'run-vms',
            description: 'start the machines and nothing else; their disks stay in the current directory',
            apply: () => void (options.mode = 'machines'),
          },
          {
            long: 'output-directory',
            short: 'o',
            values: ['directory'],
            description: 'where the log, screenshots and copied files go (default: the current directory)',
            apply: (directory) => void (options.outputDirectory = directory),
          },
          {
            long: 'keep-vm-state',
            short: 'K',
            description: "use the machines' disks of the former run on",
            apply: () => void (options.keepState = true),
          },
        ],
      },
      run: (running) => run(options, running),
    };
  },
};

async function run(options: Options, running: RunningCommand): Promise<number> {
  const { env } = running.invocation;
  if (options.manifest === undefined)
    throw new UsageError('nixos-test-driver needs a test', {
      hint: 'build one with `nix-build TEST.nix -A driver` and run result/bin/nixos-test-driver',
    });
  const manifest = readManifest(options.manifest);
  if (options.mode === 'check') {
    const names = manifest.machines.map(({ name }) => name);
    if (manifest.language === 'typescript') checkTypeScript(readFileSync(manifest.testScript, 'utf8'), names);
    return 0;
  }
  const temporaryDirectory = env['TMPDIR'] ?? tmpdir();
  const driver: DriverOptions = {
    manifest,
    log: new TestLog((line) => void process.stderr.write(`${line}\n`)),
    outputDirectory: resolve(options.outputDirectory),
    stateDirectory: options.mode === 'machines' ? resolve('.') : temporaryDirectory,
    temporaryDirectory,
    env: machineEnvironment(env),
    keepState: options.keepState || options.mode === 'machines',
  };
  if (options.mode === 'machines') await untilInterrupted(runMachines(driver), running);
  else if (options.mode === 'test') await untilInterrupted(runTest(driver), running);
  else if (env['tests'] !== undefined)
    await untilInterrupted(runTest({ ...driver, code: env['tests'] }), running);
  else await interactive(driver, env);
  return 0;
}

function machineEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Ends with the work, or with Ctrl-C; the machines are killed when this program ends. */
async function untilInterrupted(work: Promise<void>, { signal }: RunningCommand): Promise<void> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  await Promise.race([work, aborted]);
}

/** With the lines of former sessions at the arrow keys. */
async function interactive(options: DriverOptions, env: NodeJS.ProcessEnv): Promise<void> {
  const directory = env['XDG_STATE_HOME'] ?? join(env['HOME'] ?? '/', '.local/state');
  const file = join(directory, 'firn', 'test-driver-history');
  const history = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  await runInteractively(options, {
    input: process.stdin,
    output: process.stdout,
    history,
    onHistory: (lines) => {
      mkdirSync(join(directory, 'firn'), { recursive: true });
      writeFileSync(file, `${lines.slice(0, KEPT_LINES).join('\n')}\n`);
    },
  });
}
