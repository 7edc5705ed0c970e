/**
 * Records what C++ Nix prints for the golden cases of the language: `FIRN_TEST_ORACLE=PLACE node
 * tools/record-lang-golden.ts [FILTER]`. For each `tests/lang/eval-okay-*.nix` it runs
 * `nix-instantiate --eval --strict --read-write-mode FILE` and writes the value to `.exp`. Recorded with 2.26.3. A case
 * in which Firn follows a newer version keeps its own file; those are named below.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Oracle } from '../tests/support/oracle.ts';

const directory = fileURLToPath(new URL('../tests/lang', import.meta.url));
/** Cases whose result is that of a newer version, or needs another call depth. */
const notRecorded = new Set(['eval-okay-laziness']);

const [filter = ''] = process.argv.slice(2);
const [oracle] = Oracle.all();
if (oracle === undefined) {
  console.error('FIRN_TEST_ORACLE names no C++ Nix');
  process.exitCode = 2;
} else {
  const root = mkdtempSync(join(tmpdir(), 'firn-golden-'));
  const cases = readdirSync(directory).filter(
    (name) => /^eval-okay-.*\.nix$/.test(name) && name.includes(filter),
  );
  for (const name of cases) {
    const base = name.slice(0, -'.nix'.length);
    if (notRecorded.has(base)) continue;
    const args = ['--eval', '--strict', '--read-write-mode', join(directory, name)];
    const { status, stdout, stderr } = oracle.tryRun(root, 'nix-instantiate', args);
    if (status !== 0) {
      console.error(`${name}: ${stderr.toString()}`);
      process.exitCode = 1;
      continue;
    }
    const text = stdout.toString('latin1').replaceAll(directory, '/tests');
    writeFileSync(join(directory, `${base}.exp`), text, 'latin1');
    console.log(`${base}: recorded from ${oracle.version}`);
  }
  rmSync(root, { recursive: true, force: true });
}
