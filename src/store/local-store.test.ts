/** The local store: the contract, and what is special about files on a disk. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { StorePath } from '../formats/index.ts';
import { infoFor, testWritableStore } from './store-contract.ts';
import { openTestStore, ScratchDirectory, ScratchStore } from './test-store.ts';

testWritableStore('local', () => ScratchStore.open());
testWritableStore('local, not durable', () => ScratchStore.open({ durable: false }));

const visible = (directory: string) => readdirSync(directory).filter((name) => name !== '.links');

describe('store objects', () => {
  test('are canonical, whatever the source and the umask were', async () => {
    await using scratch = await ScratchStore.open();
    const { store, directory } = scratch;
    const source = join(directory.path, 'source');
    mkdirSync(join(source, 'd'), { recursive: true });
    writeFileSync(join(source, 'plain'), 'x', { mode: 0o600 });
    writeFileSync(join(source, 'd/program'), 'x', { mode: 0o700 });
    symlinkSync('x', join(source, 'link'));
    const umask = process.umask(0o077);
    const real = store.toRealPath(await store.addPath('source', source));
    process.umask(umask);
    for (const [name, mode] of [
      ['', 0o555],
      ['d', 0o555],
      ['d/program', 0o555],
      ['plain', 0o444],
    ] as const) {
      const stat = statSync(join(real, name));
      assert.equal(stat.mode & 0o7777, mode, name);
      assert.equal(stat.mtimeMs, 1000, name);
      assert.equal(stat.uid, process.getuid!());
    }
    assert.equal(lstatSync(join(real, 'link')).mtimeMs, 1000);
  });

  test('file names that are not UTF-8 survive', async () => {
    await using scratch = await ScratchStore.open();
    const { store, directory } = scratch;
    const source = join(directory.path, 'source');
    mkdirSync(source);
    const name = Buffer.from([0xff, 0x20, 0xfe]);
    writeFileSync(Buffer.concat([Buffer.from(`${source}/`), name]), 'x');
    const real = store.toRealPath(await store.addPath('source', source));
    assert.deepEqual(readdirSync(real, { encoding: 'buffer' }), [name]);
  });

  test('too large to be held in memory', async () => {
    await using scratch = await ScratchStore.open();
    const { store, directory } = scratch;
    const source = join(directory.path, 'large');
    const contents = Buffer.alloc(40 * 1024 * 1024, 'large ');
    writeFileSync(source, contents);
    const real = store.toRealPath(await store.addPath('large', source));
    assert.ok(readFileSync(real).equals(contents));
  });

  test('sockets and the like are refused, and leave nothing', async () => {
    await using scratch = await ScratchStore.open();
    const { store, directory } = scratch;
    mkdirSync(join(directory.path, 'source'));
    const fifo = spawn('mkfifo', [join(directory.path, 'source/fifo')]);
    await once(fifo, 'exit');
    await assert.rejects(store.addPath('source', join(directory.path, 'source')), {
      code: 'unsupported-file-type',
      message: /source\/fifo' has an unsupported type$/,
    });
    await assert.rejects(store.addPath('missing', join(directory.path, 'missing')), { code: 'read-failed' });
    assert.deepEqual(visible(store.realStoreDir), []);
  });

  test('leftovers of a crash are replaced', async () => {
    await using scratch = await ScratchStore.open();
    const { store } = scratch;
    const real = join(store.realStoreDir, '1r8s2k4wzhdr1gx2j60wdz02k69jkx15-plain');
    mkdirSync(join(real, 'partly'), { recursive: true });
    chmodSync(real, 0o555);
    const path = await store.addText('plain', 'text', []);
    assert.equal(readFileSync(store.toRealPath(path), 'utf8'), 'text');
    assert.deepEqual(visible(store.realStoreDir), [path.baseName]);
  });

  test('repair replaces damaged contents, and keeps the old ones when it fails', async () => {
    await using scratch = await ScratchStore.open();
    const { store } = scratch;
    const path = await store.addText('plain', 'text', []);
    chmodSync(store.toRealPath(path), 0o644);
    writeFileSync(store.toRealPath(path), 'damaged');
    await store.addText('plain', 'text', []);
    assert.equal(readFileSync(store.toRealPath(path), 'utf8'), 'damaged');
    const info = store.queryPathInfo(path)!;
    await assert.rejects(store.addFromNar(info, [new Uint8Array(8)], { repair: true }), {
      code: 'bad-archive',
    });
    assert.equal(readFileSync(store.toRealPath(path), 'utf8'), 'damaged');
    await store.addText('plain', 'text', [], { repair: true });
    assert.equal(readFileSync(store.toRealPath(path), 'utf8'), 'text');
    assert.deepEqual(visible(store.realStoreDir), [path.baseName]);
  });
});

describe('build outputs', () => {
  const path = StorePath.fromBaseName(`${'c'.repeat(32)}-out`);
  const input = StorePath.fromBaseName(`${'d'.repeat(32)}-input`);
  const other = StorePath.fromBaseName(`${'f'.repeat(32)}-other`);

  for (const copy of [false, true]) {
    test(`are taken with their references (${copy ? 'copied' : 'renamed'})`, async () => {
      await using scratch = await ScratchStore.open();
      const { store, directory } = scratch;
      const from = join(directory.path, 'out');
      mkdirSync(from, { mode: 0o755 });
      writeFileSync(join(from, 'a'), `needs /nix/store/${input.baseName}/bin`, { mode: 0o644 });
      symlinkSync(`/nix/store/${path.baseName}`, join(from, 'self'));
      chmodSync(join(from, 'a'), 0o4644);
      const inode = statSync(join(from, 'a')).ino;
      const taken = await store.takeOutput({ from, path, candidates: [input, other, path], copy });
      assert.deepEqual(taken.references, [path, input]);
      assert.equal(store.isValidPath(path), false);
      const real = store.toRealPath(path);
      const stat = statSync(join(real, 'a'));
      assert.equal(stat.mode & 0o7777, 0o444);
      assert.equal(stat.ino === inode, !copy);
      assert.equal(statSync(real).mtimeMs, 1000);
      assert.equal(statSync(real).mode & 0o7777, 0o555);
      assert.equal(existsSync(from), false);
    });
  }

  test('that others may write, or that are missing, are rejected', async () => {
    await using scratch = await ScratchStore.open();
    const { store, directory } = scratch;
    const from = join(directory.path, 'out');
    await assert.rejects(store.takeOutput({ from, path, candidates: [] }), { code: 'output-rejected' });
    writeFileSync(from, '');
    chmodSync(from, 0o666);
    await assert.rejects(store.takeOutput({ from, path, candidates: [] }), {
      code: 'output-rejected',
      message: /suspicious ownership or permission/,
    });
  });

  test('that are hard links to files of somebody else are rejected and left alone', async (context) => {
    if (process.getuid!() !== 0) return context.skip('needs root to make files of another user');
    await using scratch = await ScratchStore.open();
    const { store, directory } = scratch;
    const { chownSync } = await import('node:fs');
    const from = join(directory.path, 'out');
    const secret = join(directory.path, 'secret');
    mkdirSync(from);
    chownSync(from, 12345, 12345);
    writeFileSync(secret, 'x', { mode: 0o600 });
    linkSync(secret, join(from, 'link'));
    await assert.rejects(store.takeOutput({ from, path, candidates: [], ownerUid: 12345 }), {
      message: /invalid ownership on file/,
    });
    assert.equal(statSync(secret).mode & 0o777, 0o600);
    // Own files linked to each other are fine.
    const inner = join(directory.path, 'out2');
    mkdirSync(inner);
    writeFileSync(join(inner, 'a'), 'x');
    linkSync(join(inner, 'a'), join(inner, 'b'));
    for (const name of ['', 'a']) chownSync(join(inner, name), 12345, 12345);
    await store.takeOutput({ from: inner, path, candidates: [], ownerUid: 12345 });
    assert.equal(statSync(join(store.toRealPath(path), 'b')).uid, 0);
  });
});

describe('opening', () => {
  test('makes the directories of C++ Nix', async () => {
    await using scratch = await ScratchStore.open();
    const state = scratch.store.stateDir;
    for (const name of ['db/db.sqlite', 'db/big-lock', 'db/schema', 'db/reserved', 'gc.lock', 'temproots']) {
      assert.ok(existsSync(join(state, name)), name);
    }
    assert.equal(readFileSync(join(state, 'db/schema'), 'utf8'), '10');
    assert.equal(statSync(join(state, 'db/reserved')).size, 4096);
    assert.equal(statSync(join(state, 'gc.lock')).mode & 0o777, 0o600);
  });

  test('refuses a newer schema without touching anything', async () => {
    await using directory = new ScratchDirectory();
    (await openTestStore(directory.path)).close();
    const schema = join(directory.path, 'nix/var/nix/db/schema');
    writeFileSync(schema, '11');
    const before = readFileSync(join(directory.path, 'nix/var/nix/db/db.sqlite'));
    await assert.rejects(openTestStore(directory.path), {
      code: 'schema-too-new',
      message: 'current Nix store schema is version 11, but I only support 10',
    });
    assert.ok(readFileSync(join(directory.path, 'nix/var/nix/db/db.sqlite')).equals(before));
    writeFileSync(schema, 'x');
    await assert.rejects(openTestStore(directory.path), { code: 'corrupt-database' });
    writeFileSync(schema, '9');
    await assert.rejects(openTestStore(directory.path), { code: 'schema-too-old' });
  });

  test('refuses a store behind a link', async () => {
    await using directory = new ScratchDirectory();
    mkdirSync(join(directory.path, 'real/nix/store'), { recursive: true });
    mkdirSync(join(directory.path, 'root'));
    symlinkSync(join(directory.path, 'real/nix'), join(directory.path, 'root/nix'));
    await assert.rejects(openTestStore(join(directory.path, 'root')), { code: 'symlinked-store' });
  });

  test('read-only: as another user, with and without a writer', async () => {
    await using scratch = await ScratchStore.open();
    const { directory, store } = scratch;
    chmodSync(directory.path, 0o755);
    const path = await store.addText('a', 'a', []);
    const root = process.getuid!() === 0;
    const readOnly = async () => {
      if (root) process.seteuid!(12345);
      try {
        using reader = await openTestStore(directory.path, { readOnly: true });
        assert.deepEqual(reader.queryAllValidPaths(), [path]);
        assert.deepEqual(reader.queryPathInfo(path), info);
        await assert.rejects(reader.addText('b', 'b', []), { code: 'not-writable' });
      } finally {
        if (root) process.seteuid!(0);
      }
    };
    const info = store.queryPathInfo(path);
    await readOnly();
    store.close();
    const before = readdirSync(join(store.stateDir, 'db')).sort();
    await readOnly();
    assert.deepEqual(readdirSync(join(store.stateDir, 'db')).sort(), before);
    await assert.rejects(openTestStore(join(directory.path, 'nowhere'), { readOnly: true }), {
      code: 'no-store',
    });
  });

  test('links equal files at once when told to', async () => {
    await using scratch = await ScratchStore.open({ autoOptimise: true });
    const { store } = scratch;
    const [a, b] = [await store.addText('a', 'same', []), await store.addText('b', 'same', [])];
    assert.equal(statSync(store.toRealPath(a)).ino, statSync(store.toRealPath(b)).ino);
  });

  test('waits while somebody upgrades the schema', async () => {
    await using directory = new ScratchDirectory();
    (await openTestStore(directory.path)).close();
    const { lockFile } = await import('./flock-file.ts');
    const lock = await lockFile(join(directory.path, 'nix/var/nix/db/big-lock'), 'exclusive');
    const opening = openTestStore(directory.path);
    let opened = false;
    opening.then(() => {
      opened = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(opened, false);
    lock.close();
    (await opening).close();
  });

  test('a full reserve is no reason to fail', async () => {
    await using scratch = await ScratchStore.open({ reserveBytes: 2 ** 50 });
    assert.equal(existsSync(join(scratch.store.stateDir, 'db/reserved')), false);
  });
});

test('two processes adding the same path: one result, no leftovers', async () => {
  await using scratch = await ScratchStore.open();
  const { directory, store } = scratch;
  const source = join(directory.path, 'source');
  mkdirSync(source);
  for (let i = 0; i < 300; i++) writeFileSync(join(source, String(i)), `contents ${i}`);
  const script = join(import.meta.dirname, 'fixtures/add-in-child.ts');
  const children = [1, 2, 3].map(() => runChild(script, [directory.path, 'same', source]));
  const mine = store.addPath('same', source);
  const results = new Set([(await mine).baseName, ...(await Promise.all(children))]);
  assert.equal(results.size, 1);
  assert.deepEqual(visible(store.realStoreDir), [...results]);
});

test('a moved-away store directory is an error of ours', async () => {
  await using scratch = await ScratchStore.open();
  const { store, directory } = scratch;
  renameSync(store.realStoreDir, join(directory.path, 'moved'));
  await assert.rejects(store.addText('x', 'x', []), (error: Error) =>
    /ENOENT|writing to/.test(error.message),
  );
});

test('a self-referential import is checked modulo itself', async () => {
  await using scratch = await ScratchStore.open();
  const { store } = scratch;
  const { formatNar, makeFixedOutputPath } = await import('../formats/index.ts');
  const { nodeHasher } = await import('./node-hash.ts');
  const zeroed = formatNar({ kind: 'symlink', target: `/nix/store/${'E'.repeat(32)}-self` });
  const at = Buffer.from(zeroed).indexOf('EEEE');
  const forHash = Buffer.from(zeroed).fill(0, at, at + 32);
  const digest = nodeHasher('sha256', Buffer.concat([forHash, Buffer.from(`|${at}`)]));
  const hash = { algorithm: 'sha256' as const, digest };
  const path = makeFixedOutputPath({ storeDir: '/nix/store', hasher: nodeHasher }, 'self', 'nar', hash, {
    others: [],
    self: true,
  });
  const nar = formatNar({ kind: 'symlink', target: `/nix/store/${path.baseName}` });
  const info = { ...infoFor('self', nar, [path]), path, contentAddress: { method: 'nar' as const, hash } };
  await store.addFromNar(info, [nar]);
  assert.ok(store.isValidPath(path));
});

async function runChild(script: string, args: string[]): Promise<string> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [status] = await once(child, 'close');
  assert.equal(status, 0);
  return output.trim();
}
