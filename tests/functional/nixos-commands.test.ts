/** `nixos-version`, `nixos-option` and `firn enter`, as users run them on a private store. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { MachineStore } from '../support/test-machine.ts';

let store: MachineStore;
let flags: string[];

before(() => {
  store = MachineStore.open();
  const file = join(store.directory, 'configuration.nix');
  writeFileSync(
    file,
    `{ lib, ... }:
{
  networking.hostName = "stan";
  services.openssh.enable = true;
  networking.firewall.allowedTCPPorts = lib.mkBefore [ 8080 ];
  users.users."a.b".isNormalUser = true;
}
`,
  );
  flags = ['-I', `nixos-config=${file}`];
});
after(() => store?.[Symbol.asyncDispose]());

describe('nixos-version on another system', () => {
  const channelFile = () =>
    readFileSync(join(process.env['FIRN_TEST_NIXPKGS']!, 'debian/channel.nix'), 'utf8');
  const revision = () => /revision = "([0-9a-f]{40})"/.exec(channelFile())![1];

  test('shows what the channel would give, and says so', async () => {
    const { status, stdout, stderr } = await store.run('nixos-version', []);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^\d\d\.\d\d\.\d{8}\.[0-9a-f]{7} \([A-Z][a-z]+\)\n$/);
    assert.ok(stdout.includes(revision().slice(0, 7)));
    assert.match(stderr, /warning: this is not a NixOS machine/);
  });

  test('--revision and --hash print the revision of the channel', async () => {
    for (const flag of ['--revision', '--hash'])
      assert.equal(await store.succeed('nixos-version', [flag]), `${revision()}\n`);
  });

  test('--json', async () => {
    const data = JSON.parse(await store.succeed('nixos-version', ['--json'])) as Record<string, unknown>;
    assert.deepEqual(Object.keys(data).sort(), [
      'codeName',
      'configurationRevision',
      'nixosVersion',
      'nixpkgsRevision',
    ]);
    assert.equal(data['nixpkgsRevision'], revision());
    assert.equal(data['configurationRevision'], null);
  });
});

describe('nixos-option', () => {
  const option = (...args: string[]) => store.run('nixos-option', [...flags, ...args]);

  test('an option: value, default, type, description, where it is declared and defined', async () => {
    const { status, stdout, stderr } = await option('networking.hostName');
    assert.equal(status, 0, stderr);
    for (const title of ['Value', 'Type', 'Description', 'Declared by', 'Defined by'])
      assert.match(stdout, new RegExp(`^${title}:$`, 'm'));
    assert.match(stdout, /^Value:\n {2}"stan"$/m);
    assert.ok(stdout.includes(`Defined by:\n  "${join(store.directory, 'configuration.nix')}"`), stdout);
  });

  test('a merged list', async () => {
    const { stdout } = await option('networking.firewall.allowedTCPPorts', '--json');
    const { value, definedBy } = JSON.parse(stdout) as { value: string; definedBy: unknown[] };
    assert.match(value, /^\[\s*22\s+8080\s*\]$/);
    assert.equal(definedBy.length, 2);
  });

  test('a set of options: their names', async () => {
    const { status, stdout } = await option('services.openssh');
    assert.equal(status, 0);
    assert.match(stdout, /^This attribute set contains:\n/);
    for (const name of ['enable', 'ports', 'settings']) assert.ok(stdout.split('\n').includes(name), name);
  });

  test('a quoted name with a dot', async () => {
    const { status, stdout, stderr } = await option('users.users."a.b".home');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /\/home\/a\.b/);
  });

  test('an unknown option: the nearest names', async () => {
    const { status, stdout, stderr } = await option('networking.hostNam');
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /error: the option 'networking\.hostNam' does not exist/);
    assert.match(stderr, /hostName/);
  });
});

describe('firn enter', () => {
  const enter = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    store.run('firn', ['enter', ...args], env);

  test('the private store stands at /nix/store, the rest is as it was', async () => {
    const program = (
      await store.succeed('nix-build', ['<nixpkgs>', '-A', 'coreutils', '--no-out-link'])
    ).trim();
    assert.equal((await enter([`${program}/bin/echo`, 'from the store'])).stdout, 'from the store\n');
    assert.equal((await enter(['sh', '-c', 'pwd'])).stdout, `${store.directory}\n`);
    assert.equal((await enter(['sh', '-c', 'echo "$COLOUR"'], { COLOUR: 'blue' })).stdout, 'blue\n');
    writeFileSync(join(store.directory, 'note'), 'old');
    assert.equal((await enter(['sh', '-c', 'echo new > note'])).status, 0);
    assert.equal(readFileSync(join(store.directory, 'note'), 'utf8'), 'new\n');
  });

  test("flags after the command are the command's own", async () => {
    assert.equal((await enter(['printf', '%s|', '--help', '-v', '--', 'x'])).stdout, '--help|-v|--|x|');
  });

  test('the exit status is passed on, of signals too', async () => {
    assert.equal((await enter(['sh', '-c', 'exit 37'])).status, 37);
    assert.equal((await enter(['sh', '-c', 'kill -TERM $$'])).status, 143);
  });

  test('standard input is passed on; without a command $SHELL is run', () => {
    const { status, stdout, stderr } = spawnSync(join(import.meta.dirname, '../../bin/firn'), ['enter'], {
      cwd: store.directory,
      env: { ...store.environment, SHELL: '/bin/sh' },
      input: 'ls -d /nix/store; exit 5\n',
      encoding: 'utf8',
    });
    assert.equal(stdout, '/nix/store\n', stderr);
    assert.equal(status, 5);
  });

  test("Firn's commands find the store at its place from inside", async () => {
    const bin = join(import.meta.dirname, '../../bin');
    const line = `NIX_REMOTE= ${bin}/nix-build '<nixpkgs>' -A coreutils --no-out-link`;
    const { status, stdout, stderr } = await enter(['sh', '-c', line]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^\/nix\/store\/[0-9a-z]{32}-coreutils-\S+\n$/);
  });

  test('a program that does not exist is said so', async () => {
    const { status, stderr } = await enter(['no-such-program']);
    assert.notEqual(status, 0);
    assert.match(stderr, /no-such-program/);
  });
});
