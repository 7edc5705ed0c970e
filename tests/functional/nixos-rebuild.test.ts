/**
 * `nixos-rebuild build`, `build-vm` and `dry-build`, as users run them on a private store: what they print and leave, and that
 * nothing is done again that is still valid.
 */
import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { MachineStore } from '../support/test-machine.ts';

const configuration = (text: string) => `{ pkgs, ... }:
{
  networking.hostName = "kenny";
  fileSystems."/".device = "/dev/disk/by-label/nixos";
  boot.loader.grub.enable = false;
  environment.etc."greeting".text = "${text}";
  documentation.enable = false;
}
`;

describe('nixos-rebuild', () => {
  let store: MachineStore;
  let file: string;
  let toplevel: string;

  before(() => {
    store = MachineStore.open();
    file = join(store.directory, 'configuration.nix');
    writeFileSync(file, configuration('hello'));
  });
  after(() => store?.[Symbol.asyncDispose]());

  const rebuild = (action: string, ...more: string[]) =>
    store.run('nixos-rebuild', [action, '-I', `nixos-config=${file}`, ...more]);
  const result = () => join(store.directory, 'result');
  /** Names of the derivations that a command said it builds, sorted. */
  const built = (stderr: string) =>
    [...stderr.matchAll(/^building '\/nix\/store\/[0-9a-z]{32}-(.*)\.drv'\.\.\.$/gm)]
      .map(([, name]) => name)
      .sort();

  test('dry-build says what would be built, and builds nothing', async () => {
    const { status, stdout, stderr } = await rebuild('dry-build');
    assert.equal(status, 0, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /^these \d+ derivations will be built:$/m);
    assert.match(stderr, /^ {2}\/nix\/store\/[0-9a-z]{32}-nixos-system-kenny-26\.\d\d\S*\.drv$/m);
    assert.deepEqual(built(stderr), []);
    assert.ok(!existsSync(result()));
  });

  test('build prints the toplevel, and leaves it as ./result, a root of the collector', async () => {
    const { status, stdout, stderr } = await rebuild('build');
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^building the system configuration\.\.\.$/m);
    assert.match(stdout, /^\/nix\/store\/[0-9a-z]{32}-nixos-system-kenny-26\.\d\d\S*\n$/);
    toplevel = stdout.trim();
    // The link works on this machine, though the store is private.
    assert.equal(readlinkSync(result()), store.real(toplevel));
    for (const name of ['init', 'kernel', 'initrd', 'kernel-params', 'etc', 'sw', 'activate'])
      assert.ok(lstatSync(join(result(), name)), name);
    const roots = await store.succeed('nix-store', ['--gc', '--print-roots']);
    assert.ok(roots.includes(`${result()} -> ${toplevel}`), roots);
  });

  test('the link of a built system shows the machine its files', async () => {
    const text = await store.succeed('firn', ['enter', 'cat', `${toplevel}/etc/greeting`]);
    assert.equal(text, 'hello');
  });

  test('a second build does nothing', async () => {
    const { status, stdout, stderr } = await rebuild('build');
    assert.equal(status, 0, stderr);
    assert.equal(stdout.trim(), toplevel);
    assert.deepEqual(built(stderr), []);
    const dry = await rebuild('dry-build');
    assert.doesNotMatch(dry.stderr, /will be/);
  });

  test('after an option was edited only what depends on it is built', async () => {
    writeFileSync(file, configuration('goodbye'));
    const { status, stdout, stderr } = await rebuild('build');
    assert.equal(status, 0, stderr);
    assert.notEqual(stdout.trim(), toplevel);
    toplevel = stdout.trim();
    const names = built(stderr).map((name) => name.replace(/-26\.\d\d.*/, ''));
    assert.ok(names.includes('etc') && names.includes('nixos-system-kenny'), stderr);
    assert.deepEqual(
      names.filter((name) => !/^(etc|etc-.*|greeting|nixos-system-kenny)$/.test(name)),
      [],
    );
  });

  test('after a store path was deleted only that is built', async () => {
    rmSync(result());
    await store.succeed('nix-store', ['--delete', toplevel]);
    assert.ok(!existsSync(store.real(toplevel)));
    const { status, stdout, stderr } = await rebuild('build');
    assert.equal(status, 0, stderr);
    assert.equal(stdout.trim(), toplevel);
    assert.deepEqual(
      built(stderr).map((name) => name.replace(/-26\.\d\d.*/, '')),
      ['nixos-system-kenny'],
    );
  });

  test('build-vm leaves a program that runs the machine', async () => {
    const { status, stdout, stderr } = await rebuild('build-vm');
    assert.equal(status, 0, stderr);
    assert.match(stderr, /The virtual machine can be started by running \/.*\/bin\/run-\*-vm/);
    assert.deepEqual(readdirSync(join(result(), 'bin')), ['run-kenny-vm']);
    const script = readFileSync(join(result(), 'bin/run-kenny-vm'), 'utf8');
    // No placeholder is left, and nothing of this machine's own is named.
    assert.doesNotMatch(script, /@[a-zA-Z]+@/);
    assert.ok(!script.includes(store.directory));
    assert.equal(stdout.trim(), readlinkSync(result()).slice(store.root.length));
  });

  test('NIXOS_CONFIG names the configuration where -I does not', async () => {
    const { status, stderr } = await store.run('nixos-rebuild', ['dry-build'], { NIXOS_CONFIG: file });
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /will be/);
  });

  test('without a configuration: one error, which names what to say', async () => {
    const { status, stdout, stderr } = await store.run('nixos-rebuild', ['build']);
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /error: .*nixos-config/);
    assert.doesNotMatch(stderr, /\.ts:\d/);
  });
});
