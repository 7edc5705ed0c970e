/**
 * A machine whose configuration is drawn: host name, user, port, package, values. It reaches the state `running`, has
 * what was drawn, and what runs is exactly what was evaluated. One boot. `FIRN_TEST_SEED` repeats a drawing.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { randomIntegers, testSeed } from '../support/random.ts';
import { MachineStore, PATIENCE_SECONDS, type TestMachine } from '../support/test-machine.ts';

const packages = JSON.parse(readFileSync(new URL('./packages.json', import.meta.url), 'utf8')) as string[];
const seed = testSeed();

interface Drawn {
  readonly host: string;
  readonly user: string;
  readonly uid: number;
  readonly port: number;
  readonly package: string;
  readonly text: string;
  readonly sysctl: number;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

function draw(below: (limit: number) => number): Drawn {
  const between = (first: number, last: number) => first + below(last - first + 1);
  const text = (alphabet: string, length: number) =>
    Array.from({ length }, () => [...alphabet][below([...alphabet].length)]).join('');
  return {
    host: `${text(LETTERS, between(3, 10))}-${text(`${LETTERS}0123456789`, 4)}`,
    // No account of the system begins so.
    user: `u${text(LETTERS, between(3, 8))}`,
    uid: between(1100, 29000),
    port: between(2000, 60000),
    package: packages[below(packages.length)],
    text: `x${text(`${LETTERS}Äß "'$\\{}`, 20).trimEnd()}`,
    sysctl: between(100, 7000),
  };
}

/** A string of the Nix language. */
function quote(text: string): string {
  return `"${text.replace(/["\\]|\$(?=\{)/g, '\\$&')}"`;
}

function configuration(drawn: Drawn, publicKey: string): string {
  return `{ config, lib, pkgs, ... }:
{
  networking.hostName = ${quote(drawn.host)};
  users.users.${quote(drawn.user)} = {
    isNormalUser = true;
    uid = ${drawn.uid};
    openssh.authorizedKeys.keys = [ ${quote(publicKey)} ];
  };
  users.users.root.openssh.authorizedKeys.keys = [ ${quote(publicKey)} ];
  services.openssh.enable = true;
  networking.firewall.allowedTCPPorts = [ ${drawn.port} ];
  environment.systemPackages = [ pkgs.debian.${quote(drawn.package)} ];
  environment.etc."drawn".text = ${quote(drawn.text)};
  boot.kernel.sysctl."net.ipv4.tcp_keepalive_time" = ${drawn.sysctl};
  systemd.sockets.drawn = {
    wantedBy = [ "sockets.target" ];
    listenStreams = [ ${quote(String(drawn.port))} ];
    socketConfig.Accept = true;
  };
  systemd.services."drawn@" = {
    serviceConfig.ExecStart = "\${pkgs.coreutils}/bin/cat /etc/drawn";
    serviceConfig.StandardOutput = "socket";
  };
  system.stateVersion = "26.11";
}
`;
}

describe(`a machine drawn with FIRN_TEST_SEED=${seed}`, () => {
  const drawn = draw(randomIntegers(seed));
  let store: MachineStore;
  let machine: TestMachine;
  let flags: string[];
  let path: string;

  before(async () => {
    store = MachineStore.open();
    const file = join(store.directory, 'configuration.nix');
    const publicKey = readFileSync(join(store.credentials.runDirectory, 'authorized-key.pub'), 'utf8').trim();
    writeFileSync(file, configuration(drawn, publicKey));
    flags = ['-I', `nixos-config=${file}`];
    path = (await store.succeed('nixos-rebuild', ['build-vm', ...flags])).trim();
    machine = await store.boot(path, { ports: [drawn.port] });
    await machine.vm.waitForText(/login: $/, PATIENCE_SECONDS);
  });
  after(async () => {
    await machine?.[Symbol.asyncDispose]();
    await store?.[Symbol.asyncDispose]();
  });

  test('reaches the state running', async (context) => {
    context.diagnostic(JSON.stringify(drawn));
    await machine.waitForSsh();
    const { state, failed } = await machine.facts({
      state: 'systemctl is-system-running --wait',
      failed: 'systemctl --failed --no-legend',
    });
    assert.deepEqual({ state, failed }, { state: 'running', failed: '' });
  });

  test('has what was drawn', async () => {
    const facts = await machine.facts(
      {
        host: 'hostname',
        user: 'id -un',
        uid: 'id -u',
        text: 'cat /etc/drawn',
        sysctl: 'sysctl -n net.ipv4.tcp_keepalive_time',
      },
      drawn.user,
    );
    assert.deepEqual(facts, {
      host: drawn.host,
      user: drawn.user,
      uid: String(drawn.uid),
      text: drawn.text,
      sysctl: String(drawn.sysctl),
    });
    assert.equal(await machine.listen(drawn.port, PATIENCE_SECONDS), drawn.text);
  });

  test("has the drawn package's files, which came out of the store", async () => {
    const text = `toString (import <nixpkgs> { }).debian.${quote(drawn.package)}`;
    const evaluated = await store.succeed('nix-instantiate', ['--eval', '-E', text]);
    const { requisites, programs } = await machine.facts({
      requisites: 'nix-store -q --requisites /run/current-system',
      programs: `ls ${evaluated.trim()}/bin`,
    });
    assert.ok(requisites.split('\n').includes(JSON.parse(evaluated) as string), evaluated);
    assert.notEqual(programs, '');
    const { found } = await machine.facts({
      found: `for program in ${programs.split('\n').join(' ')}; do command -v $program; done`,
    });
    assert.equal(found.split('\n').length, programs.split('\n').length, found);
  });

  test('runs exactly the toplevel that was evaluated', async () => {
    const expression = '(import <nixpkgs/nixos> { }).vm.toplevel.outPath';
    const evaluated = JSON.parse(
      await store.succeed('nix-instantiate', ['--eval', '-E', expression, ...flags]),
    );
    const { current, booted } = await machine.facts({
      current: 'readlink -f /run/current-system',
      booted: 'readlink -f /run/booted-system',
    });
    assert.deepEqual({ current, booted }, { current: evaluated, booted: evaluated });
  });

  test('powers off when root says so', async () => {
    machine.vm.forgetOutput();
    await machine.ssh('systemctl poweroff');
    await machine.vm.waitForEnd(PATIENCE_SECONDS);
    assert.match(machine.vm.output, /reboot: Power down/);
  });
});
