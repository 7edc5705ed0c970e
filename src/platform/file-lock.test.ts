import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FileLock } from './file-lock.ts';
import { startProcess } from './process.ts';

const directory = mkdtempSync(join(tmpdir(), 'firn-lock-'));
after(() => rmSync(directory, { recursive: true }));
const file = (name: string) => join(directory, name);

test('an exclusive lock excludes every other one, within a process too', () => {
  using first = FileLock.tryAcquire(file('a'));
  assert.ok(first);
  assert.equal(FileLock.tryAcquire(file('a')), undefined);
  assert.equal(FileLock.tryAcquire(file('a'), { mode: 'shared' }), undefined);
  first.release();
  using again = FileLock.tryAcquire(file('a'));
  assert.ok(again);
});

test('shared locks go together', () => {
  using one = FileLock.tryAcquire(file('b'), { mode: 'shared' });
  using two = FileLock.tryAcquire(file('b'), { mode: 'shared' });
  assert.ok(one && two);
  assert.equal(FileLock.tryAcquire(file('b')), undefined);
});

test('a lock leaves one empty file, and a stale one of C++ Nix is replaced', () => {
  writeFileSync(file('c.lock'), 'd');
  using lock = FileLock.tryAcquire(file('c.lock'));
  assert.ok(lock);
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith('c')),
    ['c.lock'],
  );
});

test('waiting tells once and ends when the holder dies', async () => {
  const script = `import { FileLock } from ${JSON.stringify(import.meta.resolve('./file-lock.ts'))};
    FileLock.tryAcquire(process.argv[1]); console.log('held'); setTimeout(() => {}, 60000)`;
  const holder = startProcess({
    program: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script, file('d')],
    stderr: 'inherit',
  });
  await new Promise((resolve) => holder.stdout?.once('data', resolve));
  assert.equal(FileLock.tryAcquire(file('d')), undefined);
  let waits = 0;
  const waiting = FileLock.acquire(file('d'), {
    onWait: () => {
      waits++;
      holder.kill('SIGKILL');
    },
  });
  using lock = await waiting;
  assert.equal(lock.path, file('d'));
  assert.equal(waits, 1);
});
