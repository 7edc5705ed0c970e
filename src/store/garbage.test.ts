/** Roots and the collector. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { emptyDerivation, fillOutputPaths, parseStorePath, StorePath } from '../formats/index.ts';
import { collectGarbage } from './garbage.ts';
import { addIndirectRoot, findRoots, followLinksToStorePath } from './gc-roots.ts';
import type { LocalStore } from './local-store.ts';
import { nodeHasher } from './node-hash.ts';
import { infoFor } from './store-contract.ts';
import { openTestStore, ScratchDirectory, ScratchStore } from './test-store.ts';

/** Closes and opens a store again: what it added is no temporary root any more. */
async function reopen(scratch: ScratchStore): Promise<LocalStore> {
  scratch.store.close();
  return openTestStore(scratch.directory.path);
}

const names = (paths: readonly string[]) => paths.map((path) => path.replace(/^.*\/[0-9a-z]{32}-/, ''));

describe('roots', () => {
  test('direct, indirect, profiles, regular files', async () => {
    await using scratch = await ScratchStore.open();
    const { store, directory } = scratch;
    const gcroots = join(store.stateDir, 'gcroots');
    const [a, b, c, d] = await Promise.all(['a', 'b', 'c', 'd'].map((name) => store.addText(name, name, [])));
    mkdirSync(join(gcroots, 'deep/er'), { recursive: true });
    symlinkSync(`/nix/store/${a.baseName}/some/file`, join(gcroots, 'deep/er/link'));
    addIndirectRoot(store, join(directory.path, 'result'), b, store.toRealPath(b));
    symlinkSync(`/nix/store/${c.baseName}`, join(store.stateDir, 'profiles/p-1-link'));
    writeFileSync(join(gcroots, d.baseName), '');
    const roots = findRoots(store);
    assert.deepEqual(roots.get(a.baseName)![0], join(gcroots, 'deep/er/link'));
    assert.deepEqual(roots.get(b.baseName)![0], join(directory.path, 'result'));
    assert.deepEqual(roots.get(c.baseName)![0], join(store.stateDir, 'profiles/p-1-link'));
    assert.deepEqual(roots.get(d.baseName)![0], join(gcroots, d.baseName));
    for (const path of [a, b, c, d]) {
      assert.ok(roots.get(path.baseName)!.some((holder) => /^\{temp:\d+/.test(holder)));
    }
  });

  test('a stale indirect root is removed; links to nothing elsewhere stay', async () => {
    await using scratch = await ScratchStore.open();
    const { store, directory } = scratch;
    const path = await store.addText('a', 'a', []);
    const auto = join(store.stateDir, 'gcroots/auto');
    addIndirectRoot(store, join(directory.path, 'result'), path);
    symlinkSync('/does/not/exist', join(store.stateDir, 'gcroots/other'));
    assert.equal(readdirSync(auto).filter((name) => !name.startsWith('.')).length, 1);
    rmSync(join(directory.path, 'result'));
    findRoots(store);
    assert.deepEqual(readdirSync(auto), []);
    assert.ok(readlinkSync(join(store.stateDir, 'gcroots/other')));
    assert.ok(scratch.messages.some((message) => message.startsWith("removing stale link from '")));
  });

  test('a root that cannot be read keeps what it led to, with a warning', async () => {
    await using scratch = await ScratchStore.open();
    const { directory } = scratch;
    let store: LocalStore = scratch.store;
    const path = await store.addText('a', 'a', []);
    mkdirSync(join(directory.path, 'home'));
    addIndirectRoot(store, join(directory.path, 'home/result'), path);
    store = await reopen(scratch);
    // Root may read everything, so the home becomes a file: "not a directory", as good as unreadable.
    rmSync(join(directory.path, 'home'), { recursive: true });
    writeFileSync(join(directory.path, 'home'), '');
    await collectGarbage(store, { action: 'delete-dead' });
    assert.ok(store.isValidPath(path));
    const { messages } = store.logger as unknown as { messages: { message: string }[] };
    assert.ok(messages.some(({ message }) => /cannot read potential root .* keeping/.test(message)));
    store.close();
  });

  test('a process that uses a path', async () => {
    await using scratch = await ScratchStore.open();
    const { store, directory } = scratch;
    const source = join(directory.path, 'script');
    writeFileSync(source, '');
    const path = await store.addPath('script', source);
    const child = spawn('sleep', ['60'], {
      env: { PATH: process.env.PATH, X: `/nix/store/${path.baseName}/bin` },
    });
    await new Promise((resolve) => child.once('spawn', resolve));
    assert.ok(findRoots(store).get(path.baseName)!.includes(`/proc/${child.pid}/environ`));
    child.kill();
  });

  test('links that are in the way are not replaced', async () => {
    await using scratch = await ScratchStore.open();
    const { store, directory } = scratch;
    const path = await store.addText('a', 'a', []);
    writeFileSync(join(directory.path, 'file'), '');
    symlinkSync('file', join(directory.path, 'link'));
    for (const name of ['file', 'link']) {
      assert.throws(() => addIndirectRoot(store, join(directory.path, name), path), { code: 'root-exists' });
    }
    assert.throws(() => addIndirectRoot(store, '/nix/store/x', path), {
      message: /in the Nix store is forbidden/,
    });
  });

  test('paths are found through links', async () => {
    await using scratch = await ScratchStore.open();
    const { store, directory } = scratch;
    const path = await store.addText('a', 'a', []);
    addIndirectRoot(store, join(directory.path, 'one'), path);
    symlinkSync('one', join(directory.path, 'two'));
    symlinkSync(store.realStoreDir, join(directory.path, 'dir'));
    for (const text of ['one', 'two', `dir/${path.baseName}`]) {
      assert.deepEqual(followLinksToStorePath(store, join(directory.path, text)), path);
    }
    assert.throws(() => followLinksToStorePath(store, directory.path), { code: 'bad-store-path' });
  });
});

describe('collecting', () => {
  test('deletes what no root reaches, referrers first, and leftovers', async () => {
    await using scratch = await ScratchStore.open();
    let store: LocalStore = scratch.store;
    const a = await store.addText('a', 'a', []);
    const b = await store.addText('b', a.baseName, [a]);
    const c = await store.addText('c', b.baseName, [b]);
    const kept = await store.addText('kept', a.baseName, [a]);
    addIndirectRoot(store, join(scratch.directory.path, 'result'), kept);
    store = await reopen(scratch);
    mkdirSync(join(store.realStoreDir, `${'x'.repeat(32)}-leftover`));
    writeFileSync(join(store.realStoreDir, `${'x'.repeat(32)}-leftover.lock`), '');
    writeFileSync(join(store.realStoreDir, 'rubbish'), '');
    const dead = await collectGarbage(store, { action: 'return-dead' });
    assert.deepEqual(names(dead.paths).sort(), ['b', 'c', 'leftover', 'leftover.lock']);
    const live = await collectGarbage(store, { action: 'return-live' });
    assert.deepEqual(names(live.paths).sort(), ['a', 'kept']);
    const { paths, freedBytes } = await collectGarbage(store, { action: 'delete-dead' });
    assert.deepEqual(names(paths), ['c', 'b', '/nix/store/rubbish', 'leftover', 'leftover.lock']);
    assert.ok(freedBytes > 0);
    assert.deepEqual(
      store.queryAllValidPaths(),
      [a, kept].sort((x, y) => (x.baseName < y.baseName ? -1 : 1)),
    );
    assert.equal(existsSync(store.toRealPath(c)), false);
    assert.equal(existsSync(join(store.stateDir, 'gc-socket/socket')), false);
    store.close();
  });

  test('stops when enough is free', async () => {
    await using scratch = await ScratchStore.open();
    for (let i = 0; i < 10; i++) await scratch.store.addText(`t${i}`, 'x'.repeat(5000), []);
    const store = await reopen(scratch);
    assert.deepEqual((await collectGarbage(store, { action: 'delete-dead', maxFreedBytes: 0 })).paths, []);
    assert.equal(
      (await collectGarbage(store, { action: 'delete-dead', maxFreedBytes: 10000 })).paths.length,
      2,
    );
    store.close();
  });

  test('deletes single paths unless something needs them', async () => {
    await using scratch = await ScratchStore.open();
    let store: LocalStore = scratch.store;
    const a = await store.addText('a', 'a', []);
    const b = await store.addText('b', a.baseName, [a]);
    const kept = await store.addText('kept', 'x', []);
    addIndirectRoot(store, join(scratch.directory.path, 'result'), kept);
    store = await reopen(scratch);
    const remove = (...paths: StorePath[]) => collectGarbage(store, { action: 'delete-specific', paths });
    await assert.rejects(remove(a), {
      code: 'path-alive',
      message: /^Cannot delete path '.*-a' since it is still alive/,
    });
    await assert.rejects(remove(kept), { code: 'path-alive' });
    assert.deepEqual(names((await remove(a, b)).paths), ['b', 'a']);
    await collectGarbage(store, { action: 'delete-specific', paths: [kept], ignoreLiveness: true });
    assert.deepEqual(store.queryAllValidPaths(), []);
    store.close();
  });

  test('keep-derivations and keep-outputs', async () => {
    for (const [keepDerivations, keepOutputs, root, expected] of [
      [true, false, 'out', ['d', 'd.drv', 'source']],
      [false, false, 'out', ['d']],
      [false, true, 'drv', ['d', 'd.drv', 'source']],
      [false, false, 'drv', ['d.drv', 'source']],
      [true, true, 'source', ['source']],
    ] as const) {
      await using scratch = await ScratchStore.open();
      const { drvPath, output, source } = await addBuilt(scratch.store);
      const path = { out: output, drv: drvPath, source }[root];
      addIndirectRoot(scratch.store, join(scratch.directory.path, 'result'), path);
      const store = await reopen(scratch);
      await collectGarbage(store, { action: 'delete-dead', keepDerivations, keepOutputs });
      const left = store.queryAllValidPaths().map((each) => each.name);
      assert.deepEqual(left.sort(), [...expected].sort(), `${root} ${keepDerivations} ${keepOutputs}`);
      store.close();
    }
  });

  test('frees the reserve, and it comes back', async () => {
    await using scratch = await ScratchStore.open();
    const reserve = join(scratch.store.stateDir, 'db/reserved');
    await collectGarbage(scratch.store, { action: 'delete-dead' });
    assert.equal(existsSync(reserve), false);
    (await reopen(scratch)).close();
    assert.ok(existsSync(reserve));
  });

  test('what is left is always closed, and holds all roots (property)', async () => {
    const graph = fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(graph, fc.array(fc.nat(), { maxLength: 3 }), async (edges, rootNumbers) => {
        await using scratch = await ScratchStore.open({ durable: false });
        const added: StorePath[] = [];
        for (const [i, targets] of edges.entries()) {
          const references = [...new Set(targets.map((target) => added[target % Math.max(i, 1)]))].filter(
            Boolean,
          );
          added.push(await scratch.store.addText(`t${i}`, references.join(' '), references));
        }
        const roots = rootNumbers.map((number) => added[number % added.length]);
        for (const [i, root] of roots.entries()) {
          addIndirectRoot(scratch.store, join(scratch.directory.path, `result${i}`), root);
        }
        const store = await reopen(scratch);
        await collectGarbage(store, { action: 'delete-dead' });
        const left = new Set(store.queryAllValidPaths().map((path) => path.baseName));
        const reachable = new Set<string>();
        const visit = (path: StorePath) => {
          reachable.add(path.baseName);
          for (const reference of store.queryPathInfo(path)!.references) visit(reference);
        };
        for (const root of roots) visit(root);
        assert.deepEqual(left, reachable);
        for (const path of added)
          assert.equal(existsSync(store.toRealPath(path)), reachable.has(path.baseName));
        store.close();
      }),
      { numRuns: 25 },
    );
  });
});

describe('collecting while others work', () => {
  test('additions of another process are not lost', async () => {
    await using directory = new ScratchDirectory();
    const store = await openTestStore(directory.path);
    for (let i = 0; i < 200; i++) await store.addText(`garbage${i}`, 'x', []);
    store.close();
    const script = join(import.meta.dirname, 'fixtures/add-texts.ts');
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', script, directory.path, '50'],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const collector = await openTestStore(directory.path);
    while (!output.includes('done')) await collectGarbage(collector, { action: 'delete-dead' });
    // The child still runs, and holds its temporary roots: all its paths must be there.
    const added = output.split('\n').filter((line) => line.includes('-'));
    assert.equal(added.length, 50);
    for (const name of added) assert.ok(collector.isValidPath(StorePath.fromBaseName(name)), name);
    child.stdin.end();
    await new Promise((resolve) => child.once('close', resolve));
    await collectGarbage(collector, { action: 'delete-dead' });
    assert.deepEqual(collector.queryAllValidPaths(), []);
    collector.close();
  });

  test('roots of a process that was killed do not count', async () => {
    await using directory = new ScratchDirectory();
    const script = join(import.meta.dirname, 'fixtures/add-texts.ts');
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', script, directory.path, '3'],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk) => {
        if (String(chunk).includes('done')) resolve();
      });
    });
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const store = await openTestStore(directory.path);
    assert.equal(readdirSync(join(store.stateDir, 'temproots')).length, 1);
    assert.equal((await collectGarbage(store, { action: 'delete-dead' })).paths.length, 3);
    assert.deepEqual(readdirSync(join(store.stateDir, 'temproots')), []);
    store.close();
  });

  test('two stores of one process do not take each other for dead', async () => {
    await using directory = new ScratchDirectory();
    const [one, two] = [await openTestStore(directory.path), await openTestStore(directory.path)];
    const a = await one.addText('a', 'a', []);
    const b = await two.addText('b', 'b', []);
    await collectGarbage(one, { action: 'delete-dead' });
    assert.ok(one.isValidPath(a) && one.isValidPath(b));
    one.close();
    await collectGarbage(two, { action: 'delete-dead' });
    assert.deepEqual(two.queryAllValidPaths(), [b]);
    two.close();
  });
});

/** A derivation with a source, and its output, registered as if built. */
async function addBuilt(
  store: LocalStore,
): Promise<{ drvPath: StorePath; output: StorePath; source: StorePath }> {
  const source = await store.addText('source', 'x', []);
  const derivation = { ...emptyDerivation(), platform: 'x', builder: '/bin/sh' };
  derivation.inputSrcs.push(`/nix/store/${source.baseName}`);
  derivation.outputs.set('out', { path: '', hashAlgo: '', hash: '' });
  fillOutputPaths(
    { storeDir: '/nix/store', hasher: nodeHasher, memo: new Map(), readDerivation: () => assert.fail() },
    'd',
    derivation,
  );
  const drvPath = await store.addDerivation('d', derivation);
  const output = parseStorePath('/nix/store', derivation.outputs.get('out')!.path);
  await store.addTempRoot(output);
  writeFileSync(store.toRealPath(output), '');
  store.registerValidPaths([{ ...infoFor('d', new Uint8Array(1), []), path: output, deriver: drvPath }]);
  return { drvPath, output, source };
}
