// Set-up that needs nothing but Node 20 and npm: installs the locked packages when they are missing or stale and
// finds the pinned Node. Used by every script that `package.json` names, so it imports only `node:` modules.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const platformPackage = `node-${process.platform}-${process.arch}`;

/** Path of the Node that the lock file pins. */
export const pinnedNode = join(root, 'node_modules', platformPackage, 'bin', 'node');

/** Installs `node_modules` when the lock file changed since the last installation or the pinned Node is missing. */
export function ensureToolchain() {
  const stamp = join(root, 'node_modules', '.firn-lock-sha256');
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && existsSync(pinnedNode) && readFileSync(stamp, 'utf8') === wanted) return;
  process.stderr.write('installing the locked npm packages (once)...\n');
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.error || result.status !== 0) {
    fail(
      `npm ci failed${result.error ? `: ${result.error.message}` : ` with exit status ${result.status}`}`,
      'see its messages above; the package registry must be reachable once',
    );
  }
  if (!existsSync(pinnedNode)) {
    fail(
      `the package '${platformPackage}' did not install`,
      'Firn supports x64 and arm64 Linux; npm must not omit optional dependencies',
    );
  }
  writeFileSync(stamp, wanted);
}

/** Runs the pinned Node with `args`, inheriting the terminal; returns its exit status. */
export function runPinned(args, env = process.env) {
  const result = spawnSync(pinnedNode, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: 'inherit',
    env,
  });
  if (result.error) fail(`cannot start the pinned Node: ${result.error.message}`, 'run npm ci');
  if (result.signal) return 128 + (constants.signals[result.signal] ?? 0);
  return result.status ?? 1;
}

function fail(message, hint) {
  process.stderr.write(`error: ${message}\n       ${hint}\n`);
  process.exit(1);
}
