import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { storeXz, type TestFile, writeDeb, writeElf } from '../../tests/support/debian-archive/index.ts';
import { decompressXz } from '../platform/index.ts';
import { readDebFiles } from './deb-file.ts';
import { readElfNeeds } from './elf-needs.ts';

const long = `usr/${'long-directory/'.repeat(12)}name`;
const files: Record<string, TestFile> = {
  'usr/bin/hello': { data: 'hello\n', mode: 0o755 },
  'usr/bin/hi': { symlink: 'hello' },
  'usr/bin/hard': { hardlink: './usr/bin/hello' },
  [long]: 'long\n',
  empty: '',
};

for (const compression of ['xz', 'gz', 'zst', 'none'] as const) {
  test(`a package with ${compression} data`, async () => {
    const entries = await readDebFiles(writeDeb('Package: x\n', files, compression), 'x.deb');
    const summary = entries.map((entry) => [
      entry.path,
      entry.kind,
      entry.target,
      Buffer.from(entry.data).toString(),
    ]);
    assert.deepEqual(summary, [
      ['usr/bin/hello', 'file', '', 'hello\n'],
      ['usr/bin/hi', 'symlink', 'hello', ''],
      ['usr/bin/hard', 'hardlink', 'usr/bin/hello', ''],
      [long, 'file', '', 'long\n'],
      ['empty', 'file', '', ''],
    ]);
    assert.equal(entries[0].mode, 0o755);
  });
}

const deb = Buffer.from(writeDeb('Package: x\n', files));
const damaged = [
  { name: 'no ar archive', bytes: Buffer.from('hello') },
  { name: 'truncated in the data', bytes: deb.subarray(0, deb.length - 600) },
  { name: 'without data', bytes: deb.subarray(0, deb.indexOf('data.tar')) },
  { name: 'a flipped bit in the data', bytes: flip(deb, deb.length - 900) },
];
for (const { name, bytes } of damaged) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(readDebFiles(bytes, 'x.deb'), { code: 'channel-bad-package' });
  });
}

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] ^= 4;
  return copy;
}

test('xz: what decompresses to more than announced is stopped', async () => {
  const bomb = storeXz(Buffer.alloc(300_000));
  await assert.rejects(decompressXz(bomb, 1000), /more than the expected 1000 bytes/);
  assert.equal((await decompressXz(bomb, 300_000)).length, 300_000);
});

test('xz: several at once, damaged ones among them', async () => {
  const good = storeXz(Buffer.from('good'));
  const results = await Promise.allSettled([
    decompressXz(good, 10),
    decompressXz(good.subarray(0, 40), 10),
    decompressXz(flip(Buffer.from(good), 26), 10),
    decompressXz(new Uint8Array(), 10),
    decompressXz(good, 10),
  ]);
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled'],
  );
});

test('ELF: needs of a program, a library, a script', () => {
  assert.deepEqual(
    readElfNeeds(writeElf({ interpreter: '/lib64/ld.so', libraries: ['libc.so.6', 'libm.so.6'] })),
    {
      interpreter: '/lib64/ld.so',
      libraries: ['libc.so.6', 'libm.so.6'],
    },
  );
  assert.deepEqual(readElfNeeds(writeElf({ libraries: [] })), { interpreter: undefined, libraries: [] });
  assert.equal(readElfNeeds(Buffer.from('#!/bin/sh\n')), undefined);
});

const mutation = fc.record({
  at: fc.nat(),
  byte: fc.integer({ min: 0, max: 255 }),
  cut: fc.option(fc.nat(), { freq: 4 }),
});

function mutate(
  bytes: Uint8Array,
  changes: readonly { at: number; byte: number; cut: number | null }[],
): Buffer {
  let copy = Buffer.from(bytes);
  for (const { at, byte, cut } of changes) {
    if (copy.length > 0) copy[at % copy.length] = byte;
    if (cut === 0) copy = copy.subarray(0, at % (copy.length + 1));
  }
  return copy;
}

test('property: damaged packages give entries or the error for packages', async () => {
  const small = writeDeb('Package: x\n', { a: 'x' });
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (changes) => {
      const code = await readDebFiles(mutate(small, changes), 'x.deb').then(
        () => 'channel-bad-package',
        (error: { code: string }) => error.code,
      );
      assert.equal(code, 'channel-bad-package');
    }),
    { numRuns: 300 },
  );
});

test('property: damaged ELF files give needs or a RangeError', () => {
  const elf = writeElf({ interpreter: '/lib64/ld.so', libraries: ['libc.so.6', 'libm.so.6'] });
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 4 }), (changes) => {
      try {
        readElfNeeds(mutate(elf, changes));
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
