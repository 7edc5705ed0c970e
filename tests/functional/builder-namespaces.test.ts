/** The real commands on a machine that allows no user namespaces: an error that says how to allow them, or no sandbox. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { sandboxToolsIn, toolCommand } from '../../src/builder/index.ts';
import { repository, ScratchCommands } from '../support/scratch-commands.ts';

const tools = process.env['FIRN_TEST_BWRAP'];
const expression = `derivation {
  name = "made"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo $NIX_STORE > $out" ];
}`;

/** Runs a command where no further user namespaces may be made: in one of our own, the limit can be set to none. */
function withoutNamespaces(scene: ScratchCommands, env: NodeJS.ProcessEnv, program: string, args: string[]) {
  const command = [join(repository, 'bin', program), ...args];
  const limit = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
  const [first, ...rest] = [
    ...toolCommand(sandboxToolsIn(tools!), 'busybox'),
    ...['unshare', '-U', '-r', 'sh', '-c', limit, 'sh', ...command],
  ];
  return spawnSync(first, rest, { env: { ...scene.environment, ...env }, cwd: scene.work, encoding: 'utf8' });
}

describe('no user namespaces', { skip: tools ? false : 'FIRN_TEST_BWRAP is not set' }, () => {
  test('an error that says how to allow them, and nothing is registered', async () => {
    await using scene = new ScratchCommands();
    scene.extraEnvironment['FIRN_SANDBOX_TOOLS'] = tools;
    const { status, stderr } = withoutNamespaces(scene, {}, 'nix-build', ['-E', expression]);
    assert.equal(status, 1, stderr);
    assert.match(
      stderr,
      /^error: this system does not let builds have the namespaces that the sandbox needs: .*\n +allow them: run as root: sysctl user\.max_user_namespaces=\d+/m,
    );
    assert.doesNotMatch(stderr, /sandbox false/, 'a private store cannot do without');
    const made = scene.succeed('nix-build', ['-E', expression]).trim();
    assert.equal(readFileSync(scene.real(made), 'utf8'), '/nix/store\n');
  });

  test('a store at its own place can be built in without a sandbox, with a warning', async () => {
    await using scene = new ScratchCommands();
    scene.extraEnvironment['FIRN_SANDBOX_TOOLS'] = tools;
    const place = (name: string) => join(scene.directory, 'own', name);
    const env = {
      NIX_REMOTE: 'local',
      NIX_STORE_DIR: place('store'),
      NIX_STATE_DIR: place('state'),
      NIX_LOG_DIR: place('log'),
    };
    const refused = withoutNamespaces(scene, env, 'nix-build', ['-E', expression]);
    assert.equal(refused.status, 1, refused.stderr);
    assert.match(refused.stderr, /or build without isolation with '--option sandbox false'/);
    const args = ['-E', expression, '--option', 'sandbox', 'false'];
    const { status, stdout, stderr } = withoutNamespaces(scene, env, 'nix-build', args);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^warning: building '.*-made\.drv' without a sandbox/m);
    assert.equal(readFileSync(stdout.trim(), 'utf8'), `${place('store')}\n`);
    scene.succeed('nix-store', ['--verify', '--check-contents'], { env });
  });
});
