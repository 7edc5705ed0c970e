/**
 * Entry of all commands: `main.ts PROGRAM ARGS...`. Loads only the module of the command that was asked for, renders
 * whatever it throws, and sets the exit status. This is the one place where errors become text.
 */
import { setFlagsFromString } from 'node:v8';
import { Interrupted, NixError, suggestNear } from '../diagnostics/index.ts';
import { type Command, type CommandContext, runCommand } from './program.ts';
import { watchStandardOutput } from './standard-output.ts';

/** Every command, by the name it is called by. */
const commands: Readonly<Record<string, () => Promise<{ command: Command }>>> = {
  firn: () => import('./firn.ts'),
  nix: () => import('./nix.ts'),
  'nix-build': () => import('./nix-build.ts'),
  'nix-channel': () => import('./nix-channel.ts'),
  'nix-collect-garbage': () => import('./nix-collect-garbage.ts'),
  'nix-copy-closure': () => import('./nix-copy-closure.ts'),
  'nix-env': () => import('./nix-env.ts'),
  'nix-hash': () => import('./nix-hash.ts'),
  'nix-instantiate': () => import('./nix-instantiate.ts'),
  'nix-prefetch-url': () => import('./nix-prefetch-url.ts'),
  'nix-shell': () => import('./nix-shell.ts'),
  'nix-store': () => import('./nix-store.ts'),
  'nixos-build-vms': () => import('./nixos-build-vms.ts'),
  'nixos-container': () => import('./nixos-container.ts'),
  'nixos-option': () => import('./nixos-option.ts'),
  'nixos-rebuild': () => import('./nixos-rebuild.ts'),
  'nixos-test-driver': () => import('./nixos-test-driver.ts'),
  'nixos-version': () => import('./nixos-version.ts'),
};

async function main(): Promise<void> {
  const [program = 'firn', ...args] = process.argv.slice(2);
  const load = Object.hasOwn(commands, program) ? commands[program] : undefined;
  if (!load) {
    const near = suggestNear(program, Object.keys(commands), 1);
    process.stderr.write(
      `error: unknown command '${program}'\n       ${near.length > 0 ? `did you mean '${near[0]}'?` : `Firn has: ${Object.keys(commands).join(', ')}`}\n`,
    );
    process.exitCode = 1;
    return;
  }
  const context: CommandContext = { program, args, env: process.env };
  const { command } = await load();
  process.exitCode = await runCommand(command, context);
}

/** A bug of ours: said plainly, with the stack only for those who ask. */
function reportBug(error: unknown): void {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  process.stderr.write(
    `error: internal error in Firn: ${text}\n       this is a bug; run again with FIRN_DEBUG=1 for details and report it\n`,
  );
  if (process.env.FIRN_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
}

setFlagsFromString('--stack-trace-limit=20');
process.on('uncaughtException', (error) => {
  if (error instanceof Interrupted || error instanceof NixError)
    process.stderr.write(`error: ${error.message}\n`);
  else reportBug(error);
  process.exit(1);
});
watchStandardOutput();
await main().catch(reportBug);
