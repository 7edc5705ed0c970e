import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Key, readKey } from 'openpgp';
import { makeTestKey, TestArchive, type TestKey } from '../../tests/support/debian-archive/index.ts';
import { verifyRelease } from './release-signature.ts';

const now = new Date('2026-02-01');
const key = await makeTestKey();
const other = await makeTestKey();
const keysOf = async (...list: TestKey[]): Promise<Key[]> =>
  Promise.all(list.map((item) => readKey({ armoredKey: item.publicKey })));

async function signedRelease(): Promise<Buffer> {
  const archive = new TestArchive(key);
  await archive.publish({ name: 'trixie' });
  return Buffer.from(archive.files.get('dists/trixie/InRelease')!);
}
const signed = await signedRelease();
const edit = (from: string | RegExp, to: string) =>
  Buffer.from(signed.toString('latin1').replace(from, to), 'latin1');

test('a good signature gives the signed text alone', async () => {
  const text = await verifyRelease(signed, 'url', await keysOf(key), now);
  assert.match(text, /^Origin: Debian\nLabel: Debian\n/);
  assert.doesNotMatch(text, /PGP|Hash: SHA/);
});

test('one trusted key among several is enough', async () => {
  assert.match(await verifyRelease(signed, 'url', await keysOf(other, key), now), /^Origin/);
});

test('bytes after the signature are not part of the text', async () => {
  const text = await verifyRelease(
    Buffer.concat([signed, Buffer.from('\nEvil: yes\n')]),
    'url',
    await keysOf(key),
    now,
  ).catch((error: { code: string }) => error.code);
  assert.doesNotMatch(text, /Evil/);
});

const refused = [
  { name: 'another key', bytes: signed, keys: [other], code: 'channel-bad-signature' },
  { name: 'no key at all', bytes: signed, keys: [], code: 'channel-bad-signature' },
  {
    name: 'changed text',
    bytes: edit('Origin: Debian', 'Origin: Debiam'),
    keys: [key],
    code: 'channel-bad-signature',
  },
  {
    name: 'an added line',
    bytes: edit('Label:', 'Evil: yes\nLabel:'),
    keys: [key],
    code: 'channel-bad-signature',
  },
  {
    name: 'text in front',
    bytes: edit('-----BEGIN', 'Evil: yes\n-----BEGIN'),
    keys: [key],
    code: 'channel-not-signed',
  },
  {
    name: 'a page of HTML',
    bytes: Buffer.from('<html>log in</html>'),
    keys: [key],
    code: 'channel-not-signed',
  },
  {
    name: 'a truncated file',
    bytes: signed.subarray(0, signed.length - 100),
    keys: [key],
    code: 'channel-not-signed',
  },
  { name: 'an empty file', bytes: Buffer.alloc(0), keys: [key], code: 'channel-not-signed' },
  {
    name: 'the text without signature',
    bytes: edit(/-----BEGIN PGP SIGNATURE[\s\S]*/, ''),
    keys: [key],
    code: 'channel-not-signed',
  },
];
for (const { name, bytes, keys, code } of refused) {
  test(`refused: ${name}`, async () => {
    await assert.rejects(verifyRelease(bytes, 'url', await keysOf(...keys), now), { code });
  });
}

test('a signature from the future is refused', async () => {
  await assert.rejects(verifyRelease(signed, 'url', await keysOf(key), new Date('2021-01-01')), {
    code: 'channel-bad-signature',
  });
});

test('the error names the trusted keys', async () => {
  const [trusted] = await keysOf(other);
  await assert.rejects(verifyRelease(signed, 'the-url', [trusted], now), (error: Error) => {
    assert.match(error.message, /'the-url'/);
    assert.ok(error.message.includes(trusted.getFingerprint().toUpperCase()));
    return true;
  });
});
