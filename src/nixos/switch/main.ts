/**
 * `bin/switch-to-configuration` of a generation: this program is started by a small script in the toplevel, which sets
 * `FIRN_TOPLEVEL` and `FIRN_INSTALL_BOOT_LOADER`. It is a bundle of its own and loads nothing else of Firn, because it must
 * be quick and must work when nothing else does.
 */
import { writeSync } from 'node:fs';
import { type SwitchAction, switchToConfiguration } from './switch-to-configuration.ts';

const usage = (program: string) => `Usage: ${program} [switch|boot|test|dry-activate]

switch:       make the configuration the boot default and activate it now
boot:         make the configuration the boot default
test:         activate the configuration, but don't make it the boot default
dry-activate: show what would be done if this configuration were activated
`;

function isAction(text: string | undefined): text is SwitchAction {
  return text === 'switch' || text === 'boot' || text === 'test' || text === 'dry-activate';
}

/** A line on standard error; a terminal that is gone does not stop the switch. */
function say(line: string): void {
  try {
    writeSync(2, `${line}\n`);
  } catch {
    // Nobody listens any more.
  }
}

async function main(): Promise<number> {
  const { env } = process;
  const toplevel = env['FIRN_TOPLEVEL'] ?? '';
  const action = process.argv[2];
  if (!isAction(action) || process.argv.length > 3 || toplevel === '') {
    say(usage(`${toplevel}/bin/switch-to-configuration`).trimEnd());
    return 1;
  }
  // A switch that restarts the network may lose its terminal; it goes on to the end.
  process.on('SIGHUP', () => {});
  process.on('SIGPIPE', () => {});
  return await switchToConfiguration({
    action,
    toplevel,
    installBootLoader: env['FIRN_INSTALL_BOOT_LOADER'] ?? '',
    env,
    say,
  });
}

process.exitCode = await main().catch((error: unknown) => {
  say(`error: ${error instanceof Error ? error.message : String(error)}`);
  if (env('FIRN_DEBUG') && error instanceof Error) say(error.stack ?? '');
  return 1;
});

function env(name: string): string | undefined {
  return process.env[name];
}
