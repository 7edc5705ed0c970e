/**
 * Installs GRUB: its menu on every switch, itself only when it changed (or when asked to). The order keeps the disk
 * bootable at any moment: kernels first, then GRUB, then the menu, and last what the former menu alone needed.
 */
import { existsSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { type BootEntry, type BootProfile, readBootProfiles } from './boot-entries.ts';
import { copyChanged, writeDurably } from './durable.ts';
import { formatGrubMenu, type GrubFile } from './grub-menu.ts';
import { copyKernels, copyName, removeUnused } from './kernel-files.ts';
import { type Mount, mountOf, parseMountInfo, pathInFileSystem } from './mounts.ts';
import { run } from './run.ts';
import type { GrubModules, GrubSettings } from './settings.ts';

export function installGrub(settings: GrubSettings, defaultEntry: BootEntry, reinstall: boolean): void {
  const profiles = readBootProfiles(
    settings.profiles,
    settings.configurationLimit || Number.POSITIVE_INFINITY,
  );
  mkdirSync(`${settings.bootPath}/grub`, { recursive: true });
  const context = placesOf(settings);
  const former = readText(`${settings.bootPath}/grub/grub.cfg`);
  if (context.copies) {
    const files = new Map(kernelsOf(defaultEntry, profiles).map((file) => [file, copyName(file)]));
    copyKernels(context.kernelDirectory, files, (name) => former.includes(name));
  }
  for (const [name, source] of Object.entries(settings.extraFiles))
    copyChanged(source, `${settings.bootPath}/${name}`);
  installItself(settings, reinstall);
  const menu = formatGrubMenu({
    settings,
    defaultEntry,
    profiles,
    locate: context.locate,
    ...decoration(settings, context),
  });
  writeDurably(`${settings.bootPath}/grub/grub.cfg`, menu);
  removeUnused(context.kernelDirectory, (name) => menu.includes(name));
}

function kernelsOf(defaultEntry: BootEntry, profiles: readonly BootProfile[]): string[] {
  const entries = [defaultEntry, ...profiles.flatMap(({ generations }) => generations)];
  return [...new Set(entries.flatMap(({ kernel, initrd }) => [kernel, initrd]))];
}

interface Places {
  /** GRUB reads copies in the boot directory, because it cannot read the store or is told not to. */
  readonly copies: boolean;
  readonly kernelDirectory: string;
  readonly locate: (storeFile: string) => GrubFile;
  /** A file below the boot directory. */
  readonly locateBoot: (path: string) => GrubFile;
}

function placesOf(settings: GrubSettings): Places {
  const bootPath = realpathSync(settings.bootPath);
  const mounts = parseMountInfo(readFileSync('/proc/self/mountinfo', 'utf8'));
  const bootMount = mountOf(mounts, bootPath);
  const storeMount = mountOf(mounts, '/nix/store');
  if (!bootMount || !storeMount) throw new Error(`no file system is mounted at '${bootPath}'`);
  // The store may be shown by a mount of its own on the same device.
  const isReadable = bootMount.source === storeMount.source && bootMount.type === storeMount.type;
  const copies = settings.copyKernels || !isReadable;
  const boot = { variable: 'drive1', search: searchCommand(settings, bootMount, 'drive1') };
  const kernelDirectory = `${bootPath}/kernels`;
  const locateBoot = (path: string): GrubFile => ({ ...boot, path: pathInFileSystem(bootMount, path) });
  return {
    copies,
    kernelDirectory,
    locateBoot,
    locate: (file) =>
      copies
        ? locateBoot(`${kernelDirectory}/${copyName(file)}`)
        : { ...boot, path: pathInFileSystem(storeMount, file) },
  };
}

/** How GRUB finds a file system, whatever order the firmware gives the disks. */
function searchCommand(settings: GrubSettings, mount: Mount, variable: string): string {
  const { fsIdentifier, blkid } = settings;
  if (fsIdentifier === 'provided') {
    const match = /^\/dev\/disk\/by-(uuid|label)\/(.+)$/.exec(mount.source);
    if (match) return `search --set=${variable} --${match[1] === 'uuid' ? 'fs-uuid' : 'label'} ${match[2]}`;
  }
  const tag = fsIdentifier === 'label' ? 'LABEL' : 'UUID';
  const value = run(blkid, ['-s', tag, '-o', 'value', mount.source]).trim();
  if (value === '')
    throw new Error(
      `the file system of '${mount.point}' (${mount.source}) has no ${tag} by which GRUB could find it`,
    );
  return `search --set=${variable} --${tag === 'UUID' ? 'fs-uuid' : 'label'} ${value}`;
}

function decoration(settings: GrubSettings, places: Places): { background?: GrubFile; font?: GrubFile } {
  const { splashImage, font, bootPath } = settings;
  if (splashImage === null || font === null) return {};
  const image = `${bootPath}/grub/background${/\.[a-z]+$/.exec(splashImage)?.[0] ?? ''}`;
  const fontFile = `${bootPath}/grub/font.pf2`;
  copyChanged(splashImage, image);
  copyChanged(font, fontFile);
  return {
    background: places.locateBoot(realpathSync(image)),
    font: places.locateBoot(realpathSync(fontFile)),
  };
}

/** Runs grub-install where what is installed is not what the settings say. */
function installItself(settings: GrubSettings, reinstall: boolean): void {
  const stateFile = `${settings.bootPath}/grub/state`;
  const { devices, modules, efiBootloaderId, efiMountPoint, efiInstallAsRemovable, canTouchEfiVariables } =
    settings;
  const wanted = `${JSON.stringify({ devices, modules, efiBootloaderId, efiMountPoint, efiInstallAsRemovable, canTouchEfiVariables })}\n`;
  if (!reinstall && readText(stateFile) === wanted) return;
  for (const device of devices.filter((each) => each !== 'nodev')) installBios(settings, device);
  if (efiBootloaderId !== null && modules.efi !== null) installEfi(settings, modules.efi);
  writeDurably(stateFile, wanted);
}

function installBios({ grubInstall, modules, bootPath, forceInstall }: GrubSettings, device: string): void {
  say(`installing the GRUB 2 boot loader on ${device}...`);
  if (!existsSync(device))
    throw new Error(`'boot.loader.grub.device' names '${device}', which does not exist`);
  if (!statSync(device).isBlockDevice()) throw new Error(`'${device}' is not a disk`);
  const { bios } = modules;
  if (bios === null)
    throw new Error(`machines of this platform have no BIOS; 'boot.loader.grub.device' has to be 'nodev'`);
  run(grubInstall, [
    '--recheck',
    `--target=${bios.target}`,
    `--directory=${bios.directory}`,
    `--boot-directory=${bootPath}`,
    ...(forceInstall ? ['--force'] : []),
    realpathSync(device),
  ]);
}

function installEfi(settings: GrubSettings, { target, directory }: GrubModules): void {
  const { grubInstall, bootPath, efiMountPoint, efiBootloaderId } = settings;
  say(`installing the GRUB 2 boot loader into ${efiMountPoint}...`);
  const entry = settings.efiInstallAsRemovable
    ? ['--removable', '--no-nvram']
    : [`--bootloader-id=${efiBootloaderId}`, ...(settings.canTouchEfiVariables ? [] : ['--no-nvram'])];
  run(grubInstall, [
    '--recheck',
    `--target=${target}`,
    `--directory=${directory}`,
    `--boot-directory=${bootPath}`,
    `--efi-directory=${efiMountPoint}`,
    ...entry,
  ]);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
