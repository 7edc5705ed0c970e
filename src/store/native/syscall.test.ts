/** Real locks, seen by other open files, other threads and other processes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { formatSharedObject } from './shared-object.ts';
import { loadNative, stripExtendedAttributes, syncFileSystem, tryExchange, tryFlock } from './syscall.ts';
import { EXPORT_NAME, IMPORTS, syscallCode } from './syscall-code.ts';

const directory = mkdtempSync(join(tmpdir(), 'syscall-test-'));
after(() => rmSync(directory, { recursive: true }));

const open = (name: string) => openSync(join(directory, name), 'a+');

test('exclusive locks exclude, shared ones do not, closing releases', () => {
  const [a, b, c] = [open('x'), open('x'), open('x')];
  assert.equal(tryFlock(a, 'exclusive'), true);
  assert.equal(tryFlock(b, 'shared'), false);
  assert.equal(tryFlock(a, 'shared'), true);
  assert.equal(tryFlock(b, 'shared'), true);
  assert.equal(tryFlock(c, 'exclusive'), false);
  closeSync(a);
  assert.equal(tryFlock(b, 'none'), true);
  assert.equal(tryFlock(c, 'exclusive'), true);
  closeSync(b);
  closeSync(c);
});

test('directories can be locked', () => {
  const [a, b] = [openSync(directory, 'r'), openSync(directory, 'r')];
  assert.equal(tryFlock(a, 'exclusive'), true);
  assert.equal(tryFlock(b, 'shared'), false);
  closeSync(a);
  closeSync(b);
});

test('a worker thread sees the lock, with its own copy of the module', async () => {
  const held = open('y');
  assert.ok(tryFlock(held, 'exclusive'));
  const script = `
    import { openSync } from 'node:fs';
    import { parentPort } from 'node:worker_threads';
    const { tryFlock } = await import(${JSON.stringify(new URL('./syscall.ts', import.meta.url).href)});
    parentPort.postMessage(tryFlock(openSync(${JSON.stringify(join(directory, 'y'))}, 'a+'), 'shared'));`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
  const answer = await new Promise((resolve, reject) =>
    worker.once('message', resolve).once('error', reject),
  );
  assert.equal(answer, false);
  await worker.terminate();
  closeSync(held);
});

test('a bad descriptor is an error, not a crash', () => {
  assert.throws(() => tryFlock(100_000, 'shared'), {
    message: 'acquiring or releasing a lock failed: error 9',
  });
});

test('flushing the file system', () => syncFileSystem(directory));

test('no temporary file is left behind', () => {
  const temporary = join(directory, 'tmp');
  mkdirSync(temporary);
  const module = new URL('./syscall.ts', import.meta.url).href;
  const script = `import { tryFlock } from '${module}'; console.log(tryFlock(0, 'shared'));`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env: { TMPDIR: temporary },
    encoding: 'utf8',
  });
  assert.equal(child.stdout, 'true\n', child.stderr);
  assert.deepEqual(readdirSync(temporary), []);
});

test('extended attributes are removed', (context) => {
  const file = join(directory, 'attributes');
  writeFileSync(file, '');
  const { machine, call } = loadNative();
  const set = machine === 'x86_64' ? 188 : 5;
  const result = call(set, file, 'user.firn', Buffer.from('value'), 5, 0);
  if (result === -95) return context.skip('the file system has no extended attributes');
  assert.equal(result, 0);
  assert.equal(stripExtendedAttributes(file), 1);
  assert.equal(stripExtendedAttributes(file), 0);
});

test('stripping attributes of a missing file is an error', () => {
  assert.throws(() => stripExtendedAttributes(join(directory, 'missing')), { message: /error 2$/ });
});

test('two names change places', (context) => {
  const [first, second, missing] = ['first', 'second', 'missing-name'].map((name) => join(directory, name));
  mkdirSync(first);
  writeFileSync(second, 'second');
  assert.equal(tryExchange(first, missing), false);
  if (!tryExchange(first, second)) return context.skip('the file system cannot exchange names');
  assert.equal(readFileSync(first, 'utf8'), 'second');
  assert.deepEqual(readdirSync(second), []);
});

test('the code for both machines fits its table', () => {
  for (const machine of ['x86_64', 'aarch64'] as const) {
    const file = formatSharedObject({
      machine,
      exportName: EXPORT_NAME,
      imports: IMPORTS,
      assemble: (table) => syscallCode(machine, table),
    });
    assert.ok(file.length > 500 && file.length < 2000);
    assert.equal(syscallCode(machine, 0).length, syscallCode(machine, 0x12340).length);
  }
});
