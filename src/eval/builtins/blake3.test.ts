import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake3 } from './blake3.ts';

/** The test vectors of the specification: input bytes count up to 250 and start again. */
const vectors: readonly (readonly [length: number, digest: string])[] = [
  [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
  [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
  [1023, '10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11'],
  [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
  [1025, 'd00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444'],
  [2049, '5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030'],
  [31744, '62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47'],
];

for (const [length, digest] of vectors) {
  test(`${length} bytes`, () => {
    const input = Array.from({ length }, (_, i) => String.fromCharCode(i % 251)).join('');
    assert.equal(Buffer.from(blake3(input)).toString('hex'), digest);
  });
}
