import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readBootEntry, readBootProfiles } from './boot-entries.ts';
import { writeDurably } from './durable.ts';
import { formatGrubMenu } from './grub-menu.ts';
import { copyKernels, copyName, removeUnused } from './kernel-files.ts';
import { mountOf, parseMountInfo, pathInFileSystem } from './mounts.ts';
import type { GrubSettings, SystemdBootSettings } from './settings.ts';
import { formatEntry, formatLoaderConf, installSystemdBoot } from './systemd-boot.ts';

const common = {
  distribution: 'NixOS',
  profiles: '/nix/var/nix/profiles',
  timeout: 5,
  configurationLimit: 100,
  efiMountPoint: '/boot',
  canTouchEfiVariables: false,
  extraInstallCommands: '',
  shell: '/bin/sh',
};
const grub: GrubSettings = {
  ...common,
  kind: 'grub',
  bootPath: '/boot',
  devices: ['/dev/sda'],
  forceInstall: false,
  efiBootloaderId: null,
  efiInstallAsRemovable: false,
  modules: { bios: { target: 'i386-pc', directory: '/m' }, efi: null },
  grubInstall: '/bin/false',
  blkid: '/bin/false',
  default: '0',
  configurationName: '',
  copyKernels: false,
  fsIdentifier: 'uuid',
  extraConfig: '',
  extraPrepareConfig: '',
  extraEntries: '',
  extraEntriesBeforeNixOS: false,
  extraPerEntryConfig: '',
  extraFiles: {},
  splashImage: null,
  font: null,
  users: {},
};

/** A directory with `store/NAME/{kernel,initrd,...}` and profiles. */
function scratch(): Disposable & { path: string; toplevel: (name: string) => string } {
  const path = mkdtempSync(join(tmpdir(), 'firn-loader-'));
  return {
    path,
    toplevel: (name) => {
      const top = join(path, 'store', name);
      mkdirSync(top, { recursive: true });
      for (const file of ['kernel', 'initrd']) writeFileSync(join(top, file), `${file} of ${name}`);
      writeFileSync(join(top, 'kernel-params'), 'loglevel=4 x="a;b"');
      writeFileSync(join(top, 'nixos-version'), `26.11.${name}`);
      return top;
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  };
}

function link(profile: string, number: number, toplevel: string): void {
  symlinkSync(toplevel, `${profile}-${number}-link`);
  rmSync(profile, { force: true });
  symlinkSync(`${profile}-${number}-link`, profile);
}

test('mounts: the last of the longest fitting points, subvolumes, blanks', () => {
  const mounts = parseMountInfo(
    [
      '22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw',
      '23 22 8:1 / /boot rw - vfat /dev/sda1 rw',
      '24 22 0:30 /@nix/a /nix rw shared:2 master:1 - btrfs /dev/sdb rw',
      '25 24 0:30 /@nix/a/store /nix/store ro - btrfs /dev/sdb rw',
      '26 22 8:3 / /my\\040disk rw - ext4 /dev/sdc rw',
    ].join('\n'),
  );
  const place = (path: string) => {
    const mount = mountOf(mounts, path)!;
    return [mount.source, pathInFileSystem(mount, path)];
  };
  assert.deepEqual(place('/boot/grub'), ['/dev/sda1', '/grub']);
  assert.deepEqual(place('/bootx'), ['/dev/sda2', '/bootx']);
  assert.deepEqual(place('/nix/store/x'), ['/dev/sdb', '/@nix/a/store/x']);
  assert.deepEqual(place('/my disk'), ['/dev/sdc', '/']);
});

test('profiles: the newest generation first, a limit, other profiles, what is broken is left out', () => {
  using scene = scratch();
  const profiles = join(scene.path, 'profiles');
  mkdirSync(join(profiles, 'system-profiles'), { recursive: true });
  const system = join(profiles, 'system');
  for (const number of [1, 2, 10]) link(system, number, scene.toplevel(`s${number}`));
  symlinkSync('/nowhere', `${system}-11-link`);
  link(join(profiles, 'system-profiles/test'), 1, scene.toplevel('t'));
  const found = readBootProfiles(profiles, 2);
  assert.deepEqual(
    found.map(({ name, generations }) => [name, generations.map(({ number }) => number)]),
    [
      ['system', [10, 2]],
      ['test', [1]],
    ],
  );
  assert.equal(readBootEntry(join(scene.path, 'nothing')), undefined);
});

test('GRUB menu: titles, files, parameters that GRUB would read otherwise', () => {
  const entry = {
    toplevel: '/nix/store/h-top',
    kernel: '/nix/store/k/bzImage',
    initrd: '/nix/store/i/initrd',
    parameters: 'a=1 b=$x;y',
    version: '26.11',
  };
  const menu = formatGrubMenu({
    settings: { ...grub, configurationName: 'new "one"', extraEntries: 'menuentry "other" { }' },
    defaultEntry: entry,
    profiles: [
      { name: 'system', generations: [{ ...entry, number: 7, date: '2026-11-23' }] },
      { name: 'test', generations: [{ ...entry, number: 1, date: '2026-11-24' }] },
    ],
    locate: (file) => ({ variable: 'drive1', search: 'search --set=drive1 --fs-uuid U', path: file }),
  });
  const titles = [...menu.matchAll(/^\s*(?:menuentry|submenu) (".*?[^\\]")/gm)].map(([, title]) => title);
  assert.deepEqual(titles, [
    '"NixOS - Default (new \\"one\\")"',
    '"NixOS - All configurations"',
    '"NixOS - Configuration 7 (2026-11-23 - 26.11)"',
    '"NixOS - Profile \'test\'"',
    '"NixOS - Configuration 1 (2026-11-24 - 26.11)"',
    '"other"',
  ]);
  assert.match(
    menu,
    /linux \(\$drive1\)\/nix\/store\/k\/bzImage a=1 'b=\$x;y' init=\/nix\/store\/h-top\/init\n/,
  );
  assert.equal(menu.split('{').length, menu.split('}').length);
});

test('kernels: copied under names of their own, unused ones and unfinished ones go', () => {
  using scene = scratch();
  const top = scene.toplevel('a');
  const directory = join(scene.path, 'kernels');
  assert.equal(copyName('/nix/store/abc-linux/boot/bzImage', '.efi'), 'abc-linux-boot-bzImage.efi');
  const files = new Map([
    [`${top}/kernel`, 'k1'],
    [`${top}/initrd`, 'i1'],
  ]);
  mkdirSync(directory);
  for (const old of ['former', 'unused', 'k1.tmp']) writeFileSync(join(directory, old), old);
  copyKernels(directory, files, (name) => name === 'former');
  assert.deepEqual(readdirSync(directory).sort(), ['former', 'i1', 'k1']);
  assert.equal(readFileSync(join(directory, 'k1'), 'utf8'), 'kernel of a');
  removeUnused(directory, (name) => name !== 'former');
  assert.deepEqual(readdirSync(directory).sort(), ['i1', 'k1']);
});

test('a text that is there already is not written again', () => {
  using scene = scratch();
  const file = join(scene.path, 'x/y');
  assert.equal(writeDurably(file, 'a'), true);
  assert.equal(writeDurably(file, 'a'), false);
  assert.equal(writeDurably(file, 'b'), true);
  assert.equal(readFileSync(file, 'utf8'), 'b');
  assert.equal(existsSync(`${file}.tmp`), false);
});

const systemdBoot: SystemdBootSettings = {
  ...common,
  kind: 'systemd-boot',
  loader: '/none',
  bootctl: '/bin/false',
  editor: false,
  consoleMode: 'keep',
  extraEntries: {},
  extraFiles: {},
};

test('systemd-boot: entries, the default, and what is left of a deleted generation', () => {
  using scene = scratch();
  const profiles = join(scene.path, 'profiles');
  mkdirSync(profiles);
  const esp = join(scene.path, 'esp');
  const loader = join(scene.path, 'systemd-bootx64.efi');
  writeFileSync(loader, 'loader');
  const extraEntries = { 'other.conf': 'title Other\n' };
  const settings = { ...systemdBoot, profiles, efiMountPoint: esp, loader, extraEntries };
  const system = join(profiles, 'system');
  for (const number of [1, 2]) link(system, number, scene.toplevel(`s${number}`));
  installSystemdBoot(settings, readBootEntry(system)!, false);
  const names = () => readdirSync(join(esp, 'loader/entries')).sort();
  assert.deepEqual(names(), ['nixos-generation-1.conf', 'nixos-generation-2.conf', 'other.conf']);
  assert.equal(readdirSync(join(esp, 'EFI/nixos')).length, 4);
  assert.equal(readFileSync(join(esp, 'EFI/BOOT/BOOTX64.EFI'), 'utf8'), 'loader');
  assert.match(
    readFileSync(join(esp, 'loader/loader.conf'), 'utf8'),
    /^timeout 5\ndefault nixos-generation-2\.conf\neditor no\n/,
  );
  rmSync(`${system}-1-link`);
  installSystemdBoot(settings, readBootEntry(system)!, false);
  assert.deepEqual(names(), ['nixos-generation-2.conf', 'other.conf']);
  assert.equal(readdirSync(join(esp, 'EFI/nixos')).length, 2);
});

test('systemd-boot: files are named for the processor', () => {
  using scene = scratch();
  const profiles = join(scene.path, 'profiles');
  mkdirSync(profiles);
  const esp = join(scene.path, 'esp');
  const loader = join(scene.path, 'systemd-bootaa64.efi');
  writeFileSync(loader, 'loader');
  const system = join(profiles, 'system');
  link(system, 1, scene.toplevel('s1'));
  installSystemdBoot({ ...systemdBoot, profiles, efiMountPoint: esp, loader }, readBootEntry(system)!, false);
  assert.deepEqual(readdirSync(join(esp, 'EFI/BOOT')), ['BOOTAA64.EFI']);
  assert.deepEqual(readdirSync(join(esp, 'EFI/systemd')), ['systemd-bootaa64.efi']);
});

test('systemd-boot: the text of an entry', () => {
  const generation = {
    toplevel: '/nix/store/h-top',
    kernel: '/nix/store/k-linux/bzImage',
    initrd: '/nix/store/i-initrd/initrd',
    parameters: 'quiet',
    version: '26.11',
    number: 3,
    date: '2026-11-23',
  };
  assert.equal(
    formatEntry('NixOS', 'test', generation),
    'title NixOS [test]\nsort-key nixos\nversion Generation 3 NixOS 26.11, built on 2026-11-23\nlinux /EFI/nixos/k-linux-bzImage.efi\ninitrd /EFI/nixos/i-initrd-initrd.efi\noptions quiet init=/nix/store/h-top/init\n',
  );
  assert.match(
    formatLoaderConf({ timeout: null, editor: true, consoleMode: 'max' } as SystemdBootSettings, undefined),
    /^timeout menu-force\nconsole-mode max\n$/,
  );
});
