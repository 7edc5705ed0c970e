/** Verification, linking equal files, export. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { NixError } from '../diagnostics/index.ts';
import type { StorePath } from '../formats/index.ts';
import { deleteTree } from '../platform/index.ts';
import { exportPaths, importPaths } from './export-import.ts';
import { optimisePath, optimiseStore } from './optimise.ts';
import { collect } from './store-contract.ts';
import { ScratchStore } from './test-store.ts';
import { verifyStore } from './verify.ts';

describe('verification', () => {
  test('of a sound store is silent', async () => {
    await using scratch = await ScratchStore.open();
    await scratch.store.addText('a', 'a', []);
    assert.equal(await verifyStore(scratch.store, { checkContents: true }), false);
    assert.deepEqual(
      scratch.store.logger.messages.filter(({ verbosity }) => verbosity < 3),
      [],
    );
  });

  test('finds changed contents, and has them repaired', async () => {
    await using scratch = await ScratchStore.open();
    const { store } = scratch;
    const path = await store.addText('a', 'a', []);
    chmodSync(store.toRealPath(path), 0o644);
    writeFileSync(store.toRealPath(path), 'b');
    assert.equal(await verifyStore(store), false);
    assert.equal(await verifyStore(store, { checkContents: true }), true);
    assert.match(
      store.logger.errors.at(-1)!.message,
      /^path '.*-a' was modified! expected hash 'sha256:[0-9a-z]{52}', got 'sha256:[0-9a-z]{52}'$/,
    );
    const repairPath = async (broken: StorePath) => {
      assert.deepEqual(broken, path);
      await store.addText('a', 'a', [], { repair: true });
    };
    assert.equal(await verifyStore(store, { checkContents: true, repairPath }), false);
    assert.equal(await verifyStore(store, { checkContents: true }), false);
  });

  test('removes what has vanished, unless something needs it', async () => {
    await using scratch = await ScratchStore.open();
    const { store } = scratch;
    const a = await store.addText('a', 'a', []);
    const b = await store.addText('b', a.baseName, [a]);
    rmSync(store.toRealPath(a));
    assert.equal(await verifyStore(store), true);
    assert.ok(
      scratch.messages.some((message) => /-a' disappeared, but it still has valid referrers!$/.test(message)),
    );
    assert.ok(store.isValidPath(a));
    rmSync(store.toRealPath(b));
    assert.equal(await verifyStore(store), false);
    assert.deepEqual(store.queryAllValidPaths(), []);
    assert.ok(
      scratch.messages.some((message) => /-b' disappeared, removing from database...$/.test(message)),
    );
  });

  test('finds changed links', async () => {
    await using scratch = await ScratchStore.open();
    const { store } = scratch;
    writeFileSync(join(store.realStoreDir, '.links', '0'.repeat(52)), 'x');
    assert.equal(await verifyStore(store, { checkContents: true }), true);
    assert.equal(await verifyStore(store, { checkContents: true, repairPath: async () => {} }), false);
    assert.deepEqual(readdirSync(join(store.realStoreDir, '.links')), []);
  });

  test('a repair that fails leaves the fault', async () => {
    await using scratch = await ScratchStore.open();
    const { store } = scratch;
    const path = await store.addText('a', 'a', []);
    rmSync(store.toRealPath(path));
    await store.addText('b', 'b', []);
    const other = await store.addText('c', path.baseName, [path]);
    const repairPath = () => Promise.reject(new NixError('cannot repair'));
    assert.equal(await verifyStore(store, { repairPath }), true);
    assert.ok(store.isValidPath(other));
  });
});

describe('linking equal files', () => {
  test('keeps contents, modes and times', async () => {
    await using scratch = await ScratchStore.open();
    const { store, directory } = scratch;
    const source = join(directory.path, 'source');
    mkdirSync(join(source, 'd'), { recursive: true });
    for (const name of ['a', 'd/b', 'd/c']) writeFileSync(join(source, name), 'same');
    writeFileSync(join(source, 'x'), 'same', { mode: 0o755 });
    const real = store.toRealPath(await store.addPath('source', source));
    assert.deepEqual(await optimiseStore(store), { filesLinked: 2, freedBytes: 8 });
    const inode = (name: string) => statSync(join(real, name)).ino;
    assert.equal(new Set(['a', 'd/b', 'd/c'].map(inode)).size, 1);
    // The executable bit is part of what is the same.
    assert.notEqual(inode('x'), inode('a'));
    for (const name of ['', 'd']) {
      assert.equal(statSync(join(real, name)).mode & 0o777, 0o555);
      assert.equal(statSync(join(real, name)).mtimeMs, 1000);
    }
    assert.equal(await verifyStore(store, { checkContents: true }), false);
    assert.deepEqual(await optimiseStore(store), { filesLinked: 0, freedBytes: 0 });
    const other = store.toRealPath(await store.addText('same', 'same', []));
    await optimisePath(store, other);
    assert.equal(statSync(other).ino, inode('a'));
  });

  test('replaces a damaged link, skips writable files', async () => {
    await using scratch = await ScratchStore.open();
    const { store } = scratch;
    const one = store.toRealPath(await store.addText('one', 'same', []));
    await optimiseStore(store);
    const links = join(store.realStoreDir, '.links');
    const [name] = readdirSync(links);
    rmSync(join(links, name));
    writeFileSync(join(links, name), 'damaged, and of another size');
    const two = store.toRealPath(await store.addText('two', 'same', []));
    await optimiseStore(store);
    assert.equal(readFileSync(two, 'utf8'), 'same');
    assert.equal(statSync(one).ino, statSync(two).ino);
    const three = store.toRealPath(await store.addText('three', 'same', []));
    chmodSync(three, 0o644);
    await optimiseStore(store);
    assert.notEqual(statSync(three).ino, statSync(one).ino);
    assert.ok(scratch.messages.some((message) => /skipping suspicious writable file/.test(message)));
    assert.ok(scratch.messages.some((message) => /removing corrupted link/.test(message)));
  });
});

describe('export', () => {
  async function exported(scratch: ScratchStore): Promise<{ stream: Uint8Array; paths: StorePath[] }> {
    const a = await scratch.store.addText('a', 'a', []);
    const b = await scratch.store.addText('b', a.baseName, [a]);
    return { stream: await collect(exportPaths(scratch.store, [b, a])), paths: [a, b] };
  }

  test('and import into another store', async () => {
    await using one = await ScratchStore.open();
    await using two = await ScratchStore.open();
    const { stream, paths } = await exported(one);
    assert.deepEqual(await importPaths(two.store, [stream]), paths);
    assert.deepEqual(two.store.queryPathInfo(paths[1])!.references, [paths[0]]);
    assert.deepEqual(await importPaths(two.store, [stream]), paths);
  });

  test('of changed contents is refused', async () => {
    await using scratch = await ScratchStore.open();
    const { paths } = await exported(scratch);
    const real = scratch.store.toRealPath(paths[0]);
    chmodSync(real, 0o644);
    writeFileSync(real, 'b');
    await assert.rejects(collect(exportPaths(scratch.store, paths)), { code: 'path-modified' });
  });

  test('any cut or changed byte is refused or changes nothing that matters (property)', async () => {
    await using one = await ScratchStore.open();
    const { stream, paths } = await exported(one);
    await fc.assert(
      fc.asyncProperty(fc.nat(stream.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
        await using two = await ScratchStore.open({ durable: false });
        const changed = cut ? stream.slice(0, at) : stream.slice();
        if (!cut) changed[at] = byte;
        try {
          const imported = await importPaths(two.store, [changed]);
          assert.ok(imported.length <= paths.length);
        } catch (error) {
          assert.ok(error instanceof NixError, String(error));
        }
        // Whatever became valid has the contents that its hash says.
        assert.equal(await verifyStore(two.store, { checkContents: true }), false);
      }),
      { numRuns: 40 },
    );
  });
});

test('hard links made by others do not confuse deletion', async () => {
  await using scratch = await ScratchStore.open();
  const { store, directory } = scratch;
  const path = store.toRealPath(await store.addText('a', 'a', []));
  linkSync(path, join(directory.path, 'outside'));
  assert.equal(await deleteTree(path), 0);
  assert.equal(readFileSync(join(directory.path, 'outside'), 'utf8'), 'a');
});
