/**
 * What every writable store must do, as a suite: `testWritableStore('name', open)` runs it on an implementation. The
 * store is fresh for each test.
 */
import assert from 'node:assert/strict';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  emptyDerivation,
  fillOutputPaths,
  formatHash,
  formatNar,
  makeTextPath,
  type NarNode,
  parseNar,
  parseStorePath,
  StorePath,
} from '../formats/index.ts';
import { nodeHasher } from './node-hash.ts';
import type { PathInfo, WritableStore } from './store.ts';

export interface OpenedStore extends AsyncDisposable {
  readonly store: WritableStore;
}

/** Runs the suite. */
export function testWritableStore(name: string, open: () => Promise<OpenedStore>): void {
  const scratch = mkdtempSync(join(tmpdir(), 'store-contract-'));
  after(() => rmSync(scratch, { recursive: true, force: true }));

  describe(`${name}: the store contract`, () => {
    test('knows nothing at first', async () => {
      await using opened = await open();
      const { store } = opened;
      const path = StorePath.fromBaseName(`${'0'.repeat(32)}-x`);
      assert.equal(store.isValidPath(path), false);
      assert.equal(store.queryPathInfo(path), undefined);
      assert.deepEqual(store.queryReferrers(path), []);
      assert.deepEqual(store.queryAllValidPaths(), []);
      assert.deepEqual(store.queryValidDerivers(path), []);
      assert.equal(store.queryPathFromHashPart(path.hashPart), undefined);
      assert.throws(() => store.queryDerivationOutputs(path), { code: 'invalid-path' });
      assert.throws(() => store.narFromPath(path), { code: 'invalid-path' });
    });

    test('adds texts, with references', async () => {
      await using opened = await open();
      const { store } = opened;
      const plain = await store.addText('plain', 'text', []);
      const one = await store.addText('one', `see /nix/store/${plain.baseName}`, [plain]);
      // As C++ Nix computes them.
      assert.equal(plain.baseName, '1r8s2k4wzhdr1gx2j60wdz02k69jkx15-plain');
      assert.equal(one.baseName, 'b8dfsbd6hl308vrvzhxg414vvccz8qfw-one');
      assert.equal(readFileSync(store.toRealPath(plain), 'utf8'), 'text');
      const info = store.queryPathInfo(one)!;
      assert.deepEqual(info.references, [plain]);
      assert.equal(info.contentAddress?.method, 'text');
      assert.ok(Math.abs(info.registrationTimeSeconds - Date.now() / 1000) < 60);
      assert.deepEqual(store.queryReferrers(plain), [one]);
      assert.deepEqual(store.queryAllValidPaths(), [plain, one]);
      assert.deepEqual(store.queryPathFromHashPart(one.hashPart), one);
      assert.deepEqual(await store.addText('plain', 'text', []), plain);
    });

    test('refuses a text whose reference is not valid, and leaves nothing behind', async () => {
      await using opened = await open();
      const { store } = opened;
      const missing = StorePath.fromBaseName(`${'1'.repeat(32)}-missing`);
      await assert.rejects(store.addText('t', 'x', [missing]), { code: 'invalid-path' });
      assert.deepEqual(store.queryAllValidPaths(), []);
    });

    test('adds many texts at once, whatever the order of their references', async () => {
      await using opened = await open();
      const { store } = opened;
      let last = await store.addText('t0', '0', []);
      const additions: Promise<StorePath>[] = [];
      for (let i = 1; i <= 500; i++) {
        const addition = store.addText(`t${i}`, String(i), [last]);
        additions.push(addition);
        // Paths are known beforehand; the addition itself is not awaited.
        last = textPath(store, `t${i}`, String(i), last);
      }
      const paths = await Promise.all(additions);
      assert.equal(store.queryAllValidPaths().length, 501);
      assert.deepEqual(store.queryPathInfo(paths[499])!.references, [paths[498]]);
    });

    test('adds trees', async () => {
      await using opened = await open();
      const { store } = opened;
      const source = join(scratch, 'tree');
      mkdirSync(join(source, 'd'), { recursive: true });
      writeFileSync(join(source, 'd/f'), 'contents', { mode: 0o755 });
      writeFileSync(join(source, 'skipped'), '');
      symlinkSync('../x', join(source, 'l'));
      const seen: string[] = [];
      const path = await store.addPath('tree', source, {
        filter: (file, type) => {
          seen.push(`${type} ${file.slice(source.length)}`);
          return !file.endsWith('skipped');
        },
      });
      assert.deepEqual(
        [...new Set(seen)],
        ['directory /d', 'regular /d/f', 'symlink /l', 'regular /skipped'],
      );
      const expected: NarNode = {
        kind: 'directory',
        entries: new Map<string, NarNode>([
          [
            'd',
            {
              kind: 'directory',
              entries: new Map([['f', { kind: 'file', executable: true, contents: bytes('contents') }]]),
            },
          ],
          ['l', { kind: 'symlink', target: '../x' }],
        ]),
      };
      assert.deepEqual(parseNar(await collect(store.narFromPath(path))), expected);
      assert.equal(readlinkSync(join(store.toRealPath(path), 'l')), '../x');
      const info = store.queryPathInfo(path)!;
      assert.equal(info.narSizeBytes, formatNar(expected).length);
      assert.deepEqual(info.narHash.digest, nodeHasher('sha256', formatNar(expected)));
      assert.deepEqual((await store.computePath('tree', source)).path.equals(path), false);
    });

    test('adds flat files, under other algorithms too', async () => {
      await using opened = await open();
      const { store } = opened;
      const source = join(scratch, 'flat');
      writeFileSync(source, '', { mode: 0o755 });
      const flat = await store.addPath('some-name_1.0+x?=', source, { method: 'flat' });
      const md5 = await store.addPath('some-name_1.0+x?=', source, { method: 'flat', algorithm: 'md5' });
      assert.equal(flat.hashPart, '17zr1wnzwcpfbbvk59ikka5xyib6q0k8');
      assert.equal(md5.hashPart, 'vzxhmqrcfgln2nm224yx0nbrv5z3iai5');
      assert.equal(
        formatHash(store.queryPathInfo(flat)!.contentAddress!.hash, 'base16', false).slice(0, 8),
        'e3b0c442',
      );
      const node = parseNar(await collect(store.narFromPath(flat)));
      assert.deepEqual(node, { kind: 'file', executable: false, contents: new Uint8Array(0) });
      await assert.rejects(store.addPath('d', scratch, { method: 'flat' }), {
        code: 'unsupported-file-type',
      });
    });

    test('adds from NARs after checking them', async () => {
      await using opened = await open();
      const { store } = opened;
      const nar = formatNar({ kind: 'symlink', target: 'x' });
      const info = infoFor('imported', nar, []);
      const changed = nar.slice();
      changed[nar.length - 40] ^= 1;
      await assert.rejects(store.addFromNar(info, [changed]));
      await assert.rejects(store.addFromNar({ ...info, narSizeBytes: 8 }, [nar]), { code: 'hash-mismatch' });
      await assert.rejects(store.addFromNar({ ...info, narSizeBytes: 800 }, [nar]), {
        code: 'hash-mismatch',
      });
      await assert.rejects(store.addFromNar(info, [nar.subarray(0, 50)]), { code: 'bad-archive' });
      const other = { ...info, narHash: { algorithm: 'sha256' as const, digest: new Uint8Array(32) } };
      await assert.rejects(store.addFromNar(other, [nar]), { code: 'hash-mismatch' });
      const address = { method: 'nar' as const, hash: info.narHash };
      await assert.rejects(store.addFromNar({ ...info, contentAddress: address }, [nar]), {
        code: 'hash-mismatch',
      });
      assert.equal(store.isValidPath(info.path), false);
      await store.addFromNar(info, [nar]);
      assert.ok(store.isValidPath(info.path));
      assert.deepEqual(await collect(store.narFromPath(info.path)), nar);
    });

    test('adds derivations and knows their outputs', async () => {
      await using opened = await open();
      const { store } = opened;
      const derivation = { ...emptyDerivation(), platform: 'x', builder: '/bin/sh' };
      derivation.outputs.set('out', { path: '', hashAlgo: '', hash: '' });
      derivation.env.set('name', 'd');
      const context = {
        storeDir: store.storeDir,
        hasher: nodeHasher,
        memo: new Map(),
        readDerivation: () => assert.fail('it has no inputs'),
      };
      fillOutputPaths(context, 'd', derivation);
      const drvPath = await store.addDerivation('d', derivation);
      const output = parseStorePath(store.storeDir, derivation.outputs.get('out')!.path);
      assert.deepEqual([...store.queryDerivationOutputs(drvPath)], [['out', output]]);
      assert.deepEqual(store.queryValidDerivers(output), [drvPath]);
      assert.deepEqual(store.readDerivation(drvPath), derivation);
      derivation.outputs.set('out', { path: `/nix/store/${'2'.repeat(32)}-d`, hashAlgo: '', hash: '' });
      await assert.rejects(store.addDerivation('d', derivation), { code: 'bad-derivation' });
    });

    test('registers all or nothing', async () => {
      await using opened = await open();
      const { store } = opened;
      const [a, b, c] = ['a', 'b', 'c'].map((letter) => StorePath.fromBaseName(`${letter.repeat(32)}-x`));
      const nar = formatNar({ kind: 'symlink', target: 'x' });
      for (const path of [a, b, c]) symlinkSync('x', store.toRealPath(path));
      const info = (path: StorePath, references: StorePath[]) => ({ ...infoFor('x', nar, references), path });
      assert.throws(() => store.registerValidPaths([info(a, []), info(b, [c])]), { code: 'invalid-path' });
      assert.equal(store.isValidPath(a), false);
      assert.throws(() => store.registerValidPaths([info(a, [b]), info(b, [c]), info(c, [a])]), {
        code: 'reference-cycle',
      });
      store.registerValidPaths([info(a, [b, a]), info(b, [c]), info(c, [])]);
      assert.deepEqual(store.queryPathInfo(a)!.references, [a, b]);
      assert.deepEqual(store.queryReferrers(a), [a]);
      store.registerValidPaths([{ ...info(c, []), signatures: ['k:s', 'l:t'], ultimate: true }]);
      assert.deepEqual(store.queryPathInfo(c)!.signatures, ['k:s', 'l:t']);
      assert.equal(store.queryPathInfo(c)!.ultimate, true);
    });

    test('locks paths', async () => {
      await using opened = await open();
      const { store } = opened;
      const [a, b] = ['a', 'b'].map((letter) => StorePath.fromBaseName(`${letter.repeat(32)}-x`));
      const held = await store.lockPaths([b, a]);
      assert.equal(store.tryLockPaths([a]), undefined);
      const abort = new AbortController();
      let waits = 0;
      const waiting = store.lockPaths([a], {
        signal: abort.signal,
        onWait: () => {
          waits++;
          abort.abort();
        },
      });
      await assert.rejects(waiting, { name: 'Interrupted' });
      assert.equal(waits, 1);
      const next = store.lockPaths([a]);
      held.release();
      held.release();
      (await next).release();
      using free = store.tryLockPaths([a, b]);
      assert.ok(free);
    });
  });
}

/** Where `addText` will put a text, computed with the formats alone. */
function textPath(store: WritableStore, name: string, text: string, reference: StorePath): StorePath {
  const context = { storeDir: store.storeDir, hasher: nodeHasher };
  return makeTextPath(context, name, nodeHasher('sha256', text), [reference]);
}

/** Info for a path with arbitrary hash part. */
export function infoFor(name: string, nar: Uint8Array, references: readonly StorePath[]): PathInfo {
  return {
    path: StorePath.fromBaseName(`${'9'.repeat(32)}-${name}`),
    narHash: { algorithm: 'sha256', digest: nodeHasher('sha256', nar) },
    narSizeBytes: nar.length,
    references,
    registrationTimeSeconds: 0,
    ultimate: false,
    signatures: [],
  };
}

/** All bytes of a stream. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}
