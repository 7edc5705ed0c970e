/**
 * The program that `switch-to-configuration` runs to make a generation bootable: `install-boot-loader SETTINGS TOPLEVEL`,
 * where SETTINGS is the JSON file of the configuration's boot loader. A bundle of its own, like the switch.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readBootEntry } from './boot-entries.ts';
import { installGrub } from './grub.ts';
import type { BootLoaderSettings } from './settings.ts';
import { installSystemdBoot } from './systemd-boot.ts';

function main(file: string | undefined, toplevel: string | undefined): void {
  if (file === undefined || toplevel === undefined)
    throw new Error("expected the settings' file and a toplevel as arguments");
  const settings = JSON.parse(readFileSync(file, 'utf8')) as BootLoaderSettings;
  const entry = readBootEntry(toplevel);
  if (!entry) throw new Error(`'${toplevel}' is not a system with a kernel`);
  const reinstall = [process.env['NIXOS_INSTALL_BOOTLOADER'], process.env['NIXOS_INSTALL_GRUB']].includes(
    '1',
  );
  if (settings.kind === 'grub') installGrub(settings, entry, reinstall);
  else installSystemdBoot(settings, entry, reinstall);
  if (settings.extraInstallCommands !== '') {
    const result = spawnSync(settings.shell, ['-e', '-c', settings.extraInstallCommands], {
      stdio: 'inherit',
    });
    if (result.status !== 0) throw new Error("the loader's 'extraInstallCommands' failed");
  }
}

try {
  main(process.argv[2], process.argv[3]);
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
