import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatResults } from './vm-results.ts';

test('a table in columns, then what failed and why', () => {
  const text = formatResults([
    { name: 'firewall', outcome: 'passed', seconds: 61.04 },
    { name: 'nat', outcome: 'failed', seconds: 7, message: 'error: no route' },
    { name: 'login', outcome: 'unchanged', seconds: 1.26 },
  ]);
  assert.equal(
    text,
    `test      result     seconds
firewall  passed        61.0
nat       failed         7.0
login     unchanged      1.3

nat: error: no route

VM tests: 1 passed, 1 unchanged, 1 failed, in 69 s
`,
  );
});
