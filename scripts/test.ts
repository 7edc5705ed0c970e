/**
 * `npm test`. Three phases:
 *
 * 1. *set-up*, which may download: the bundle, the toolbox (bubblewrap, a static shell and C++ Nix as the oracle, all
 *    from Debian's verified archive) and the .debs that the machines under test consist of;
 * 2. *static checks*: types, format, lint, part boundaries;
 * 3. *tests*, inside a network namespace of their own where only loopback exists, with a scratch HOME.
 *
 * A file whose tests need a mirror says so in `tests/needs-mirror.ts`. Without a mirror those are reported as not run
 * and the exit status is 1, unless `FIRN_OFFLINE=1` says that this is wanted.
 *
 * `npm test -- PATTERN...` runs only the test files whose path contains one of the patterns.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needsHostNamespace, needsMirror } from '../tests/support/needs-mirror.ts';
import { prepareToolbox, type Toolbox } from '../tests/support/toolbox.ts';
import { bundleIsStale, writeBundle } from './bundle.ts';

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

/** The command that gives a process its own network with only loopback; empty where no tool can. */
function isolate(toolbox: Toolbox | undefined): string[] {
  if (!toolbox) return [];
  const root = process.getuid?.() === 0;
  return [
    ...toolbox.bubblewrap,
    '--dev-bind',
    '/',
    '/',
    '--unshare-net',
    ...(root ? ['--cap-add', 'ALL'] : []),
    '--die-with-parent',
    '--',
  ];
}

function runTests(files: readonly string[], toolbox: Toolbox | undefined, inHost = false): number {
  const home = mkdtempSync(join(tmpdir(), 'firn-test-home-'));
  const [command, ...args] = [
    ...(inHost ? [] : isolate(toolbox)),
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    '--test',
    `--test-concurrency=${availableParallelism()}`,
    '--test-timeout=1200000',
    ...files,
  ];
  try {
    const env = {
      ...process.env,
      ...(toolbox?.environment ?? {}),
      HOME: home,
      XDG_DATA_HOME: '',
      XDG_CACHE_HOME: '',
      XDG_CONFIG_HOME: '',
    };
    const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', env });
    return result.status ?? 1;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const patterns = process.argv.slice(2);
  if (bundleIsStale()) await writeBundle();
  const offline = process.env.FIRN_OFFLINE === '1';
  let toolbox: Toolbox | undefined;
  let reason = 'FIRN_OFFLINE=1';
  try {
    toolbox = await prepareToolbox({ download: !offline });
  } catch (error) {
    reason = (error as Error).message;
  }
  if (patterns.length === 0) {
    const checks = spawnSync(process.execPath, [join(root, 'scripts/check.ts')], { stdio: 'inherit' });
    if (checks.status !== 0) return 1;
  }
  const all = testFiles(patterns);
  const files = patterns.length > 0 ? all : all.filter((file) => !needsHostNamespace(file));
  const apart = all.filter((file) => !files.includes(file));
  if (apart.length > 0) {
    process.stdout.write(
      `not run here: they need the host's namespaces; name them to run them:\n${apart.map((file) => `  ${file}\n`).join('')}`,
    );
  }
  const runnable = toolbox ? files : files.filter((file) => !needsMirror(file));
  const left = files.filter((file) => !runnable.includes(file));
  const status = runTests(runnable, toolbox, runnable.some(needsHostNamespace));
  if (left.length === 0) return status;
  process.stdout.write(
    `\nnot run, because the Debian mirror could not be used (${reason}):\n${left.map((file) => `  ${file}\n`).join('')}`,
  );
  return offline ? status : 1;
}

process.exitCode = await main();
