/** Processes that are killed, and disks that are full: whatever is valid is whole. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { collectGarbage } from './garbage.ts';
import { openTestStore, ScratchDirectory } from './test-store.ts';
import { verifyStore } from './verify.ts';

const child = (script: string, ...args: string[]) => [
  '--disable-warning=ExperimentalWarning',
  join(import.meta.dirname, 'fixtures', script),
  ...args,
];

describe('kill -9', () => {
  const seed = Number(process.env['FIRN_TEST_SEED'] ?? Date.now() % 1_000_000);

  test(`at random moments of adding, collecting and linking (seed ${seed})`, async () => {
    await using directory = new ScratchDirectory();
    const source = join(directory.path, 'source');
    mkdirSync(source);
    for (let i = 0; i < 100; i++) writeFileSync(join(source, String(i)), `${i}`.repeat(i));
    const random = randomNumbers(seed);
    for (let round = 0; round < 10; round++) {
      const running = spawn(
        process.execPath,
        child('work-until-killed.ts', directory.path, source, String(round)),
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      await once(running.stdout, 'data');
      await sleep(random() * 150);
      running.kill('SIGKILL');
      await once(running, 'close');
      const store = await openTestStore(directory.path);
      const faults = await verifyStore(store, { checkContents: true });
      const { messages } = store.logger;
      assert.equal(faults, false, `round ${round}: ${messages.map(({ message }) => message).join('\n')}`);
      assert.ok(!messages.some(({ message }) => message.includes('disappeared')), `round ${round}`);
      await store.addPath('source', source);
      store.close();
    }
    const store = await openTestStore(directory.path);
    rmSync(join(directory.path, 'result'), { force: true });
    await collectGarbage(store, { action: 'delete-dead' });
    assert.deepEqual(readdirSync(store.realStoreDir), ['.links']);
    assert.deepEqual(readdirSync(join(store.stateDir, 'temproots')), []);
    store.close();
  });
});

describe('a full disk', () => {
  // Mounting needs privileges: our own, or those of a user namespace.
  const namespace = process.getuid!() === 0 ? ['-m'] : ['-mUr'];
  const possible = spawnSync('unshare', [...namespace, 'true']).status === 0;

  test('is an error that names the place; nothing is registered, nothing stays', async (context) => {
    if (!possible) return context.skip('mount namespaces are not allowed here');
    await using directory = new ScratchDirectory();
    const mount = 'mount -t tmpfs -o size=24m tmpfs "$0" && exec "$@"';
    const result = spawnSync(
      'unshare',
      [
        ...namespace,
        'sh',
        '-c',
        mount,
        directory.path,
        process.execPath,
        ...child('fill-disk.ts', directory.path),
      ],
      { encoding: 'utf8' },
    );
    assert.equal(result.status, 0, result.stderr);
    const report = JSON.parse(result.stdout);
    assert.deepEqual(report.errors, ['disk-full', 'disk-full', 'disk-full']);
    assert.match(report.message, /^writing to '.*' failed|^writing to '.*': no space left on device$/);
    assert.equal(report.validBefore, report.validAfter);
    assert.deepEqual(report.leftovers, []);
    assert.equal(report.faults, false);
    assert.ok(report.freedBytes > 1_000_000);
  });
});

/** Numbers from 0 to 1 that follow from a seed. */
function randomNumbers(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
