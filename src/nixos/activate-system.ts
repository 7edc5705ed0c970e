/** Making a built system the running one, the default of the next boot, or both: through its own `switch-to-configuration`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from '../platform/index.ts';
import { describeExit } from './enter.ts';
import { cannotSwitch, notNixos, notRoot } from './errors.ts';

export type ActivationAction = 'switch' | 'boot' | 'test' | 'dry-activate';

export interface ActivationOptions {
  readonly action: ActivationAction;
  /** Where the toplevel really is. */
  readonly toplevel: string;
  /** Install the boot loader itself anew, not only its menu. */
  readonly installBootLoader: boolean;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Checks, before anything is built, that this machine can be switched by this user.
 *
 * @throws NixError `not-nixos`, `not-root`
 */
export function checkCanActivate(action: ActivationAction): void {
  const isNixos = existsSync('/etc/NIXOS') || /^ID="?nixos"?$/m.test(readRelease());
  if (!isNixos) throw notNixos(action);
  if (process.getuid?.() !== 0) throw notRoot(action);
}

/** Runs it, connected to our own standard streams; its exit status. */
export async function activateSystem(options: ActivationOptions): Promise<number> {
  const program = join(options.toplevel, 'bin/switch-to-configuration');
  if (!existsSync(program)) throw cannotSwitch(options.toplevel);
  const install: Record<string, string> = options.installBootLoader
    ? { NIXOS_INSTALL_BOOTLOADER: '1', NIXOS_INSTALL_GRUB: '1' }
    : {};
  const defined = Object.entries(options.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const running = startProcess({
    program,
    args: [options.action],
    env: { ...Object.fromEntries(defined), ...install },
    stdin: 'inherit',
    stdout: 'inherit',
    stderr: 'inherit',
  });
  return describeExit(await running.exited);
}

function readRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}
