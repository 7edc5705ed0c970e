/**
 * Documents about options: the records that evaluation yields, and what the renderer makes of them in each format.
 *
 * `options-doc/expected.*` are golden; `FIRN_ACCEPT=1` writes them anew, and fails. The renderer is Perl, as it runs in builds; where the
 * host has none, its formats are reported as not run.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('./options-doc', import.meta.url));
const renderer = fileURLToPath(
  new URL('../../distribution/nixos/lib/make-options-doc/render', import.meta.url),
);
const ourEvaluator = fileURLToPath(new URL('../../bin/nix-instantiate', import.meta.url));
const evaluator = (process.env.FIRN_TEST_EVALUATOR ?? ourEvaluator).split(' ');

const scratch = mkdtempSync(join(tmpdir(), 'firn-options-doc-test-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

function evaluateRecords(): string {
  const [command, ...first] = evaluator;
  const args = [...first, '--eval', '--strict', '--json', join(here, 'records.nix')];
  const env = { ...process.env, NIX_REMOTE: process.env.NIX_REMOTE ?? join(scratch, 'store') };
  const result = spawnSync(command, args, { env, encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  return result.stdout;
}

function compare(name: string, actual: string): void {
  const golden = join(here, name);
  if (process.env.FIRN_ACCEPT === '1') {
    writeFileSync(golden, actual);
    assert.fail(`accepted ${name}; run again without FIRN_ACCEPT`);
  }
  assert.ok(existsSync(golden), `${golden} is missing; FIRN_ACCEPT=1 writes it`);
  assert.equal(actual, readFileSync(golden, 'utf8'));
}

const records = evaluateRecords();
const hasPerl = spawnSync('perl', ['-e', '1']).status === 0;

test('records', () => compare('expected.json', `${JSON.stringify(JSON.parse(records), undefined, 2)}\n`));

const formats: readonly [string, string][] = [
  ['html', 'expected.html'],
  ['man', 'expected.5'],
  ['commonmark', 'expected.md'],
  ['asciidoc', 'expected.adoc'],
];
for (const [format, file] of formats) {
  test(`document as ${format}`, { skip: hasPerl ? false : 'the host has no perl' }, () => {
    const result = spawnSync('perl', [`-I${renderer}`, join(renderer, 'render-options.pl')], {
      input: records,
      env: { ...process.env, format, title: 'Options', manName: 'example.nix', revision: '1.0' },
      encoding: 'utf8',
    });
    assert.equal(result.stderr, '');
    assert.equal(result.status, 0);
    compare(file, result.stdout);
  });
}
