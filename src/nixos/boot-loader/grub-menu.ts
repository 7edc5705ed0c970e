/** GRUB's menu, `grub.cfg`: a pure function of the settings, the entries, and where GRUB finds their files. */
import type { BootEntry, BootProfile } from './boot-entries.ts';
import type { GrubSettings } from './settings.ts';

/** Where GRUB finds a file: a `search` command that sets `variable` to the file system, and the path in it. */
export interface GrubFile {
  readonly variable: string;
  readonly search: string;
  readonly path: string;
}

export interface GrubMenuInput {
  readonly settings: GrubSettings;
  /** The configuration that is installed now. */
  readonly defaultEntry: BootEntry;
  readonly profiles: readonly BootProfile[];
  /** Where GRUB finds a kernel or an initial ramdisk, by its place in the store. */
  readonly locate: (storeFile: string) => GrubFile;
  /** Places of the background image and font, when there are any. */
  readonly background?: GrubFile | undefined;
  readonly font?: GrubFile | undefined;
}

export function formatGrubMenu(input: GrubMenuInput): string {
  const { settings, defaultEntry, profiles } = input;
  const name = settings.configurationName === '' ? '' : ` (${settings.configurationName})`;
  const ownEntries = [
    formatEntry(input, `${settings.distribution} - Default${name}`, defaultEntry, ' --unrestricted'),
    ...profiles.map((profile) => formatProfile(input, profile)),
  ];
  const extra = settings.extraEntries === '' ? [] : [settings.extraEntries];
  const entries = settings.extraEntriesBeforeNixOS ? [...extra, ...ownEntries] : [...ownEntries, ...extra];
  return [formatHeader(input), settings.extraConfig, ...entries].filter((part) => part !== '').join('\n');
}

function formatHeader({ settings, background, font }: GrubMenuInput): string {
  const lines = [
    '# Made by switch-to-configuration; changes are lost. See the options boot.loader.grub.',
    settings.extraPrepareConfig.trimEnd(),
    'if [ -s $prefix/grubenv ]; then',
    '  load_env',
    'fi',
    '# An entry chosen for one boot only wins over the default.',
    'if [ "${next_entry}" ]; then',
    '  set default="${next_entry}"',
    '  set next_entry=',
    '  save_env next_entry',
    '  set timeout=1',
    'else',
    `  set default=${settings.default === 'saved' ? '"${saved_entry}"' : quote(settings.default)}`,
    `  set timeout=${settings.timeout ?? -1}`,
    'fi',
  ];
  if (settings.default === 'saved')
    lines.push('function savedefault {', '  set saved_entry="${chosen}"', '  save_env saved_entry', '}');
  lines.push(...formatUsers(settings.users));
  if (background && font) {
    lines.push(
      ...new Set([font.search, background.search]),
      `if loadfont ($${font.variable})${font.path}; then`,
      '  insmod gfxterm',
      '  insmod all_video',
      '  set gfxmode=auto',
      '  terminal_output gfxterm',
      '  insmod png',
      '  insmod jpeg',
      `  background_image --mode stretch ($${background.variable})${background.path}`,
      'fi',
    );
  }
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

/** Users who may edit entries and use the command line; booting what is in the menu stays free. */
function formatUsers(users: Readonly<Record<string, string>>): string[] {
  const names = Object.keys(users);
  if (names.length === 0) return [];
  return [
    `set superusers=${quote(names.join(' '))}`,
    ...names.map((name) => `password_pbkdf2 ${name} ${users[name]}`),
  ];
}

function formatProfile(input: GrubMenuInput, { name, generations }: BootProfile): string {
  const { distribution } = input.settings;
  const title =
    name === 'system' ? `${distribution} - All configurations` : `${distribution} - Profile '${name}'`;
  const entries = generations.map((each) =>
    formatEntry(
      input,
      `${distribution} - Configuration ${each.number} (${each.date} - ${each.version})`,
      each,
      '',
    ),
  );
  const body = entries.join('').replace(/^(?=.)/gm, '  ');
  return `submenu ${quote(title)} --class submenu --unrestricted {\n${body}}\n`;
}

function formatEntry(
  { settings, locate }: GrubMenuInput,
  title: string,
  entry: BootEntry,
  flags: string,
): string {
  const kernel = locate(entry.kernel);
  const initrd = locate(entry.initrd);
  const lines = [
    ...(settings.default === 'saved' ? ['savedefault'] : []),
    ...settings.extraPerEntryConfig.split('\n').filter((line) => line !== ''),
    ...new Set([kernel.search, initrd.search]),
    `linux ($${kernel.variable})${kernel.path} ${formatParameters(entry)}`,
    `initrd ($${initrd.variable})${initrd.path}`,
  ];
  const unrestricted = flags === '' ? ' --unrestricted' : flags;
  return `menuentry ${quote(title)} --class nixos${unrestricted} {\n${lines.map((line) => `  ${line}\n`).join('')}}\n`;
}

/** The kernel's command line, each word safe from GRUB's own reading of it. */
function formatParameters({ parameters, toplevel }: BootEntry): string {
  const words = [...parameters.split(/\s+/).filter((word) => word !== ''), `init=${toplevel}/init`];
  return words.map((word) => (/^[A-Za-z0-9_.,:=/@%+-]+$/.test(word) ? word : quoteWord(word))).join(' ');
}

function quoteWord(word: string): string {
  return `'${word.replace(/'/g, `'\\''`)}'`;
}

/** A text in GRUB's double quotes. */
function quote(text: string): string {
  return `"${text.replace(/[\\"$]/g, (character) => `\\${character}`)}"`;
}
