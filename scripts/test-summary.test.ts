import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { formatSummary, parseRecords } from './test-summary.ts';

const sample = `
import assert from 'node:assert';
import { describe, test } from 'node:test';
describe('outer', () => {
  test('good', () => {});
  describe('inner', () => { test('bad', () => assert.equal(1, 2, 'one is not two\\nmore')); });
  test('later', { skip: 'no such machine' }, () => {});
});
describe('whole suite', { skip: 'no mirror' }, () => { test('inside', () => {}); });
`;

test('the summary tells what failed, what was skipped and why', () => {
  const directory = mkdtempSync(join(tmpdir(), 'firn-summary-'));
  try {
    writeFileSync(join(directory, 'sample.test.mjs'), sample);
    writeFileSync(join(directory, 'broken.test.mjs'), 'throw new Error("broken file");');
    const out = join(directory, 'records');
    const reporter = fileURLToPath(new URL('test-reporter.ts', import.meta.url));
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const result = spawnSync(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        '--test',
        `--test-reporter=${reporter}`,
        `--test-reporter-destination=${out}`,
        'broken.test.mjs',
        'sample.test.mjs',
      ],
      { cwd: directory, env, encoding: 'utf8' },
    );
    assert.equal(result.status, 1, result.stderr);
    const text = formatSummary({
      records: parseRecords(`${readFileSync(out, 'utf8')}{"cut`),
      notRun: [{ reason: 'there is no mirror', files: ['a.test.ts'] }],
      seconds: 1.2,
      notes: ['a word'],
    });
    assert.equal(
      text,
      `
tests: 1 passed, 2 failed, 2 skipped, in 1 s; 1 file not run
failed:
  broken.test.mjs: broken.test.mjs: test failed
  sample.test.mjs: outer > inner > bad: one is not two
skipped:
  sample.test.mjs: outer > later (no such machine)
  sample.test.mjs: whole suite (no mirror)
not run, because there is no mirror:
  a.test.ts
note: a word
`,
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
});
