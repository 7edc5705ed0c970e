/** Profiles and generations. */
import assert from 'node:assert/strict';
import {
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  createGeneration,
  deleteGenerations,
  findGenerations,
  lockProfile,
  selectOldGenerations,
  switchGeneration,
  switchLink,
} from './profiles.ts';
import { ScratchDirectory } from './test-store.ts';

const target = (letter: string) => `/nix/store/${letter.repeat(32)}-x`;

/** A profile with generations 1..count, each a day younger than the one before; the newest is current and 1 day old. */
function makeProfile(directory: string, count: number): string {
  const profile = join(directory, 'system');
  const day = 24 * 3600;
  for (let i = 1; i <= count; i++) {
    const generation = createGeneration(profile, target('abcdfghijk'[i]));
    switchLink(profile, generation.link);
    const time = Date.now() / 1000 - (count + 1 - i) * day + 60;
    lutimesSync(generation.link, time, time);
  }
  return profile;
}

describe('generations', () => {
  test('are numbered upwards; one that leads to the same place is used again', async () => {
    await using directory = new ScratchDirectory();
    const profile = join(directory.path, 'new/system');
    const first = createGeneration(profile, target('a'));
    assert.equal(first.number, 1);
    assert.equal(createGeneration(profile, target('a')).number, 1);
    const second = createGeneration(profile, target('b'));
    assert.equal(second.number, 2);
    // Back to where the first leads is a new generation: history is kept.
    assert.equal(createGeneration(profile, target('a')).number, 3);
    assert.deepEqual(findGenerations(profile).current, undefined);
    switchLink(profile, second.link);
    assert.equal(readlinkSync(profile), 'system-2-link');
    const { generations, current } = findGenerations(profile);
    assert.deepEqual(
      generations.map((generation) => generation.number),
      [1, 2, 3],
    );
    assert.equal(current, 2);
    assert.ok(Math.abs(generations[0].creationTimeSeconds - Date.now() / 1000) < 60);
  });

  test('foreign names are not generations', async () => {
    await using directory = new ScratchDirectory();
    const profile = makeProfile(directory.path, 2);
    for (const name of [
      'system-x-link',
      'system-4',
      'other-7-link',
      'system-1-link.tmp',
      'system-user-9-link',
    ]) {
      symlinkSync('x', join(directory.path, name));
    }
    assert.deepEqual(
      findGenerations(profile).generations.map((generation) => generation.number),
      [1, 2],
    );
  });

  test('switching to a number and back', async () => {
    await using directory = new ScratchDirectory();
    const profile = makeProfile(directory.path, 4);
    assert.deepEqual(switchGeneration(profile, 'previous'), { from: 4, to: 3 });
    assert.deepEqual(switchGeneration(profile, 1), { from: 3, to: 1 });
    assert.throws(() => switchGeneration(profile, 'previous'), {
      message: 'no profile version older than the current (1) exists',
    });
    assert.throws(() => switchGeneration(profile, 9), { message: 'profile version 9 does not exist' });
    assert.equal(findGenerations(profile).current, 1);
  });

  test('deleting; the current one stays', async () => {
    await using directory = new ScratchDirectory();
    const profile = makeProfile(directory.path, 4);
    assert.throws(() => deleteGenerations(profile, [1, 4]), { code: 'current-generation' });
    assert.deepEqual(deleteGenerations(profile, [1, 3, 77]), [1, 3]);
    assert.deepEqual(
      findGenerations(profile).generations.map((generation) => generation.number),
      [2, 4],
    );
    // Numbers are never used twice while a younger generation exists.
    assert.equal(createGeneration(profile, target('z')).number, 5);
  });

  test('choosing old ones', async () => {
    await using directory = new ScratchDirectory();
    const profile = makeProfile(directory.path, 6);
    switchGeneration(profile, 5);
    const day = 24 * 3600;
    assert.deepEqual(selectOldGenerations(profile, 'old'), [1, 2, 3, 4, 6]);
    assert.deepEqual(selectOldGenerations(profile, { keep: 2 }), [1, 2, 3]);
    assert.deepEqual(selectOldGenerations(profile, { keep: 50 }), []);
    // Made 6, 5, 4, 3, 2, 1 days ago: three days ago the third was in use, and stays.
    assert.deepEqual(selectOldGenerations(profile, { olderThanSeconds: 3.5 * day }), [1, 2]);
    assert.deepEqual(selectOldGenerations(profile, { olderThanSeconds: 0 }), [1, 2, 3, 4]);
    assert.deepEqual(selectOldGenerations(profile, { olderThanSeconds: 100 * day }), []);
  });
});

test('the lock is exclusive, and its file goes away', async () => {
  await using directory = new ScratchDirectory();
  const profile = makeProfile(directory.path, 1);
  const lock = await lockProfile(profile);
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  await assert.rejects(lockProfile(profile, abort.signal), { name: 'Interrupted' });
  lock[Symbol.dispose]();
  (await lockProfile(profile))[Symbol.dispose]();
  assert.deepEqual(readdirSync(directory.path).sort(), ['system', 'system-1-link']);
});

test('leftovers of an interrupted switch are no hindrance', async () => {
  await using directory = new ScratchDirectory();
  const profile = makeProfile(directory.path, 2);
  writeFileSync(`${profile}.tmp-${process.pid}`, '');
  switchGeneration(profile, 1);
  assert.ok(lstatSync(profile).isSymbolicLink());
  mkdirSync(join(directory.path, 'empty'));
  assert.deepEqual(findGenerations(join(directory.path, 'empty/none')), {
    generations: [],
    current: undefined,
  });
});
