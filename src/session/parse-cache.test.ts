import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ParseCache } from './parse-cache.ts';

function scratch(): string {
  return mkdtempSync(join(tmpdir(), 'firn-parse-cache-'));
}

function cache(directory: string, rest: { parser?: string; maxSize?: number } = {}): ParseCache {
  return new ParseCache({ directory, parser: 'one', maxSize: 1_000_000, ...rest });
}

/** Keeps one image for each text, in one run. */
function keep(directory: string, texts: readonly string[], maxSize = 1_000_000): void {
  const one = cache(directory, { maxSize });
  for (const text of texts) one.add(one.key(text, ''), imageOf(text));
  one.save();
}

function imageOf(text: string): Uint8Array {
  return Buffer.from(`image of ${text}`);
}

function isKept(directory: string, text: string): boolean {
  const one = cache(directory);
  const image = one.find(one.key(text, ''));
  if (image === undefined) return false;
  assert.deepEqual(Buffer.from(image), imageOf(text));
  return true;
}

function packs(directory: string): string[] {
  return readdirSync(directory).map((name) => join(directory, name));
}

test('what one run keeps the next one finds', () => {
  const directory = join(scratch(), 'not/there/yet');
  assert.equal(isKept(directory, 'a'), false);
  keep(directory, ['a', 'b']);
  keep(directory, ['c']);
  for (const text of ['a', 'b', 'c']) assert.ok(isKept(directory, text), text);
  assert.equal(isKept(directory, 'd'), false);
});

test('the text, the surroundings and the parser are all part of the key', () => {
  const one = cache('/nowhere');
  const keys = [
    one.key('a', ''),
    one.key('b', ''),
    one.key('a', 'x'),
    cache('/', { parser: 'two' }).key('a', ''),
  ];
  assert.equal(new Set(keys).size, keys.length);
  for (const key of keys) assert.equal(key.length, 16);
  assert.equal(cache('/elsewhere').key('a', ''), keys[0]);
});

test('any damaged byte costs at most what it is part of, and gives nothing wrong', () => {
  const directory = scratch();
  const texts = Array.from({ length: 5 }, (_, i) => `text ${i}`);
  keep(directory, texts);
  const [pack] = packs(directory);
  const sound = readFileSync(pack);
  let lost = 0;
  for (let at = 0; at < sound.length; at++) {
    const damaged = Buffer.from(sound);
    damaged[at] ^= 0x55;
    writeFileSync(pack, damaged);
    lost += texts.filter((text) => !isKept(directory, text)).length;
  }
  assert.ok(lost >= sound.length, `${lost} images were found damaged in ${sound.length} trials`);
  writeFileSync(pack, sound);
  assert.ok(texts.every((text) => isKept(directory, text)));
});

test('a pack that was cut off anywhere is as if it were not there', () => {
  const directory = scratch();
  keep(directory, ['a']);
  const [pack] = packs(directory);
  const sound = readFileSync(pack);
  for (let size = 0; size < sound.length; size++) {
    writeFileSync(pack, sound.subarray(0, size));
    assert.equal(isKept(directory, 'a'), false);
  }
});

test('the packs used longest ago go when they are too big together', () => {
  const directory = scratch();
  const big = 'x'.repeat(1000);
  for (let i = 0; i < 5; i++) {
    keep(directory, [`${i} ${big}`], 3500);
    const time = new Date(Date.now() - (100 - i) * 1000);
    for (const file of packs(directory))
      if (Date.now() - statSync(file).mtimeMs < 5000) utimesSync(file, time, time);
  }
  const size = packs(directory).reduce((sum, file) => sum + statSync(file).size, 0);
  assert.ok(size <= 3500, `${size} bytes`);
  assert.ok(isKept(directory, `4 ${big}`));
  assert.equal(isKept(directory, `0 ${big}`), false);
});

test('using a pack counts as use', () => {
  const directory = scratch();
  keep(directory, ['a']);
  const [pack] = packs(directory);
  const longAgo = new Date(Date.now() - 86_400_000);
  utimesSync(pack, longAgo, longAgo);
  const one = cache(directory);
  one.find(one.key('a', ''));
  one.save();
  assert.ok(Date.now() - statSync(pack).mtimeMs < 60_000);
});

test('many packs become few, and nothing is lost', () => {
  const directory = scratch();
  const texts = Array.from({ length: 60 }, (_, i) => `text ${i}`);
  for (const text of texts) keep(directory, [text]);
  assert.ok(packs(directory).length < 15, `${packs(directory).length} packs`);
  for (const text of texts) assert.ok(isKept(directory, text), text);
});

test('a file that a killed run left behind is removed once it is old', () => {
  const directory = scratch();
  keep(directory, ['a']);
  const [fresh, old] = ['fresh.tmp', 'old.tmp'].map((name) => join(directory, name));
  for (const file of [fresh, old]) writeFileSync(file, 'half');
  const longAgo = new Date(Date.now() - 86_400_000);
  utimesSync(old, longAgo, longAgo);
  keep(directory, ['b']);
  const left = packs(directory);
  assert.ok(left.includes(fresh));
  assert.ok(!left.includes(old));
});

test('a directory that cannot be written is no error', () => {
  const directory = join(scratch(), 'file');
  writeFileSync(directory, '');
  keep(directory, ['a']);
  assert.equal(isKept(directory, 'a'), false);
});

test('several processes keep and merge at once, and each finds sound images', async () => {
  const directory = scratch();
  const script = `
    import { ParseCache } from ${JSON.stringify(join(import.meta.dirname, 'parse-cache.ts'))};
    const name = process.argv[1];
    for (let i = 0; i < 25; i++) {
      const one = new ParseCache({ directory: ${JSON.stringify(directory)}, parser: 'one', maxSize: 1e6 });
      for (let j = 0; j < 3 * 25; j++) {
        const text = 'abc'[Math.floor(j / 25)] + ' ' + (j % 25);
        const image = one.find(one.key(text, ''));
        if (image !== undefined && Buffer.from(image).toString() !== 'image of ' + text) process.exit(3);
      }
      const text = name + ' ' + i;
      one.add(one.key(text, ''), Buffer.from('image of ' + text));
      one.save();
    }`;
  const children = ['a', 'b', 'c'].map((name) =>
    spawn(process.execPath, ['--input-type=module', '-e', script, name], { stdio: 'inherit' }),
  );
  const ends = await Promise.all(children.map((child) => once(child, 'exit')));
  assert.deepEqual(
    ends.map(([status]) => status),
    [0, 0, 0],
  );
  const texts = ['a', 'b', 'c'].flatMap((name) => Array.from({ length: 25 }, (_, i) => `${name} ${i}`));
  const lost = texts.filter((text) => !isKept(directory, text));
  assert.deepEqual(lost, []);
});
