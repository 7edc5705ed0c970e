/**
 * `npm run test:vm`: builds the tests of `distribution/nixos/tests`, and those that `docs/transcripts` are, on virtual machines,
 * with Firn's own `nix-build`, one after the other, and prints a table of what passed, what failed, and the seconds that
 * each took.
 *
 * `npm run test:vm -- PATTERN...` runs only those whose name contains one of the patterns; `--list` names them; `--again`
 * runs also those that passed and of which nothing changed since. Downloads what the machines consist of, once. The store
 * is beside the toolbox of `npm test`; the logs are `.firn/vm-tests/NAME.log`, and `.firn/vm-tests/NAME` is what a test left.
 */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { copyStore } from '../tests/support/store-copy.ts';
import { prepareToolbox } from '../tests/support/toolbox.ts';
import { bundleIsStale, writeBundle } from './bundle.ts';
import { formatResults, type TestResult } from './vm-results.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tests = join(root, 'distribution/nixos/tests');
const transcripts = join(root, 'docs/transcripts');
const logs = join(root, '.firn/vm-tests');

interface Place {
  /** `<nixpkgs>`. */
  readonly tree: string;
  /** Root of the private store. */
  readonly store: string;
}

/** File names without their extension. */
function names(directory: string, extension: string): string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(extension))
    .map((file) => basename(file, extension));
}

function testNames(patterns: readonly string[]): string[] {
  return [
    ...names(tests, '.nix').filter((name) => !name.startsWith('make-test')),
    ...names(transcripts, '.md').map((name) => `transcript-${name}`),
  ]
    .filter((name) => patterns.length === 0 || patterns.some((pattern) => name.includes(pattern)))
    .sort();
}

/** Runs one of our commands with its output in `log`. Resolves with its exit status. */
function run(program: string, args: readonly string[], log: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(root, 'bin', program), [...args], { stdio: ['ignore', log, log] });
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
}

/** Takes away what a test left when it passed, so that it runs again. */
async function forget({ store }: Place, link: string, log: number): Promise<void> {
  if (!existsSync(link)) return;
  const output = readlinkSync(link).slice(store.length);
  await run('nix-store', ['--store', store, '--delete', '--ignore-liveness', output], log);
}

async function runTest(name: string, place: Place, again: boolean): Promise<TestResult> {
  const file = join(logs, `${name}.log`);
  const link = join(logs, name);
  const log = openSync(file, 'w');
  const started = performance.now();
  try {
    if (again) await forget(place, link, log);
    const args = ['--store', place.store, '-I', `nixpkgs=${place.tree}`, ...expression(name, place)];
    const status = await run('nix-build', [...args, '--out-link', link], log);
    const seconds = (performance.now() - started) / 1000;
    const text = readFileSync(file, 'utf8');
    if (status !== 0) return { name, outcome: 'failed', seconds, message: firstError(text) };
    const outcome = text.includes(`-vm-test-run-${name}.drv'...`) ? 'passed' : 'unchanged';
    return { name, outcome, seconds };
  } finally {
    closeSync(log);
  }
}

/** The arguments that name a test for `nix-build`. */
function expression(name: string, { tree }: Place): string[] {
  const document = /^transcript-(.*)$/.exec(name)?.[1];
  if (document === undefined) return [join(tree, 'nixos/tests', `${name}.nix`)];
  const file = join(transcripts, `${document}.md`);
  return [join(tree, 'nixos/lib/testing/transcript.nix'), '--arg', 'file', file];
}

/** What the driver or the command says went wrong, with the line that tells where. */
function firstError(text: string): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.startsWith('error: '));
  if (at < 0) return 'it ended without an error message';
  const where = lines[at + 1]?.startsWith('       ') ? `\n${lines[at + 1]}` : '';
  return lines[at] + where;
}

async function preparePlace(): Promise<Place> {
  if (bundleIsStale()) await writeBundle();
  const { machines } = await prepareToolbox({
    download: process.env['FIRN_OFFLINE'] !== '1',
    machines: true,
  });
  const store = join(dirname(machines!.root), 'vm-tests');
  if (!existsSync(store)) {
    const copy = copyStore(machines!.root);
    renameSync(join(copy, 'root'), store);
    rmdirSync(copy);
  }
  return { tree: machines!.tree, store };
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { list: { type: 'boolean' }, again: { type: 'boolean' } },
    allowPositionals: true,
  });
  const wanted = testNames(positionals);
  if (wanted.length === 0) {
    process.stderr.write(`error: no test's name contains '${positionals.join("' or '")}'\n`);
    process.stderr.write("       '--list' shows them all\n");
    return 1;
  }
  if (values.list) {
    process.stdout.write(`${wanted.join('\n')}\n`);
    return 0;
  }
  const place = await preparePlace();
  mkdirSync(logs, { recursive: true });
  const results: TestResult[] = [];
  for (const name of wanted) {
    process.stderr.write(`${name}... `);
    const result = await runTest(name, place, values.again === true);
    process.stderr.write(`${result.outcome}, ${result.seconds.toFixed(0)} s\n`);
    results.push(result);
  }
  process.stdout.write(formatResults(results));
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

process.exitCode = await main();
