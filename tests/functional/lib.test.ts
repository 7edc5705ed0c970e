/**
 * The distribution's `lib`, through the command that users have.
 *
 * `lib/*.nix` are tables `{ NAME = { expr; expected; }; }`, one file for each part of `lib`; `lib/errors/CASE/` are modules that are
 * wrong in some way, `expected.txt` beside them is the message. `FIRN_ACCEPT=1` writes those files anew (and fails, so
 * that an accepting run is never taken for a passing one). `FIRN_TEST_EVALUATOR` names another evaluator, such as C++ Nix's
 * `nix-instantiate`: the tables and messages hold there, too.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('./lib', import.meta.url));
const ourEvaluator = fileURLToPath(new URL('../../bin/nix-instantiate', import.meta.url));
const evaluator = (process.env.FIRN_TEST_EVALUATOR ?? ourEvaluator).split(' ');
const helpers = new Set(['run-table.nix', 'evaluate-modules.nix']);

const scratch = mkdtempSync(join(tmpdir(), 'firn-lib-test-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

function evaluate(file: string, argument: string, value: string) {
  const [command, ...first] = evaluator;
  const args = [...first, '--eval', '--strict', '--json', join(here, file), '--arg', argument, value];
  // Evaluation needs no store, but a place where one could be.
  const env = { ...process.env, NIX_REMOTE: process.env.NIX_REMOTE ?? join(scratch, 'store') };
  const result = spawnSync(command, args, { env, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (result.error) throw result.error;
  return result;
}

/**
 * The message of an error, without trace and indentation, the case's directory written as `.`.
 * C++ Nix 2.8 indents all lines but the first by the width of "error: ".
 */
function messageOf(stderr: string, directory: string): string {
  const lines = stderr.split('\n').filter((line) => !line.startsWith("(use '--show-trace'"));
  const start = lines.findLastIndex((line) => /^ *error:/.test(line));
  assert.ok(start >= 0, `no error was printed, but:\n${stderr}`);
  const margin = lines[start].search(/\S/);
  const first = lines[start].slice(margin).replace(/^error: ?/, '');
  const rest = lines.slice(start + 1).map((line) => line.slice(margin));
  const hangs = rest.every((line) => line === '' || line.startsWith('       '));
  const message = [first, ...(hangs ? rest.map((line) => line.slice(7)) : rest)].join('\n');
  return `${message.trim().replaceAll(directory, '.')}\n`;
}

for (const file of readdirSync(here).filter((name) => name.endsWith('.nix') && !helpers.has(name))) {
  describe(`lib/${file}`, () => {
    const result = evaluate('run-table.nix', 'table', join(here, file));
    if (result.status !== 0) {
      test('evaluates', () => assert.fail(result.stderr));
      return;
    }
    const outcomes = Object.entries(JSON.parse(result.stdout) as Record<string, string | null>);
    for (const [name, problem] of outcomes) test(name, () => assert.equal(problem, null, problem ?? ''));
  });
}

describe('lib/errors', () => {
  for (const name of readdirSync(join(here, 'errors'))) {
    test(name, () => {
      const directory = join(here, 'errors', name);
      const result = evaluate('evaluate-modules.nix', 'directory', directory);
      assert.notEqual(result.status, 0, 'the configuration evaluates, but an error was expected');
      const message = messageOf(result.stderr, directory);
      const golden = join(directory, 'expected.txt');
      if (process.env.FIRN_ACCEPT === '1') {
        writeFileSync(golden, message);
        assert.fail('accepted the message; run again without FIRN_ACCEPT');
      }
      assert.ok(existsSync(golden), `${golden} is missing; FIRN_ACCEPT=1 writes it`);
      assert.equal(message, readFileSync(golden, 'utf8'));
    });
  }
});
