/** Dumping, restoring, scanning: between files and NARs. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatNar, type NarNode, parseNar, StorePath, stringFromBytes } from '../formats/index.ts';
import { deleteTree } from '../platform/index.ts';
import { dumpTree } from './dump-tree.ts';
import { toBytePath } from './host-path.ts';
import { restoreTree } from './restore-tree.ts';
import { ReferenceScanner } from './scan-references.ts';
import { ScratchDirectory } from './test-store.ts';

const fileName = fc
  .uint8Array({ minLength: 1, maxLength: 8 })
  .map(stringFromBytes)
  .filter((name) => name !== '.' && name !== '..' && !/[/\0]/.test(name));
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(model, { noNullPrototype: true });
const { tree } = fc.letrec<{ tree: NarNode }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    record({
      kind: fc.constant('file' as const),
      executable: fc.boolean(),
      contents: fc.uint8Array({ maxLength: 30 }),
    }),
    record({ kind: fc.constant('symlink' as const), target: fileName }),
    record({
      kind: fc.constant('directory' as const),
      entries: fc
        .uniqueArray(fc.tuple(fileName, tie('tree')), { maxLength: 4, selector: ([name]) => name })
        .map((entries) => new Map(entries)),
    }),
  ),
}));

async function dump(path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  await dumpTree(toBytePath(path), (chunk) => chunks.push(chunk.slice()));
  return new Uint8Array(Buffer.concat(chunks));
}

describe('restoring and dumping', () => {
  for (const canonical of [true, false]) {
    test(`gives the same archive (${canonical ? 'canonical' : 'plain'})`, async () => {
      await using directory = new ScratchDirectory();
      const root = join(directory.path, 'x');
      await fc.assert(
        fc.asyncProperty(tree, async (node) => {
          const nar = formatNar(node);
          await restoreTree(toBytePath(root), [nar], { canonical });
          assert.deepEqual(await dump(root), nar);
          await deleteTree(root);
        }),
        { numRuns: 60 },
      );
    });
  }

  test('an existing target is not touched', async () => {
    await using directory = new ScratchDirectory();
    const root = join(directory.path, 'x');
    const secret = join(directory.path, 'secret');
    writeFileSync(secret, 'secret');
    symlinkSync(secret, root);
    const nar = formatNar({ kind: 'file', executable: false, contents: new Uint8Array(3) });
    await assert.rejects(restoreTree(toBytePath(root), [nar], { canonical: false }), { code: 'EEXIST' });
    assert.equal(readFileSync(secret, 'utf8'), 'secret');
  });

  test('a directory that cannot be listed is an error with its name', async () => {
    await using directory = new ScratchDirectory();
    chmodSync(directory.path, 0o755);
    mkdirSync(join(directory.path, 'x'), { mode: 0o700 });
    const root = process.getuid!() === 0;
    if (root) process.seteuid!(12345);
    else chmodSync(join(directory.path, 'x'), 0);
    try {
      await assert.rejects(dump(directory.path), { code: 'read-failed', message: /\/x' failed: EACCES/ });
    } finally {
      if (root) process.seteuid!(0);
      else chmodSync(join(directory.path, 'x'), 0o700);
    }
  });

  test('permissions of plain trees follow the umask', async () => {
    await using directory = new ScratchDirectory();
    const root = join(directory.path, 'x');
    const umask = process.umask(0o027);
    const nar = formatNar({ kind: 'file', executable: true, contents: new Uint8Array(3) });
    await restoreTree(toBytePath(root), [nar], { canonical: false });
    process.umask(umask);
    assert.equal(statSync(root).mode & 0o777, 0o750);
  });

  test('a file that shrinks while it is read is noticed', async () => {
    await using directory = new ScratchDirectory();
    const file = join(directory.path, 'f');
    writeFileSync(file, Buffer.alloc(3 << 20));
    let first = true;
    const reading = dumpTree(toBytePath(directory.path), () => {
      if (first) writeFileSync(file, 'short');
      first = false;
    });
    await assert.rejects(reading, { code: 'cannot-archive', message: /changed while being read/ });
  });

  test('1,000 levels are refused, but can be deleted', async () => {
    await using directory = new ScratchDirectory();
    const path = join(directory.path, 'deep');
    const here = process.cwd();
    mkdirSync(path);
    process.chdir(path);
    for (let i = 0; i < 1000; i++) {
      mkdirSync('d');
      process.chdir('d');
    }
    process.chdir(here);
    await assert.rejects(dump(path), { code: 'cannot-archive', message: /maximum NAR directory depth/ });
    await deleteTree(path);
    assert.deepEqual(readdirSync(directory.path), []);
  });
});

describe('the reference scanner', () => {
  const candidates = ['0', '1', '2'].map((digit) =>
    StorePath.fromBaseName(`${`${digit}abcdfgh`.repeat(4)}-x`),
  );
  const noise = fc.oneof(
    fc.string({ unit: fc.constantFrom(...'0123456789abcdfghijklmnpqrsvwxyz'), maxLength: 70 }),
    fc.uint8Array({ maxLength: 70 }).map(stringFromBytes),
  );

  test('finds exactly what is there, at any chunking', () => {
    const parts = fc.array(fc.oneof(noise, fc.constantFrom(...candidates.map((path) => path.hashPart))), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(parts, fc.infiniteStream(fc.integer({ min: 1, max: 60 })), (texts, sizes) => {
        const bytes = Buffer.from(texts.join(''), 'latin1');
        const scanner = new ReferenceScanner(candidates);
        for (let at = 0; at < bytes.length; ) {
          const size = sizes.next().value;
          scanner.write(bytes.subarray(at, at + size));
          at += size;
        }
        const expected = candidates.filter((path) => bytes.includes(path.hashPart));
        assert.deepEqual(scanner.found(), expected);
      }),
      { numRuns: 300 },
    );
  });

  test('reads more than 100 MB a second', () => {
    const scanner = new ReferenceScanner(candidates);
    const chunk = Buffer.alloc(
      1 << 20,
      'Some text, as it is found in programs: /nix/store/abc 0x1234 '.repeat(10),
    );
    const start = performance.now();
    for (let i = 0; i < 50; i++) scanner.write(chunk);
    assert.ok(performance.now() - start < 500, `${performance.now() - start} ms for 50 MiB`);
  });
});

test('archives of 64 levels are restored', async () => {
  await using directory = new ScratchDirectory();
  let node: NarNode = { kind: 'file', executable: false, contents: new Uint8Array(0) };
  for (let i = 0; i < 63; i++) node = { kind: 'directory', entries: new Map([['d', node]]) };
  const nar = formatNar(node);
  await restoreTree(toBytePath(join(directory.path, 'x')), [nar], { canonical: true });
  assert.deepEqual(parseNar(await dump(join(directory.path, 'x'))), node);
});
