/** Builds whose parent is killed, and machines without user namespaces. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sandboxToolsIn, toolCommand } from '../../src/builder/index.ts';
import { deleteTree, runProcess, startProcess } from '../../src/platform/index.ts';
import { ScratchBuilder, toolsDirectory } from '../support/scratch-builder.ts';

const support = import.meta.resolve('../support/scratch-builder.ts');
const node = (script: string, args: readonly string[]) => ({
  program: process.execPath,
  args: ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script, ...args],
});

/** A program that builds, in the store below its first argument, a script that tells its start in the log. */
const buildForever = `
  import { ScratchBuilder } from ${JSON.stringify(support)};
  const scratch = await ScratchBuilder.open(process.argv[1]);
  const { drvPath } = await scratch.add({ name: 'killed', script: 'echo partial > $out; echo started; sleep 3; echo > $out' });
  const timer = setInterval(() => {
    if (scratch.logger.results.some((each) => each.fields[0] === 'started')) { console.log('started'); clearInterval(timer); }
  }, 5);
  await scratch.build(drvPath);
  console.log('built');
  process.exit(0);
`;

/** Processes whose command line holds a text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(text);
    } catch {
      return false;
    }
  });
}

describe('crashes', { skip: toolsDirectory === undefined ? 'FIRN_TEST_BWRAP is not set' : false }, () => {
  test('kill -9 in the middle of a build: nothing runs on, nothing is valid, the next run builds', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'firn-killed-'));
    for (let round = 0; round < 5; round++) {
      await using child = startProcess({ ...node(buildForever, [directory]), stderr: 'inherit' });
      await new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
      await sleep(Math.random() * 50);
      process.kill(child.pid, 'SIGKILL');
      await child.exited;
      for (let i = 0; i < 100 && processesWith(directory).length > 0; i++) await sleep(10);
      assert.deepEqual(processesWith(directory), []);
    }
    const scratch = await ScratchBuilder.open(directory);
    const { drvPath, outputs } = await scratch.add({
      name: 'killed',
      script: 'echo partial > $out; echo started; sleep 3; echo > $out',
    });
    assert.equal(existsSync(scratch.real(outputs.out)), false);
    const result = await scratch.build(drvPath);
    assert.equal(result.status, 'built');
    const left = readdirSync(scratch.store.realStoreDir).filter((name) => /chroot/.test(name));
    assert.deepEqual(left, []);
    await scratch[Symbol.asyncDispose]();
  });

  test('without user namespaces the error says how to allow them', async () => {
    const script = `
      import { ScratchBuilder } from ${JSON.stringify(support)};
      const scratch = await ScratchBuilder.create();
      const { drvPath } = await scratch.add({ name: 'nothing', script: 'echo > $out' });
      const result = await scratch.build(drvPath);
      console.log(result.error?.message + '\\n' + result.error?.hint);
      await scratch[Symbol.asyncDispose]();
    `;
    // In a user namespace of our own, the limit on further ones can be set to none.
    const shell = `echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"`;
    const command = node(script, []);
    const [program, ...args] = toolCommand(sandboxToolsIn(toolsDirectory!), 'busybox');
    const result = await runProcess({
      program,
      args: [...args, 'unshare', '-U', '-r', 'sh', '-c', shell, 'sh', command.program, ...command.args],
      stderr: 'inherit',
    });
    assert.match(
      result.stdout,
      /this system does not let builds have the namespaces that the sandbox needs: /,
    );
    assert.match(result.stdout, /allow them: run as root: sysctl user.max_user_namespaces=\d+\n/);
  });

  test('a directory that others may replace is refused', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'firn-open-'));
    const open = join(directory, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    const scratch = await ScratchBuilder.open(join(open, 'store'));
    const { drvPath } = await scratch.add({ name: 'refused', script: 'echo > $out' });
    const result = await scratch.build(drvPath);
    assert.match(
      result.error!.message,
      /path '.*\/open' is world-writable; builds below it would not be safe/,
    );
    await scratch[Symbol.asyncDispose]();
    await deleteTree(directory);
  });
});
