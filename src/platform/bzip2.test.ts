import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBzip2 } from './bzip2-decoder.ts';
import { Bzip2Encoder } from './bzip2-encoder.ts';

function encode(...chunks: Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const encoder = new Bzip2Encoder((bytes) => parts.push(bytes));
  for (const chunk of chunks) encoder.write(chunk);
  encoder.finish();
  return Buffer.concat(parts);
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.from(a).equals(Buffer.from(b));

const cases: Record<string, Uint8Array> = {
  nothing: new Uint8Array(0),
  'one byte': Buffer.from('a'),
  'four equal bytes': Buffer.from('aaaa'),
  'a run of 255': Buffer.alloc(255, 7),
  'a run of 256': Buffer.alloc(256, 7),
  'a period': Buffer.from('ab'.repeat(1000)),
  'several blocks of one byte': Buffer.alloc(30_000_000, 65),
  'several blocks of text': Buffer.from(Array.from({ length: 30_000 }, (_, i) => `line ${i}\n`).join('')),
  'all bytes': Uint8Array.from({ length: 1024 }, (_, i) => i % 256),
};
for (const [name, bytes] of Object.entries(cases)) {
  test(`bzip2 round trip: ${name}`, () => {
    assert.ok(same(decodeBzip2(encode(bytes)), bytes));
  });
}

test('bzip2 round trip of any bytes, however they are cut', () => {
  const chunk = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.constant(Buffer.alloc(600, 1)));
  fc.assert(
    fc.property(fc.array(chunk, { maxLength: 6 }), (chunks) =>
      same(decodeBzip2(encode(...chunks)), Buffer.concat(chunks)),
    ),
  );
});

test('bzip2: the reference program wrote this ("hello\\n", level 9)', () => {
  const bytes = Buffer.from(
    '425a6839314159265359c1c080e2000001410000100244a00030cd00c3462997177245385090c1c080e2',
    'hex',
  );
  assert.equal(Buffer.from(decodeBzip2(bytes)).toString(), 'hello\n');
});

test('bzip2: concatenated streams are one', () => {
  const both = Buffer.concat([encode(Buffer.from('one ')), encode(Buffer.from('two'))]);
  assert.equal(Buffer.from(decodeBzip2(both)).toString(), 'one two');
});

test('bzip2: damage is found', () => {
  const bytes = encode(Buffer.from('some text that is damaged'));
  assert.throws(() => decodeBzip2(bytes.subarray(0, 20)), /ends too early/);
  assert.throws(() => decodeBzip2(Buffer.from('BZh9xxxxxxxxxxxx')), /no block where one is due/);
  const flipped = Buffer.from(bytes);
  flipped[12] ^= 1;
  assert.throws(() => decodeBzip2(flipped), { code: 'bad-bzip2' });
  assert.throws(() => decodeBzip2(encode(Buffer.alloc(5000)), 100), /more than 100 bytes/);
});
