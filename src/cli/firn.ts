/** `firn`: what has no counterpart among the Nix commands. */
import { suggestNear, UsageError } from '../diagnostics/index.ts';
import { describeExit, enterStore } from '../nixos/index.ts';
import { residentStatus, stopResident } from '../session/index.ts';
import type { Command, RunningCommand } from './program.ts';
import { startFirstMachine } from './start.ts';

const subcommands: Readonly<Record<string, string>> = {
  start: 'build and boot the example machine (what npm start runs)',
  enter: 'run a command, or a shell, where the private store stands at /nix/store',
  evaluator: 'status, stop: the process that evaluates when resident-evaluator is on',
};

export const command: Command = {
  prepare: (_invocation, context) => {
    const [subcommand, ...rest] = context.args;
    // `firn enter ls -l`: the flags after the command are the command's own.
    if (subcommand === 'enter' && rest.length > 0 && !rest[0].startsWith('-')) return prepareEnter(rest);
    const positional: string[] = [];
    let console = true;
    return {
      line: {
        usage: Object.keys(subcommands).map((name) =>
          name === 'enter'
            ? 'enter [COMMAND [ARGUMENT...]]'
            : name === 'evaluator'
              ? 'evaluator status|stop'
              : `${name} [FLAGS]`,
        ),
        summary:
          'Firn is NixOS in TypeScript. The other commands carry the names of Nix and NixOS: nix-build, nixos-rebuild, and so on.',
        flags: [
          {
            long: 'console',
            description: "start: show the machine's console (the default on a terminal)",
            apply: () => void (console = true),
          },
          {
            long: 'no-console',
            description: 'start: power the machine off instead of showing its console',
            apply: () => void (console = false),
          },
        ],
        positional: (argument) => void positional.push(argument),
        notes: [
          'Subcommands:',
          ...Object.entries(subcommands).map(([name, text]) => `  ${name.padEnd(27)}${text}`),
        ].join('\n'),
      },
      run: (running) => run(positional, console, running),
    };
  },
};

function prepareEnter(command: readonly string[]) {
  return {
    line: {
      usage: ['enter [COMMAND [ARGUMENT...]]'],
      summary: subcommands['enter'],
      flags: [],
      positional: () => {},
    },
    argumentsTaken: true,
    run: (running: RunningCommand) => enter(command, running),
  };
}

function run(positional: readonly string[], console: boolean, running: RunningCommand): Promise<number> {
  const [subcommand, ...rest] = positional;
  switch (subcommand) {
    case 'start':
      return startFirstMachine({ console }, running);
    case 'enter':
      return enter(rest, running);
    case 'evaluator':
      return evaluator(rest, running);
    case undefined:
      throw new UsageError('no subcommand was given', {
        hint: `expected one of: ${Object.keys(subcommands).join(', ')}; try 'firn --help'`,
      });
    default: {
      const near = suggestNear(subcommand, Object.keys(subcommands), 1);
      throw new UsageError(`unknown subcommand '${subcommand}'`, {
        hint: near[0] ? `did you mean '${near[0]}'?` : "try 'firn --help'",
      });
    }
  }
}

async function enter(command: readonly string[], running: RunningCommand): Promise<number> {
  const { env } = running.invocation;
  const session = await running.session();
  const { root } = session.location;
  if (root === undefined)
    throw new UsageError("the store in use is the system's own: it stands at /nix/store already", {
      hint: "choose a private store with '--store'",
    });
  const status = await enterStore({
    tools: session.sandboxTools(),
    storeRoot: root,
    command: command.length > 0 ? command : [env['SHELL'] ?? '/bin/sh'],
    cwd: process.cwd(),
    env: Object.fromEntries(
      Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  });
  return describeExit(status);
}

/** `evaluator status|stop`. Status 1 when none is running. */
async function evaluator([wanted, ...more]: readonly string[], running: RunningCommand): Promise<number> {
  const { env } = running.invocation;
  if (more.length > 0 || (wanted !== 'status' && wanted !== 'stop'))
    throw new UsageError(`cannot do '${[wanted ?? 'nothing', ...more].join(' ')}' with the evaluator`, {
      hint: "expected 'firn evaluator status' or 'firn evaluator stop'",
    });
  const status = await residentStatus(env);
  if (status === undefined) {
    running.print('no evaluator is running\n');
    return 1;
  }
  const { pid, evaluations, memory, isBusy } = status;
  if (wanted === 'stop') await stopResident(env);
  const state = wanted === 'stop' ? 'stopped' : isBusy ? 'busy' : 'waiting';
  running.print(`${state}: process ${pid}, ${evaluations} evaluations, ${Math.round(memory / 1e6)} MB\n`);
  return 0;
}
