import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  listSystemGenerations,
  previousSystem,
  rollBackSystem,
  setSystem,
  systemOfGeneration,
  systemProfile,
} from './system-profile.ts';

/** A state directory and toplevels `a`, `b` with a version each. */
function scratch(): Disposable & { state: string; toplevel: (name: string) => string } {
  const state = mkdtempSync(join(tmpdir(), 'firn-profile-'));
  return {
    state,
    toplevel: (name) => {
      const path = join(state, name);
      mkdirSync(join(path, 'kernel-modules/lib/modules', `6.12-${name}`), { recursive: true });
      writeFileSync(join(path, 'nixos-version'), `26.11.${name}`);
      return path;
    },
    [Symbol.dispose]: () => rmSync(state, { recursive: true }),
  };
}

test('names of profiles', () => {
  assert.equal(systemProfile('/s'), '/s/profiles/system');
  assert.equal(systemProfile('/s', 'test'), '/s/profiles/system-profiles/test');
  for (const name of ['a/b', '..', '', '-x', '.x', 'x y', 'a-1-link', "a'"])
    assert.throws(() => systemProfile('/s', name), /is not a name for a profile/, name);
});

test('generations are made, listed, and rolled back', async () => {
  using scene = scratch();
  const profile = systemProfile(scene.state);
  assert.throws(() => previousSystem(profile), /cannot roll back .*: it has no generations/);
  assert.throws(() => systemOfGeneration(profile, 'current'), /does not have a current generation/);
  await setSystem(profile, scene.toplevel('a'));
  assert.throws(() => previousSystem(profile), /generation 1 is its oldest/);
  await setSystem(profile, scene.toplevel('b'));
  const again = await setSystem(profile, scene.toplevel('b'));
  assert.equal(again.number, 2, 'the same system is no new generation');
  const list = listSystemGenerations(profile);
  assert.deepEqual(
    list.map(({ generation, nixosVersion, kernelVersion, current }) => [
      generation,
      nixosVersion,
      kernelVersion,
      current,
    ]),
    [
      [2, '26.11.b', '6.12-b', true],
      [1, '26.11.a', '6.12-a', false],
    ],
  );
  assert.match(list[0].date, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.equal((await rollBackSystem(profile)).number, 1);
  assert.equal(readlinkSync(profile), 'system-1-link');
  assert.equal(systemOfGeneration(profile, 2), scene.toplevel('b'));
  assert.throws(() => systemOfGeneration(profile, 7), { hint: 'it has: 1, 2' });
});
