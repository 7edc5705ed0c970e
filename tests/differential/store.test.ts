/** One store, two Nixes: C++ Nix opens, checks, locks and collects what Firn wrote, and the other way round. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryLogger } from '../../src/diagnostics/index.ts';
import { formatHash, parseStorePath, printStorePath, type StorePath } from '../../src/formats/index.ts';
import { deleteTree } from '../../src/platform/index.ts';
import { GcSocketServer } from '../../src/store/gc-socket.ts';
import {
  addIndirectRoot,
  collectGarbage,
  computeClosure,
  exportPaths,
  formatDotGraph,
  formatGraphMl,
  formatTree,
  importPaths,
  LocalStore,
  lockFile,
  optimiseStore,
  queryValidPathInfo,
  sortByReferences,
  verifyStore,
} from '../../src/store/index.ts';
import { Oracle } from '../support/oracle.ts';

class Scratch implements AsyncDisposable {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'firn-two-')));
  readonly logger = new MemoryLogger(7);

  open(): Promise<LocalStore> {
    return LocalStore.open({
      storeDir: '/nix/store',
      realStoreDir: join(this.root, 'nix/store'),
      stateDir: join(this.root, 'nix/var/nix'),
      logDir: join(this.root, 'nix/var/log/nix'),
      reserveBytes: 8 * 1024 * 1024,
      logger: this.logger,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await deleteTree(this.root);
  }
}

const print = (path: StorePath) => printStorePath('/nix/store', path);
const parse = (text: string) => parseStorePath('/nix/store', text.trim());
const lines = (paths: readonly StorePath[]) => paths.map((path) => `${print(path)}\n`).join('');

/** Some paths that refer to each other, one of them to itself. */
async function fill(store: LocalStore, root: string): Promise<{ paths: StorePath[]; top: StorePath }> {
  const source = join(root, 'source');
  mkdirSync(join(source, 'bin'), { recursive: true });
  writeFileSync(join(source, 'bin/program'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0xc3, 0xa9, 0xff])]), 'odd name');
  symlinkSync('bin/program', join(source, 'link'));
  const tree = await store.addPath('tree', source);
  const a = await store.addText('a', 'a', []);
  const b = await store.addText('b', print(a), [a]);
  const c = await store.addText('c-1.0', `${print(a)} ${print(tree)}`, [a, tree]);
  const d = await store.addText('d', `${print(b)} ${print(c)} ${print(a)}`, [a, b, c]);
  const top = await store.addText('top', `${print(d)} ${print(tree)}`, [d, tree]);
  return { paths: [tree, a, b, c, d, top], top };
}

/** Ends the reading of whoever reads a fifo now; nobody may. */
function releaseReader(fifo: string): void {
  try {
    closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENXIO');
  }
}

const oracles = Oracle.all();

describe('two Nixes', { skip: oracles.length === 0 ? 'FIRN_TEST_ORACLE is not set' : false }, () => {
  for (const oracle of oracles) {
    describe(`C++ Nix ${oracle.version}`, () => {
      test('opens our store, finds it sound, and answers as we do', async () => {
        await using scratch = new Scratch();
        const store = await scratch.open();
        const { paths, top } = await fill(store, scratch.root);
        const ask = (...args: string[]) => oracle.run(scratch.root, 'nix-store', args).toString();
        oracle.run(scratch.root, 'nix-store', ['--verify', '--check-contents']);
        const printed = paths.map(print);
        assert.equal(
          ask('-q', '--references', print(top)),
          lines(sortByReferences(store, store.queryPathInfo(top)!.references)),
        );
        assert.equal(
          ask('-q', '--referrers', printed[1]),
          lines(sortByReferences(store, store.queryReferrers(paths[1]))),
        );
        assert.equal(ask('-qR', print(top)), lines(sortByReferences(store, computeClosure(store, [top]))));
        assert.equal(
          ask('-q', '--referrers-closure', printed[1]),
          lines(sortByReferences(store, computeClosure(store, [paths[1]], { backwards: true }))),
        );
        assert.equal(ask('-q', '--tree', print(top)), formatTree(store, [top]));
        assert.equal(ask('-q', '--tree', printed[4], print(top)), formatTree(store, [paths[4], top]));
        assert.equal(ask('-q', '--graph', print(top)), formatDotGraph(store, [top]));
        // Known difference: 2.8 calls the size an int.
        const graph = ask('-q', '--graphml', print(top)).replace("attr.type='int'", "attr.type='long'");
        assert.equal(graph, formatGraphMl(store, [top]));
        const infos = paths.map((path) => queryValidPathInfo(store, path));
        assert.equal(
          ask('-q', '--hash', ...printed),
          infos.map((info) => `${formatHash(info.narHash, 'nix32', true)}\n`).join(''),
        );
        assert.equal(ask('-q', '--size', ...printed), infos.map((info) => `${info.narSizeBytes}\n`).join(''));
        const source = join(scratch.root, 'source');
        assert.equal(ask('--add', source), `${print(await store.addPath('source', source))}\n`);
        store.close();
      });

      test('writes a store that we open, find sound and extend', async () => {
        await using scratch = new Scratch();
        const file = join(scratch.root, 'file');
        writeFileSync(file, 'contents');
        const expression = `
          let fixed = derivation { name = "f"; system = "x"; builder = "/b"; outputHash = "${'0'.repeat(64)}"; outputHashAlgo = "sha256"; };
          in derivation { name = "d"; system = "x"; builder = "/b"; inherit fixed; src = ${file}; outputs = [ "out" "dev" ]; }`;
        const drvPath = parse(oracle.run(scratch.root, 'nix-instantiate', ['-E', expression]).toString());
        const added = parse(oracle.run(scratch.root, 'nix-store', ['--add', file]).toString());
        const store = await scratch.open();
        assert.equal(await verifyStore(store, { checkContents: true }), false);
        assert.deepEqual([...store.queryDerivationOutputs(drvPath).keys()].sort(), ['dev', 'out']);
        const [fixed] = store.queryPathInfo(drvPath)!.references.filter((path) => path.isDerivation);
        assert.ok(store.queryPathInfo(fixed)!.contentAddress);
        // Our own derivations of the same text are the same paths.
        assert.deepEqual(await store.addDerivation('d', store.readDerivation(drvPath)), drvPath);
        assert.deepEqual(await store.addPath('file', file), added);
        const next = await store.addText('next', print(drvPath), [drvPath]);
        store.close();
        oracle.run(scratch.root, 'nix-store', ['--verify', '--check-contents']);
        assert.ok(oracle.run(scratch.root, 'nix-store', ['-qR', print(next)]).includes(print(added)));
      });

      test('export and import, byte for byte', async () => {
        await using ours = new Scratch();
        await using theirs = new Scratch();
        const store = await ours.open();
        const { top } = await fill(store, ours.root);
        const closure = computeClosure(store, [top]);
        const chunks: Uint8Array[] = [];
        for await (const chunk of exportPaths(store, closure)) chunks.push(chunk);
        const stream = Buffer.concat(chunks);
        const exported = oracle.run(ours.root, 'nix-store', ['--export', ...closure.map(print)]);
        assert.ok(exported.equals(stream));
        oracle.run(theirs.root, 'nix-store', ['--import', '--option', 'require-sigs', 'false'], {
          input: stream,
        });
        oracle.run(theirs.root, 'nix-store', ['--verify', '--check-contents']);
        store.close();
        const back = await theirs.open();
        await collectGarbage(back, { action: 'delete-dead' });
        assert.deepEqual(back.queryAllValidPaths(), []);
        const imported = await importPaths(back, [stream.subarray(0, 1000), stream.subarray(1000)]);
        assert.deepEqual(imported, sortByReferences(back, imported));
        assert.equal(imported.length, closure.length);
        back.close();
      });

      test('agrees on what is alive and dead', async () => {
        await using scratch = new Scratch();
        const store = await scratch.open();
        const { paths } = await fill(store, scratch.root);
        addIndirectRoot(store, join(scratch.root, 'result'), paths[3]);
        store.close();
        const again = await scratch.open();
        const live = await collectGarbage(again, { action: 'return-live' });
        const dead = await collectGarbage(again, { action: 'return-dead' });
        again.close();
        const ask = (flag: string) =>
          oracle.run(scratch.root, 'nix-store', ['--gc', flag]).toString().trim().split('\n').sort();
        assert.deepEqual(ask('--print-live'), [...live.paths].sort());
        assert.deepEqual(ask('--print-dead'), [...dead.paths].sort());
        assert.ok(ask('--print-roots').includes(`${join(scratch.root, 'result')} -> ${print(paths[3])}`));
        oracle.run(scratch.root, 'nix-store', ['--gc']);
        const left = await scratch.open();
        assert.deepEqual(left.queryAllValidPaths().map(print), [...live.paths].sort());
        left.close();
      });

      test('its collector keeps what a running process of ours is using', async () => {
        await using scratch = new Scratch();
        const store = await scratch.open();
        const path = await store.addText('a', 'a', []);
        oracle.run(scratch.root, 'nix-store', ['--gc']);
        assert.ok(store.isValidPath(path) && existsSync(store.toRealPath(path)));
        store.close();
        oracle.run(scratch.root, 'nix-store', ['--gc']);
        const again = await scratch.open();
        assert.equal(again.isValidPath(path), false);
        again.close();
      });

      test('our collector keeps what a running process of its is using', async () => {
        await using scratch = new Scratch();
        const store = await scratch.open();
        const path = await store.addText('a', 'a', []);
        const chunks: Uint8Array[] = [];
        for await (const chunk of exportPaths(store, [path])) chunks.push(chunk);
        store.close();
        const again = await scratch.open();
        await collectGarbage(again, { action: 'delete-dead' });
        assert.equal(again.isValidPath(path), false);
        // Without the end of the stream the importing process has the path, and waits.
        const importing = oracle.start(scratch.root, 'nix-store', [
          '--import',
          '--option',
          'require-sigs',
          'false',
        ]);
        importing.stdin!.write(Buffer.concat(chunks).subarray(0, -8));
        for (let i = 0; i < 500 && !again.isValidPath(path); i++) await sleep(10);
        await collectGarbage(again, { action: 'delete-dead' });
        assert.ok(again.isValidPath(path));
        importing.stdin!.end(Buffer.alloc(8));
        assert.deepEqual(await once(importing, 'close'), [0, null]);
        await collectGarbage(again, { action: 'delete-dead' });
        assert.equal(again.isValidPath(path), false);
        again.close();
      });

      test('waits for our path locks', async () => {
        await using scratch = new Scratch();
        const file = join(scratch.root, 'file');
        writeFileSync(file, 'contents');
        const store = await scratch.open();
        const { path } = await store.computePath('file', file);
        const locks = await store.lockPaths([path]);
        const adding = oracle.start(scratch.root, 'nix-store', ['--add', file]);
        let ended = false;
        const closed = once(adding, 'close').then(([status]) => {
          ended = true;
          return status;
        });
        await sleep(500);
        assert.equal(ended, false);
        locks.release();
        assert.equal(await closed, 0);
        assert.ok(store.isValidPath(path));
        assert.deepEqual(readdirSync(store.realStoreDir).sort(), ['.links', path.baseName]);
        store.close();
      });

      test('tells our collector of its roots, and goes on', async () => {
        await using scratch = new Scratch();
        const file = join(scratch.root, 'file');
        writeFileSync(file, 'contents');
        const store = await scratch.open();
        using lock = await lockFile(join(store.stateDir, 'gc.lock'), 'exclusive');
        const roots: string[] = [];
        const server = await GcSocketServer.listen(
          store.stateDir,
          store.storeDir,
          (path) => void roots.push(path.name),
        );
        const adding = oracle.start(scratch.root, 'nix-store', ['--add', file]);
        const [status] = await once(adding, 'close');
        assert.equal(status, 0);
        assert.ok(roots.includes('file'), roots.join());
        await server.close();
        lock.close();
        store.close();
      });

      test('is told of our roots while it collects', async () => {
        await using scratch = new Scratch();
        const store = await scratch.open();
        const old = await store.addText('old', 'x', []);
        store.close();
        const fifo = join(scratch.root, 'fifo');
        spawnSync('mkfifo', [fifo]);
        // Reading the fifo holds the collector after it has opened its socket.
        const collecting = oracle.start(scratch.root, 'nix-store', ['--gc'], {
          _NIX_TEST_GC_SYNC: fifo,
          _NIX_TEST_GC_SYNC_2: fifo,
        });
        const closed = once(collecting, 'close');
        const socket = join(scratch.root, 'nix/var/nix/gc-socket/socket');
        for (let i = 0; i < 200 && !existsSync(socket); i++) await sleep(10);
        assert.ok(existsSync(socket));
        const again = await scratch.open();
        const path = await again.addText('new', 'x', []);
        let ended = false;
        closed.then(() => {
          ended = true;
        });
        while (!ended) {
          releaseReader(fifo);
          await sleep(20);
        }
        assert.ok(again.isValidPath(path) && existsSync(again.toRealPath(path)));
        assert.equal(again.isValidPath(old), false);
        again.close();
      });

      test('shares linked files with us', async () => {
        await using scratch = new Scratch();
        const store = await scratch.open();
        const source = join(scratch.root, 'source');
        mkdirSync(source);
        for (const name of ['a', 'b']) writeFileSync(join(source, name), 'the same contents');
        const one = await store.addPath('one', source);
        assert.equal((await optimiseStore(store)).filesLinked, 1);
        writeFileSync(join(source, 'c'), 'the same contents');
        const two = await store.addPath('two', source);
        store.close();
        oracle.run(scratch.root, 'nix-store', ['--optimise']);
        const inodes = [join(one.baseName, 'a'), join(one.baseName, 'b'), join(two.baseName, 'c')];
        const numbers = inodes.map((name) => statSync(join(scratch.root, 'nix/store', name)).ino);
        assert.equal(new Set(numbers).size, 1);
        const again = await scratch.open();
        assert.equal(await verifyStore(again, { checkContents: true }), false);
        assert.equal((await optimiseStore(again)).filesLinked, 0);
        again.close();
        oracle.run(scratch.root, 'nix-store', ['--verify', '--check-contents']);
        assert.equal(
          readFileSync(join(scratch.root, 'nix/store', two.baseName, 'c'), 'utf8'),
          'the same contents',
        );
      });
    });
  }
});
