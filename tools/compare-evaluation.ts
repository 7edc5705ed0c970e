/**
 * Compares Firn with C++ Nix on random expressions, lazily and strictly:
 * `FIRN_TEST_ORACLE=PLACE node tools/compare-evaluation.ts [COUNT] [SEED]`. Without a seed one is chosen and printed.
 * Exit status 1 when any answer differs.
 */
import { compareExpressions } from '../tests/support/compare-expressions.ts';
import { generateExpressions } from '../tests/support/generated-expressions.ts';
import { Oracle } from '../tests/support/oracle.ts';

const [count = 10_000, seed = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2).map(Number);
const [oracle] = Oracle.all();
if (oracle === undefined) {
  console.error('FIRN_TEST_ORACLE names no C++ Nix');
  process.exitCode = 2;
} else {
  console.log(`${count} expressions, seed ${seed}, C++ Nix ${oracle.version}`);
  let found = 0;
  for (let done = 0; done < count; done += 500) {
    const texts = generateExpressions(seed + done, Math.min(500, count - done));
    for (const { text, strict, firn, cpp } of compareExpressions(oracle, texts)) {
      found++;
      console.log(`\n${strict ? 'strict' : 'lazy'}: ${text}  Firn: ${firn}\n  C++:  ${cpp}`);
    }
  }
  console.log(`${found} differences`);
  if (found > 0) process.exitCode = 1;
}
