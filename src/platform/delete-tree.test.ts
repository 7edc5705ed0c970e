import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { deleteTree } from './delete-tree.ts';

const directory = mkdtempSync(join(tmpdir(), 'firn-delete-'));
after(() => rmSync(directory, { recursive: true }));

test('links are removed, never followed', async () => {
  writeFileSync(join(directory, 'kept'), 'kept');
  const tree = join(directory, 'links');
  mkdirSync(tree);
  symlinkSync('..', join(tree, 'up'));
  symlinkSync('../kept', join(tree, 'file'));
  await deleteTree(tree);
  assert.equal(existsSync(tree), false);
  assert.equal(readFileSync(join(directory, 'kept'), 'utf8'), 'kept');
});

test('unreadable directories and names that are not UTF-8', async () => {
  const tree = join(directory, 'odd');
  mkdirSync(join(tree, 'closed'), { recursive: true });
  writeFileSync(Buffer.concat([Buffer.from(`${tree}/closed/`), Buffer.from([0xff, 0xfe])]), '');
  mkdirSync(join(tree, 'closed', 'none'), { mode: 0 });
  await deleteTree(tree);
  assert.equal(existsSync(tree), false);
});

test('a tree deeper than any path may be long', async () => {
  const tree = join(directory, 'deep');
  mkdirSync(tree);
  const before = process.cwd();
  process.chdir(tree);
  for (let depth = 0; depth < 3000; depth++) {
    mkdirSync('directory');
    process.chdir('directory');
  }
  process.chdir(before);
  await deleteTree(tree);
  assert.equal(existsSync(tree), false);
});

test('a missing tree is no error, a file is freed', async () => {
  assert.equal(await deleteTree(join(directory, 'missing')), 0);
  writeFileSync(join(directory, 'file'), 'x'.repeat(10_000));
  assert.ok((await deleteTree(join(directory, 'file'))) >= 8192);
});
