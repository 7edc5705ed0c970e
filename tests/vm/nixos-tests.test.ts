/**
 * A few of the tests in `distribution/nixos/tests`, as everyone builds them: each is a derivation whose machines run in the build
 * sandbox. Four boots. The others run with `npm run test:vm`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { MachineStore } from '../support/test-machine.ts';

const names = JSON.parse(readFileSync(new URL('./nixos-tests.json', import.meta.url), 'utf8')) as string[];

describe('NixOS tests', () => {
  let store: MachineStore;

  before(() => {
    store = MachineStore.open();
  });

  after(() => store[Symbol.asyncDispose]());

  for (const name of names) {
    test(name, async () => {
      const file = join(process.env['FIRN_TEST_NIXPKGS']!, 'nixos/tests', `${name}.nix`);
      const result = await store.succeed('nix-build', [file, '--out-link', join(store.directory, name)]);
      const log = readFileSync(join(store.real(result.trim()), 'log.html'), 'utf8');
      assert.match(log, new RegExp(`test ${name}|${name}`));
    });
  }
});
