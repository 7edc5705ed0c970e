/** Random expressions give the same with Firn and with C++ Nix, lazily and strictly. `tools/compare-evaluation.ts` does more of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareExpressions } from '../support/compare-expressions.ts';
import { generateExpressions } from '../support/generated-expressions.ts';
import { Oracle } from '../support/oracle.ts';

const count = 300;

for (const oracle of Oracle.all().filter(({ version }) => version.startsWith('2.26'))) {
  test(`${count} expressions as C++ Nix ${oracle.version}`, (context) => {
    const seed = Number(process.env['FIRN_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    context.diagnostic(`seed ${seed}`);
    assert.deepEqual(compareExpressions(oracle, generateExpressions(seed, count)), [], `seed ${seed}`);
  });
}
