import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestError } from './errors.ts';
import { toPredicate } from './machine-waits.ts';
import { retry } from './retry.ts';
import { enlarge, formatPgm, readPpm } from './screen.ts';

test('pictures become grey', () => {
  const ppm = Buffer.concat([Buffer.from('P6\n2 1\n255\n'), Buffer.from([255, 255, 255, 255, 0, 0])]);
  assert.deepEqual(readPpm(ppm), { width: 2, height: 1, pixels: Uint8Array.from([255, 76]) });
  assert.throws(() => readPpm(Buffer.from('\x89PNG')), TestError);
});

test('pictures become larger, smooth between the pixels, and inverted', () => {
  const image = { width: 2, height: 1, pixels: Uint8Array.from([0, 200]) };
  assert.deepEqual(enlarge(image, 2, false), {
    width: 4,
    height: 2,
    pixels: Uint8Array.from([0, 100, 200, 200, 0, 100, 200, 200]),
  });
  assert.deepEqual([...enlarge(image, 1, true).pixels], [255, 55]);
  assert.equal(formatPgm(image).toString('latin1'), 'P5 2 1 255\n\x00\xc8');
});

test('patterns that remember where they were are asked anew', async () => {
  const { matches, source } = toPredicate(/a/g);
  assert.equal(source, 'a');
  assert.ok((await matches('a')) && (await matches('a')));
  assert.equal(await toPredicate('^b$').matches('abc'), false);
});

test('retrying ends with success, or tells that the last attempt is the last', async () => {
  let calls = 0;
  await retry(() => ++calls === 2, 10);
  assert.equal(calls, 2);
  const lasts: boolean[] = [];
  await assert.rejects(
    retry((isLast) => {
      lasts.push(isLast);
      return false;
    }, 0.02),
    /action timed out after 0.02 seconds/,
  );
  assert.ok(lasts.length >= 2);
  assert.equal(lasts.indexOf(true), lasts.length - 1);
});
