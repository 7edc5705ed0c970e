/**
 * Golden cases of the language: `X-okay-*.nix` gives exactly `X-okay-*.exp`; `X-fail-*.nix` fails with exactly
 * `X-fail-*.err.exp` (the whole text on standard error, with traces). `FIRN_ACCEPT=1` writes the files anew; such a run
 * always fails, so that it cannot be taken for a passed one.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NixError, renderError } from '../../src/diagnostics/index.ts';
import { EvalSession } from '../../src/eval/index.ts';
import { NodeIo } from '../support/node-io.ts';

const directory = import.meta.dirname;
const accept = process.env['FIRN_ACCEPT'] === '1';

/** What evaluating the file prints: the value on success, the error's text on failure. */
function evaluate(file: string): { output: string; errors: string } {
  const io = new NodeIo({ FIRN_TEST: 'set' });
  const session = EvalSession.create(io, {
    workingDir: directory,
    homeDir: '/home/test',
    showTrace: true,
    maxCallDepth: 200,
  });
  let output = '';
  try {
    output = session.print(session.evalFile(file), { strict: true });
  } catch (error) {
    if (!(error instanceof NixError)) throw error;
    io.printed.push(renderError(error, { showTrace: true, colour: false }));
  }
  const here = (text: string) => text.replaceAll(directory, '/tests');
  return { output: here(output), errors: here(io.printed.join('\n')) };
}

function compare(file: string, actual: string): void {
  if (accept) writeFileSync(file, `${actual}\n`, 'latin1');
  assert.ok(existsSync(file), `${file} is missing; FIRN_ACCEPT=1 writes it`);
  assert.equal(`${actual}\n`, readFileSync(file, 'latin1'));
}

describe('language', () => {
  for (const name of readdirSync(directory)) {
    const match = /^(eval-(okay|fail)-.*)\.nix$/.exec(name);
    if (!match) continue;
    it(match[1], () => {
      const { output, errors } = evaluate(join(directory, name));
      const base = join(directory, match[1]);
      assert.equal(output === '', match[2] === 'fail', errors);
      if (output !== '') compare(`${base}.exp`, output);
      if (errors !== '' || existsSync(`${base}.err.exp`)) compare(`${base}.err.exp`, errors);
    });
  }
  if (accept) it('accepted instead of compared', () => assert.fail('run again without FIRN_ACCEPT'));
});
