/**
 * Configurations with mistakes in them, built by `nixos-rebuild build` as a user does. Each directory of `errors/` holds one,
 * and the whole of what the command says in `expected.txt`; `FIRN_ACCEPT=1` writes those files anew (and fails, so that an
 * accepting run is never taken for a passing one).
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeTestChannel, ScratchCommands } from '../support/scratch-commands.ts';

const cases = fileURLToPath(new URL('./errors', import.meta.url));

describe('mistakes in a configuration', () => {
  const scratch = new ScratchCommands();
  after(() => scratch[Symbol.asyncDispose]());
  const channel = join(scratch.directory, 'channel');
  makeTestChannel(channel);

  const rebuild = (name: string) =>
    scratch.run('nixos-rebuild', [
      'build',
      '-I',
      `nixpkgs=${channel}`,
      '-I',
      `nixos-config=${join(cases, name, 'configuration.nix')}`,
    ]);

  for (const name of readdirSync(cases)) {
    test(name, () => {
      const { status, stdout, stderr } = rebuild(name);
      assert.equal(status, 1, stderr);
      assert.equal(stdout, '');
      const message = stderr
        .replace('building the system configuration...\n', '')
        .replaceAll(join(cases, name), '.')
        .replaceAll(channel, '<nixpkgs>')
        .replace(/\(\d+ steps elsewhere\)/g, '(N steps elsewhere)');
      const golden = join(cases, name, 'expected.txt');
      if (process.env['FIRN_ACCEPT'] === '1') {
        writeFileSync(golden, message);
        assert.fail('accepted the message; run again without FIRN_ACCEPT');
      }
      assert.ok(existsSync(golden), `${golden} is missing; FIRN_ACCEPT=1 writes it`);
      assert.equal(message, readFileSync(golden, 'utf8'));
    });
  }

  test('nothing is left behind but what evaluation itself wrote', () => {
    assert.deepEqual(readdirSync(scratch.work), []);
    const paths = scratch
      .succeed('nix-store', ['--gc', '--print-dead'])
      .split('\n')
      .filter((path) => path !== '' && !path.endsWith('.drv'));
    const derivers = scratch
      .succeed('nix-store', ['--query', '--deriver', ...paths])
      .trimEnd()
      .split('\n');
    const built = paths.filter((_, i) => derivers[i] !== 'unknown-deriver');
    assert.deepEqual(built, []);
    // Roots in /proc: other processes of this machine that use a path of the same name.
    const roots = scratch.succeed('nix-store', ['--gc', '--print-roots']).split('\n');
    assert.deepEqual(
      roots.filter((root) => root !== '' && !/^(\/proc\/|\{)/.test(root)),
      [],
    );
  });
});
