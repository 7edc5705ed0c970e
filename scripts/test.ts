/**
 * `npm test`. Three phases:
 *
 * 1. *set-up*, which may download: the bundle, the toolbox (bubblewrap, a static shell and C++ Nix as the oracle, all
 *    from Debian's verified archive) and the .debs that the machines under test consist of;
 * 2. *static checks*: types, format, lint, part boundaries;
 * 3. *tests*, inside a network namespace of their own where only loopback exists, with a scratch HOME; at the very end a
 *    summary: what passed, failed, was skipped or not run, and why.
 *
 * A file whose tests need a mirror says so in `tests/support/needs-mirror.ts`. Without a mirror those are reported as not run
 * and the exit status is 1, unless `FIRN_OFFLINE=1` says that this is wanted.
 *
 * `npm test -- PATTERN...` runs only the test files whose path contains one of the patterns.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needsMachines, needsMirror } from '../tests/support/needs-mirror.ts';
import { prepareToolbox, type Toolbox } from '../tests/support/toolbox.ts';
import { bundleIsStale, writeBundle } from './bundle.ts';
import { type FilesNotRun, formatSummary, parseRecords } from './test-summary.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function testFiles(patterns: readonly string[]): string[] {
  const files: string[] = [];
  for (const folder of ['src', 'scripts', 'tests', 'bench', 'tools']) {
    if (!existsSync(join(root, folder))) continue;
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && entry.name.endsWith('.test.ts'))
        files.push(relative(root, join(entry.parentPath, entry.name)));
    }
  }
  const wanted =
    patterns.length === 0
      ? files
      : files.filter((file) => patterns.some((pattern) => file.includes(pattern)));
  return wanted.sort();
}

/** The command that gives a process its own network with only loopback; a reason where that cannot be had. */
function isolation(toolbox: Toolbox | undefined): readonly string[] | { readonly missing: string } {
  if (!toolbox) return { missing: 'there is no bubblewrap' };
  const command = [
    ...toolbox.bubblewrap,
    '--dev-bind',
    '/',
    '/',
    '--unshare-net',
    ...(process.getuid?.() === 0 ? ['--cap-add', 'ALL'] : []),
    '--die-with-parent',
    '--',
  ];
  const [program, ...args] = command;
  const probe = spawnSync(program, [...args, process.execPath, '-e', ''], { encoding: 'utf8' });
  return probe.status === 0 ? command : { missing: probe.stderr.trim() || String(probe.error) };
}

/** Runs test files, then writes the summary. Returns the exit status. */
function runTests(
  files: readonly string[],
  toolbox: Toolbox | undefined,
  notRun: readonly FilesNotRun[],
): number {
  const isolated = isolation(toolbox);
  const scratch = mkdtempSync(join(tmpdir(), 'firn-test-home-'));
  const records = join(scratch, 'records');
  const [command, ...args] = [
    ...('missing' in isolated ? [] : isolated),
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    '--test',
    `--test-concurrency=${availableParallelism()}`,
    '--test-timeout=1200000',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${join(root, 'scripts/test-reporter.ts')}`,
    `--test-reporter-destination=${records}`,
    ...files,
  ];
  const started = performance.now();
  try {
    const env = {
      ...process.env,
      ...(toolbox?.environment ?? {}),
      HOME: scratch,
      XDG_DATA_HOME: '',
      XDG_CACHE_HOME: '',
      XDG_CONFIG_HOME: '',
    };
    const result =
      files.length === 0 ? { status: 0 } : spawnSync(command, args, { cwd: root, stdio: 'inherit', env });
    const summary = formatSummary({
      records: existsSync(records) ? parseRecords(readFileSync(records, 'utf8')) : [],
      notRun,
      seconds: (performance.now() - started) / 1000,
      notes: 'missing' in isolated ? [`tests ran in the network of this machine: ${isolated.missing}`] : [],
    });
    process.stdout.write(summary);
    return result.status ?? 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const patterns = process.argv.slice(2);
  if (bundleIsStale()) await writeBundle();
  const offline = process.env.FIRN_OFFLINE === '1';
  const files = testFiles(patterns);
  let toolbox: Toolbox | undefined;
  let reason = 'FIRN_OFFLINE=1';
  try {
    toolbox = await prepareToolbox({ download: !offline, machines: files.some(needsMachines) });
  } catch (error) {
    reason = offline ? reason : (error as Error).message;
  }
  if (patterns.length === 0) {
    const checks = spawnSync(process.execPath, [join(root, 'scripts/check.ts')], { stdio: 'inherit' });
    if (checks.status !== 0) return 1;
  }
  if (files.length === 0) {
    process.stderr.write(
      `error: no test file has ${patterns.map((each) => `'${each}'`).join(' or ')} in its path\n`,
    );
    return 1;
  }
  const runnable = toolbox ? files : files.filter((file) => !needsMirror(file));
  const left = files.filter((file) => !runnable.includes(file));
  const notRun =
    left.length === 0 ? [] : [{ reason: `the Debian mirror could not be used (${reason})`, files: left }];
  const status = runTests(runnable, toolbox, notRun);
  return left.length === 0 || offline ? status : 1;
}

process.exitCode = await main();
