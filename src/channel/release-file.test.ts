import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReleaseFile } from './release-file.ts';

const hash = 'ab'.repeat(32);
const text = (overrides: Readonly<Record<string, string | undefined>> = {}) =>
  Object.entries({
    Origin: 'Debian',
    Suite: 'stable',
    Version: '13.2',
    Codename: 'trixie',
    Date: 'Sat, 21 Nov 2026 09:15:44 UTC',
    'Acquire-By-Hash': 'yes',
    Architectures: 'all amd64',
    Components: 'main contrib',
    MD5Sum: `\n ${'0'.repeat(32)} 5 main/binary-amd64/Packages`,
    SHA256: `\n ${hash}  1234567 main/binary-amd64/Packages.xz\n ${hash} 0 main/source/Sources`,
    ...overrides,
  })
    .map(([name, value]) => (value === undefined ? '' : `${name}: ${value}\n`))
    .join('');

test('fields and indices', () => {
  const release = parseReleaseFile(text({ 'Valid-Until': 'Sat, 28 Nov 2026 09:15:44 UTC' }), 'url');
  assert.equal(release.codename, 'trixie');
  assert.equal(release.version, '13.2');
  assert.equal(release.date.toISOString(), '2026-11-21T09:15:44.000Z');
  assert.equal(release.validUntil?.toISOString(), '2026-11-28T09:15:44.000Z');
  assert.equal(release.acquireByHash, true);
  assert.deepEqual(release.components, ['main', 'contrib']);
  assert.deepEqual(
    [...release.indices.values()],
    [
      { path: 'main/binary-amd64/Packages.xz', sha256: hash, sizeBytes: 1234567 },
      { path: 'main/source/Sources', sha256: hash, sizeBytes: 0 },
    ],
  );
});

test('Valid-Until and hash directories are optional', () => {
  const release = parseReleaseFile(text({ 'Acquire-By-Hash': undefined }), 'url');
  assert.equal(release.validUntil, undefined);
  assert.equal(release.acquireByHash, false);
});

const bad = [
  { name: 'no date', overrides: { Date: undefined }, code: 'channel-bad-date' },
  { name: 'a date of another form', overrides: { Date: '2026-11-21' }, code: 'channel-bad-date' },
  { name: 'a bad Valid-Until', overrides: { 'Valid-Until': 'never' }, code: 'channel-bad-date' },
  { name: 'a bad hash line', overrides: { SHA256: '\n deadbeef 5 main' }, code: 'channel-malformed-index' },
];
for (const { name, overrides, code } of bad) {
  test(`refused: ${name}`, () => assert.throws(() => parseReleaseFile(text(overrides), 'url'), { code }));
}
