/**
 * The machine of `examples/first-machine`, built and booted: it has what its configuration says. One boot.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MachineStore, PATIENCE_SECONDS, type TestMachine } from '../support/test-machine.ts';

const configuration = fileURLToPath(
  new URL('../../examples/first-machine/configuration.nix', import.meta.url),
);
const OPEN_PORT = 7777;
const CLOSED_PORT = 7778;

describe('the first machine', () => {
  let store: MachineStore;
  let machine: TestMachine;
  let seconds: number;

  before(async () => {
    store = MachineStore.open();
    const flags = ['-I', `nixos-config=${configuration}`, '-I', `firn-run=${store.credentials.runDirectory}`];
    const path = (await store.succeed('nixos-rebuild', ['build-vm', ...flags])).trim();
    machine = await store.boot(path, { ports: [OPEN_PORT, CLOSED_PORT] });
    seconds = await machine.vm.waitForText(/login: $/, PATIENCE_SECONDS);
  });
  after(async () => {
    await machine?.[Symbol.asyncDispose]();
    await store?.[Symbol.asyncDispose]();
  });

  test('boots to the login prompt', (context) => {
    context.diagnostic(`from QEMU's start to the login prompt: ${seconds.toFixed(1)} s`);
    assert.match(machine.vm.output, /<<< Welcome to NixOS 26\.\d\d\S* \((x86_64|aarch64)\) - tty\S+ >>>/);
    assert.match(machine.vm.output, /\ncartman login: $/);
  });

  test('refuses a wrong password on the console', async () => {
    machine.vm.forgetOutput();
    machine.vm.type('alice\n');
    await machine.vm.waitForText(/Password: $/, PATIENCE_SECONDS);
    machine.vm.type('wrong\n');
    await machine.vm.waitForText(/Login incorrect/, PATIENCE_SECONDS);
    await machine.vm.waitForText(/login: $/, PATIENCE_SECONDS);
  });

  test('lets the user in with the password on the console', async () => {
    machine.vm.forgetOutput();
    await machine.login('alice', store.credentials.password);
    assert.equal(await machine.console('id -un'), 'alice');
    assert.equal(await machine.console('hostname'), 'cartman');
    assert.match(await machine.console('tty'), /^\/dev\/tty(S|AMA)0$/);
  });

  test('sudo asks for the password and gives root', async () => {
    const root = await machine.console(`echo ${store.credentials.password} | sudo -S -p '' id -u`);
    assert.equal(root, '0');
  });

  test('SSH lets the key in, as the user and as root', async () => {
    await machine.waitForSsh();
    assert.equal(await machine.succeed('id -un', 'alice'), 'alice');
    assert.equal(await machine.succeed('id -u'), '0');
  });

  test('SSH refuses somebody without the key', async () => {
    const { status, stderr } = await machine.ssh('true', 'nobody');
    assert.equal(status, 255);
    assert.match(stderr, /Permission denied/);
  });

  test('reaches the state running, with no failed unit', async () => {
    const { stdout } = await machine.ssh(
      'systemctl is-system-running --wait; systemctl --failed --no-legend',
    );
    assert.equal(stdout, 'running\n');
  });

  test('an open port answers, a closed one does not though something listens there', async () => {
    assert.equal(await machine.listen(OPEN_PORT, PATIENCE_SECONDS), 'Hello from cartman!\n');
    const { here } = await machine.facts({
      start: `systemd-run --quiet $(readlink -f $(dirname $(readlink -f $(command -v systemctl))))/systemd-socket-activate --accept --inetd -l ${CLOSED_PORT} /run/current-system/sw/bin/echo open`,
      here: `for i in $(seq 50); do cat < /dev/tcp/127.0.0.1/${CLOSED_PORT} && break; sleep 0.5; done 2>/dev/null`,
    });
    assert.equal(here, 'open');
    assert.equal(await machine.listen(CLOSED_PORT, 5), undefined);
  });

  test('the service of its own has run', async () => {
    const facts = await machine.facts({
      file: 'cat /run/first-words',
      state: 'systemctl show --property=ActiveState,SubState,Result --value first-words.service',
      journal: 'journalctl --no-pager -u first-words',
    });
    assert.equal(facts.file, 'Hello from cartman!');
    assert.deepEqual(facts.state.split('\n').sort(), ['active', 'exited', 'success']);
    assert.match(facts.journal, /Hello from cartman!/);
  });

  test('settings of the kernel, of time and of the language hold', async () => {
    const facts = await machine.facts({
      keepalive: 'sysctl -n net.ipv4.tcp_keepalive_time',
      zone: 'date -d 2026-07-01T12:00Z +%Z',
      language: `bash -lc 'echo "$LANG"'`,
    });
    assert.deepEqual(facts, { keepalive: '120', zone: 'CEST', language: 'en_US.UTF-8' });
  });

  test('definitions of two modules meet: mkForce, mkBefore, packages of both lists', async () => {
    const facts = await machine.facts(
      {
        account: 'getent passwd alice',
        modules: 'cat /etc/modules-load.d/nixos.conf',
        hello: 'hello -g hi',
        git: 'git --version',
      },
      'alice',
    );
    assert.match(facts.account, /:Alice of the greeter:\/home\/alice:/);
    const modules = facts.modules.split('\n');
    assert.ok(modules.includes('tun') && modules.indexOf('tun') < modules.indexOf('fuse'), facts.modules);
    assert.equal(facts.hello, 'hi');
    assert.match(facts.git, /^git version \d/);
  });

  test("Firn works inside: version, queries, evaluation, the machine's own store", async () => {
    const facts = await machine.facts({
      version: 'nixos-version',
      requisites: 'nix-store -q --requisites /run/current-system | wc -l',
      sum: 'nix-instantiate --eval -E "1 + 2"',
    });
    assert.match(facts.version, /^26\.\d\d\S* \(\w+\)$/);
    assert.ok(Number(facts.requisites) > 100, facts.requisites);
    assert.equal(facts.sum, '3');
  });

  test('powers off cleanly when the power button is pressed', async () => {
    machine.vm.forgetOutput();
    await machine.vm.powerDown(PATIENCE_SECONDS);
    assert.match(machine.vm.output, /Reached target.*poweroff\.target/);
    assert.match(machine.vm.output, /reboot: Power down/);
    assert.doesNotMatch(machine.vm.output, /Failed unmounting|FAILED/);
  });

  test('its disk is where the manual says', () => {
    assert.ok(
      readFileSync(join(store.directory, 'cartman/cartman.qcow2'))
        .subarray(0, 4)
        .equals(Buffer.from('QFI\xfb', 'latin1')),
    );
  });
});
