import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  type ContainerPlaces,
  checkContainerName,
  containerAt,
  findContainer,
  freeAddresses,
  freeName,
  isDeclarative,
  listContainers,
  readVariables,
  writeConfiguration,
  writeVariables,
} from './index.ts';

let directory: string;
let places: ContainerPlaces;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'firn-containers-'));
  places = {
    configDir: join(directory, 'etc'),
    rootsDir: join(directory, 'roots'),
    stateDir: join(directory, 'state'),
  };
});
afterEach(() => rmSync(directory, { recursive: true }));

function add(name: string, variables: Record<string, string>): void {
  writeVariables(containerAt(places, name), new Map(Object.entries(variables)));
}

test('variables survive writing and reading; empty ones are left out', () => {
  add('web', {
    PRIVATE_NETWORK: '1',
    HOST_ADDRESS: '10.233.1.1',
    HOST_BRIDGE: '',
    EXTRA_NSPAWN_FLAGS: '--a --b=c d',
  });
  const file = join(places.configDir, 'web.conf');
  assert.equal(
    readFileSync(file, 'utf8'),
    'PRIVATE_NETWORK=1\nHOST_ADDRESS=10.233.1.1\nEXTRA_NSPAWN_FLAGS="--a --b=c d"\n',
  );
  assert.equal(readVariables(containerAt(places, 'web')).get('EXTRA_NSPAWN_FLAGS'), '--a --b=c d');
});

test('each container gets a network that no other has', () => {
  assert.deepEqual(freeAddresses(places), { host: '10.233.1.1', local: '10.233.1.2' });
  add('a', { HOST_ADDRESS: '10.233.1.1', LOCAL_ADDRESS: '10.233.1.2' });
  add('b', { LOCAL_ADDRESS: '10.233.3.2' });
  assert.equal(freeAddresses(places).host, '10.233.2.1');
  for (let n = 2; n < 255; n++) add(`c${n}`, { HOST_ADDRESS: `10.233.${n}.1` });
  assert.throws(() => freeAddresses(places), /out of IP addresses/);
});

test('names', () => {
  for (const good of ['a', 'web-1', 'A1', 'abcdefghijk']) checkContainerName(good);
  for (const bad of ['', '-a', 'a b', 'a/b', 'ä', '../x']) {
    assert.throws(() => checkContainerName(bad), /invalid container name/, bad);
  }
  assert.throws(() => checkContainerName('abcdefghijkl'), /too long/);
});

test('a taken name is refused, or gets a number', () => {
  add('web', {});
  assert.throws(() => freeName(places, 'web', false), /'web' already exists/);
  assert.equal(freeName(places, 'web', true), 'web-0');
  add('web-0', {});
  assert.equal(freeName(places, 'web', true), 'web-1');
  assert.deepEqual(listContainers(places), ['web', 'web-0']);
});

test('what does not exist is said with near names', () => {
  add('database', {});
  assert.throws(
    () => findContainer(places, 'databse'),
    (error: { message: string; hint?: string }) =>
      /'databse' does not exist/.test(error.message) && error.hint === "did you mean 'database'?",
  );
});

test('a container of the configuration of the system is a link', () => {
  add('mine', {});
  mkdirSync(join(directory, 'static'));
  writeFileSync(join(directory, 'static/theirs.conf'), '');
  symlinkSync(join(directory, 'static/theirs.conf'), join(places.configDir, 'theirs.conf'));
  assert.equal(isDeclarative(findContainer(places, 'mine')), false);
  assert.equal(isDeclarative(findContainer(places, 'theirs')), true);
});

test('the configuration of a new container is a module with what was given', () => {
  const container = containerAt(places, 'web');
  writeConfiguration(container, { config: 'services.openssh.enable = true;\nservices.nginx.enable = true;' });
  const text = readFileSync(join(container.root, 'etc/nixos/configuration.nix'), 'utf8');
  assert.match(text, /boot\.isContainer = true;\n/);
  assert.match(text, /mkDefault "web";\n/);
  assert.match(text, /\n {2}services\.openssh\.enable = true;\n {2}services\.nginx\.enable = true;\n}\n$/);
  assert.throws(() => writeConfiguration(container, { config: '', configFile: '/x' }), /exclude each other/);
});
