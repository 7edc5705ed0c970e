/** Damage to the database: always noticed, always told apart, never answered from. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { StoreError } from '../diagnostics/index.ts';
import { openTestStore, ScratchDirectory } from './test-store.ts';

/** A closed store with some paths; gives the database's file. */
async function makeStore(root: string): Promise<{ file: string; names: string[] }> {
  const store = await openTestStore(root);
  let last = await store.addText('t0', '', []);
  for (let i = 1; i < 40; i++) last = await store.addText(`t${i}`, `${last.baseName} ${i}`, [last]);
  const names = store.queryAllValidPaths().map((path) => path.baseName);
  store.close();
  return { file: join(root, 'nix/var/nix/db/db.sqlite'), names };
}

/** Opens the store and asks everything. */
async function readAll(root: string): Promise<string[]> {
  const store = await openTestStore(root);
  try {
    const paths = store.queryAllValidPaths();
    for (const path of paths) {
      store.queryPathInfo(path);
      store.queryReferrers(path);
    }
    return paths.map((path) => path.baseName);
  } finally {
    store.close();
  }
}

describe('a damaged database', () => {
  test('truncated anywhere', async () => {
    await using directory = new ScratchDirectory();
    const { file } = await makeStore(directory.path);
    const whole = readFileSync(file);
    for (const size of [
      0,
      1,
      100,
      1000,
      4096,
      8192,
      whole.length / 2,
      whole.length - 4096,
      whole.length - 1,
    ]) {
      writeFileSync(file, whole);
      truncateSync(file, size);
      await assert.rejects(readAll(directory.path), { code: 'corrupt-database' }, `${size} bytes`);
    }
  });

  test('missing', async () => {
    await using directory = new ScratchDirectory();
    const { file } = await makeStore(directory.path);
    rmSync(file);
    await assert.rejects(readAll(directory.path), {
      code: 'corrupt-database',
      message: /db\.sqlite' is damaged: the file is missing$/,
    });
  });

  test('replaced by something else', async () => {
    await using directory = new ScratchDirectory();
    const { file } = await makeStore(directory.path);
    writeFileSync(
      file,
      'this is no database, but a text that is long enough to look like a header'.repeat(100),
    );
    await assert.rejects(readAll(directory.path), { code: 'corrupt-database' });
  });

  test('a page overwritten: refused, or it was a free page', async () => {
    await using directory = new ScratchDirectory();
    const { file, names } = await makeStore(directory.path);
    const whole = readFileSync(file);
    const pages = whole.length / 4096;
    await fc.assert(
      fc.asyncProperty(fc.nat(pages - 1), fc.nat(255), async (page, byte) => {
        const changed = Buffer.from(whole);
        changed.fill(byte, page * 4096, (page + 1) * 4096);
        writeFileSync(file, changed);
        try {
          assert.deepEqual(await readAll(directory.path), names);
        } catch (error) {
          assert.ok(error instanceof StoreError, String(error));
          assert.equal(error.code, 'corrupt-database', error.message);
        }
      }),
      { numRuns: 40 },
    );
  });
});

test('a transaction that fails leaves nothing', async () => {
  await using directory = new ScratchDirectory();
  await makeStore(directory.path);
  const store = await openTestStore(directory.path);
  const [first] = store.queryAllValidPaths().filter((path) => store.queryReferrers(path).length === 0);
  assert.throws(() =>
    store.database.transaction(() => {
      store.database.invalidate(first);
      throw new Error('on purpose');
    }),
  );
  assert.ok(store.isValidPath(first));
  // What others refer to cannot be made invalid.
  const [needed] = store.queryAllValidPaths().filter((path) => store.queryReferrers(path).length > 0);
  assert.throws(() => store.database.invalidate(needed), { code: 'database-error' });
  store.close();
});
