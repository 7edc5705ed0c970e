/**
 * Installs systemd-boot: one entry file for each generation (Boot Loader Specification), kernels copied to the EFI system
 * partition, `loader.conf`, and the loader itself when it changed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type BootEntry, type BootGeneration, readBootProfiles } from './boot-entries.ts';
import { copyChanged, writeDurably } from './durable.ts';
import { copyKernels, copyName, removeUnused } from './kernel-files.ts';
import { run } from './run.ts';
import type { SystemdBootSettings } from './settings.ts';

const KERNELS = 'EFI/nixos';

export function installSystemdBoot(
  settings: SystemdBootSettings,
  defaultEntry: BootEntry,
  reinstall: boolean,
): void {
  const partition = settings.efiMountPoint;
  const entries = entryFiles(settings);
  const former = formerEntries(`${partition}/loader/entries`);
  const sources = [...new Set([defaultEntry, ...entries.generations].flatMap((e) => [e.kernel, e.initrd]))];
  const files = new Map(sources.map((file) => [file, copyName(file, '.efi')]));
  copyKernels(`${partition}/${KERNELS}`, files, (name) => former.includes(name));
  for (const [name, source] of Object.entries(settings.extraFiles))
    copyChanged(source, `${partition}/${name}`);
  installItself(settings, reinstall);
  for (const [name, text] of entries.texts) writeDurably(`${partition}/loader/entries/${name}`, text);
  const chosen = entries.nameOf(defaultEntry.toplevel);
  writeDurably(`${partition}/loader/loader.conf`, formatLoaderConf(settings, chosen));
  removeUnused(
    `${partition}/loader/entries`,
    (name) => !/^nixos-.*\.conf(\.tmp)?$/.test(name) || entries.texts.has(name),
  );
  removeUnused(`${partition}/${KERNELS}`, (name) => [...files.values()].includes(name));
}

interface EntryFiles {
  readonly generations: readonly BootGeneration[];
  readonly texts: ReadonlyMap<string, string>;
  readonly nameOf: (toplevel: string) => string | undefined;
}

function entryFiles(settings: SystemdBootSettings): EntryFiles {
  const texts = new Map<string, string>();
  const names = new Map<string, string>();
  const generations: BootGeneration[] = [];
  for (const profile of readBootProfiles(
    settings.profiles,
    settings.configurationLimit || Number.POSITIVE_INFINITY,
  )) {
    for (const generation of profile.generations) {
      const middle = profile.name === 'system' ? '' : `${profile.name}-`;
      const name = `nixos-${middle}generation-${generation.number}.conf`;
      texts.set(name, formatEntry(settings.distribution, profile.name, generation));
      if (!names.has(generation.toplevel)) names.set(generation.toplevel, name);
      generations.push(generation);
    }
  }
  for (const [name, text] of Object.entries(settings.extraEntries)) texts.set(name, text);
  return { generations, texts, nameOf: (toplevel) => names.get(toplevel) };
}

/** One entry; systemd-boot sorts by `sort-key`, then by `version`, the newest first. */
export function formatEntry(distribution: string, profile: string, generation: BootGeneration): string {
  const { number, version, date, kernel, initrd, parameters, toplevel } = generation;
  const title = profile === 'system' ? distribution : `${distribution} [${profile}]`;
  return [
    `title ${title}`,
    'sort-key nixos',
    `version Generation ${number} ${distribution} ${version}, built on ${date}`,
    `linux /${KERNELS}/${copyName(kernel, '.efi')}`,
    `initrd /${KERNELS}/${copyName(initrd, '.efi')}`,
    `options ${`${parameters} init=${toplevel}/init`.trim()}`,
    '',
  ].join('\n');
}

export function formatLoaderConf(settings: SystemdBootSettings, chosen: string | undefined): string {
  const lines = [
    ...(settings.timeout === null ? ['timeout menu-force'] : [`timeout ${settings.timeout}`]),
    ...(chosen === undefined ? [] : [`default ${chosen}`]),
    ...(settings.editor ? [] : ['editor no']),
    `console-mode ${settings.consoleMode}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The loader's file, and the fallback that firmware without variables of ours starts. */
function installItself(settings: SystemdBootSettings, reinstall: boolean): void {
  const { efiMountPoint, loader, bootctl, canTouchEfiVariables } = settings;
  const name = basename(loader);
  const target = `${efiMountPoint}/EFI/systemd/${name}`;
  const isNew = !existsSync(target);
  mkdirSync(`${efiMountPoint}/loader/entries`, { recursive: true });
  copyChanged(loader, target);
  copyChanged(loader, `${efiMountPoint}/EFI/BOOT/${name.replace(/^systemd-/, '').toUpperCase()}`);
  if (canTouchEfiVariables && (isNew || reinstall)) run(bootctl, [`--esp-path=${efiMountPoint}`, 'install']);
}

function formerEntries(directory: string): string {
  if (!existsSync(directory)) return '';
  return readdirSync(directory)
    .filter((name) => name.endsWith('.conf'))
    .map((name) => readFileSync(`${directory}/${name}`, 'utf8'))
    .join('\n');
}
