import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { machineMethods } from './methods.ts';

test('docs/test-driver.md names every method, and none that is not there', () => {
  const text = readFileSync(new URL('../../../docs/test-driver.md', import.meta.url), 'utf8');
  const table = /\| about \| methods[^\n]*\n\|---\|---\|\n((?:\|.*\n)+)/.exec(text)![1];
  const named = [...table.matchAll(/`(\w+)`/g)].map((match) => match[1]);
  assert.deepEqual(named.sort(), machineMethods.map(({ name }) => name).sort());
});
