import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { writeTar } from '../../tests/support/debian-archive/index.ts';
import { readTarEntries, TarError } from './tar-entries.ts';

const files = {
  'usr/bin/hello': { data: 'hello\n', mode: 0o755 },
  'usr/bin/hi': { symlink: 'hello' },
  'usr/bin/hard': { hardlink: './usr/bin/hello' },
  [`usr/${'long-directory/'.repeat(12)}name`]: 'long\n',
};

const badNames = ['../up', 'a/../../up', '/../etc/passwd'];
for (const name of badNames) {
  test(`tar: the name '${name}' is refused`, () => {
    assert.throws(() => readTarEntries(writeTar({ [name]: 'x' })), /leaves the archive|absolute/);
  });
}

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

test('tar: a hard link out of the archive is refused', () => {
  assert.throws(() => readTarEntries(writeTar({ a: { hardlink: '../x' } })), /leaves the archive/);
});

test('tar: truncated archives and those without end are refused', () => {
  const tar = writeTar({ a: 'x'.repeat(2000) });
  for (const end of [600, 1024, tar.length - 1024]) {
    assert.throws(() => readTarEntries(tar.subarray(0, end)), /truncated|no end marker/);
  }
});

test('property: damaged tar archives give entries or a TarError, and no entry leaves the archive', () => {
  const tar = writeTar(files);
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 4 }), (changes) => {
      try {
        for (const { path } of readTarEntries(mutate(tar, changes))) {
          assert.ok(!path.startsWith('/') && !path.split('/').includes('..'), path);
        }
      } catch (error) {
        assert.ok(error instanceof TarError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test('tar: a negative or nonsensical size in a pax header is refused', () => {
  for (const size of ['-512', '1e3', '', 'x']) {
    const record = `size=${size}\n`;
    const length = record.length + 3;
    const tar = Buffer.from(writeTar({ pax: `${length} ${record}`, a: 'x' }));
    tar[156] = 'x'.charCodeAt(0);
    const sum = tar.subarray(0, 512).reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
    tar.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    assert.throws(() => readTarEntries(tar), TarError, size);
  }
});
