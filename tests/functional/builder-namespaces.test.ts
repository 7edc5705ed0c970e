/** The real commands on a machine that allows no user namespaces: an error that says how to allow them, or no sandbox. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type SandboxTools, sandboxToolsIn, toolCommand } from '../../src/builder/index.ts';
import { ScratchBuilder } from '../support/scratch-builder.ts';
import { repository, ScratchCommands } from '../support/scratch-commands.ts';

const tools = process.env['FIRN_TEST_BWRAP'];
const expression = `derivation {
  name = "made"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo $NIX_STORE > $out" ];
}`;

const noSandbox = ['--option', 'sandbox', 'false'];
/** A program that serves one text, and says at which port. */
const fileServer = `
  const server = require('node:http').createServer((_, response) => response.end('served'));
  server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));
`;

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
    const args = ['-E', expression, ...noSandbox];
    const { status, stdout, stderr } = withoutNamespaces(scene, env, 'nix-build', args);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /^warning: building '.*-made\.drv' without a sandbox/m);
    assert.equal(readFileSync(stdout.trim(), 'utf8'), `${place('store')}\n`);
    scene.succeed('nix-store', ['--verify', '--check-contents'], { env });
  });

  test('downloads and builtin builders do without as well, when that is asked for', async () => {
    await using scene = new ScratchCommands();
    scene.extraEnvironment['FIRN_SANDBOX_TOOLS'] = tools;
    const place = (name: string) => join(scene.directory, 'own', name);
    const env = {
      NIX_REMOTE: 'local',
      NIX_STORE_DIR: place('store'),
      NIX_STATE_DIR: place('state'),
      NIX_LOG_DIR: place('log'),
    };
    // A server of its own: this process waits while commands run.
    const server = spawn(process.execPath, ['-e', fileServer], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [port] = await once(server.stdout, 'data');
      const file = join(scene.work, 'download.nix');
      writeFileSync(
        file,
        `let
          file = derivation {
            name = "file"; system = "builtin"; builder = "builtin:fetchurl"; url = "http://127.0.0.1:${port}/";
            outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = builtins.hashString "sha256" "served";
          };
          package = derivation {
            name = "package"; system = builtins.currentSystem; builder = "/bin/sh";
            args = [ "-c" "PATH=/bin:/usr/bin; mkdir $out; cp \${file} $out/file" ];
          };
        in derivation {
          name = "environment"; system = "builtin"; builder = "builtin:buildenv";
          derivations = [ "true" 5 1 package ]; manifest = builtins.toFile "manifest" "[ ]";
        }`,
      );
      const refused = withoutNamespaces(scene, env, 'nix-build', [file]);
      assert.equal(refused.status, 1, refused.stderr);
      assert.match(refused.stderr, /does not let builds have the namespaces .*\n +allow them: run as root/);
      const { status, stdout, stderr } = withoutNamespaces(scene, env, 'nix-build', [file, ...noSandbox]);
      assert.equal(status, 0, stderr);
      assert.match(stderr, /^warning: downloading without a sandbox/m);
      assert.equal(readFileSync(join(stdout.trim(), 'file'), 'utf8'), 'served');
    } finally {
      server.kill();
    }
  });

  test('downloads without a sandbox run as the build user', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'firn-open-'));
    chmodSync(directory, 0o755);
    const server = http.createServer((_, response) => response.end('served'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await using scratch = await ScratchBuilder.openOwnPlace(directory);
    try {
      const { drvPath, outputs } = await scratch.add({
        name: 'file',
        builder: 'builtin:fetchurl',
        env: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` },
        fixed: { algorithm: 'sha256', hash: createHash('sha256').update('served').digest('hex') },
      });
      const result = await scratch.build(drvPath, { sandbox: 'off' }, undefined, brokenTools(directory));
      assert.equal(result.error, undefined);
      assert.equal(readFileSync(scratch.real(outputs.out), 'utf8'), 'served');
      assert.ok(scratch.logger.messages.some(({ message }) => /downloading without a sandbox/.test(message)));
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});

/** Tools whose bubblewrap fails as the real one does where namespaces are forbidden. */
function brokenTools(directory: string): SandboxTools {
  const bin = join(directory, 'tools/bin');
  mkdirSync(bin, { recursive: true });
  cpSync(toolCommand(sandboxToolsIn(tools!), 'busybox')[0], join(bin, 'busybox'));
  const script = '#!/bin/sh\necho "bwrap: No permissions to create a new namespace" >&2\nexit 1\n';
  for (const name of ['bwrap', 'setpriv']) writeFileSync(join(bin, name), script, { mode: 0o755 });
  return sandboxToolsIn(join(directory, 'tools'));
}
