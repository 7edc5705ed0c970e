import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EvalError } from '../diagnostics/index.ts';
import type { EvaluationRequest } from './evaluation.ts';
import { SettingsBuilder } from './settings.ts';
import { evaluateSmall } from './small-evaluation.ts';

const store = mkdtempSync(join(tmpdir(), 'firn-small-'));

function request(text: string, rest: Partial<EvaluationRequest> = {}): EvaluationRequest {
  const source = { kind: 'text', text, basePath: '/' } as const;
  return { source, attrPaths: [''], args: [], output: 'value', strict: true, writeStore: false, ...rest };
}

async function evaluate(wanted: EvaluationRequest, printed: string[] = []) {
  const settings = new SettingsBuilder().build();
  const print = (message: string) => void printed.push(message);
  return evaluateSmall(wanted, { settings, env: { HOME: store }, storeUri: store, searchPath: [], print });
}

test('a short expression is answered, with what it prints', async () => {
  const printed: string[] = [];
  const answer = await evaluate(request('builtins.trace "hi" (1 + 1)'), printed);
  assert.deepEqual(answer, { kind: 'texts', texts: ['2'] });
  assert.deepEqual(printed, ['trace: hi']);
});

test('errors are those of any evaluation', async () => {
  await assert.rejects(evaluate(request('{ }.a')), (error) => {
    assert.ok(error instanceof EvalError);
    assert.match(error.message, /attribute 'a' missing/);
    return true;
  });
});

for (const [what, wanted] of [
  ['files', request('import /x')],
  ['files named by an attribute that is computed', request('builtins.${"read" + "File"} "${"/"}x"')],
  [
    'many calls',
    request('let f = n: if n == 0 then 0 else f (n - 1) + f (n - 1); in builtins.trace "no" (f 20)'),
  ],
  ['deep recursion', request('let f = n: 1 + f n; in f 0')],
  ['long texts', request(`${' '.repeat(300)}1`)],
  ['derivations', request('{ }', { output: 'derivations' })],
  ['the store', request('1', { writeStore: true })],
] as const) {
  test(`what takes ${what} is left to the evaluator proper, and nothing is printed`, async () => {
    const printed: string[] = [];
    assert.equal(await evaluate(wanted, printed), undefined);
    assert.deepEqual(printed, []);
  });
}

test('signal handlers are back after a small evaluation', async () => {
  const handler = () => {};
  process.on('SIGTERM', handler);
  try {
    await evaluate(request('1'));
    assert.ok(process.listeners('SIGTERM').includes(handler));
  } finally {
    process.off('SIGTERM', handler);
  }
});
