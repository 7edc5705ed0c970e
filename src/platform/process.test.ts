import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Interrupted, NixError } from '../diagnostics/index.ts';
import { describeExitStatus, runProcess, startProcess, succeeded } from './process.ts';

const node = (script: string) => ({ program: process.execPath, args: ['-e', script] });

test('runProcess collects outputs as bytes and the exit status', async () => {
  const result = await runProcess({
    ...node('process.stdin.pipe(process.stdout); process.exitCode = 3'),
    input: 'a\xff',
  });
  assert.equal(result.stdout, 'a\xff');
  assert.deepEqual(result.status, { kind: 'exited', code: 3 });
  assert.equal(describeExitStatus(result.status), 'failed with exit code 3');
  assert.equal(succeeded(result.status), false);
});

test('a missing program is a NixError that names it', async () => {
  await assert.rejects(runProcess({ program: '/no/such/program' }), (error: unknown) => {
    assert.ok(error instanceof NixError);
    assert.match(error.message, /cannot start the program '\/no\/such\/program': ENOENT/);
    return true;
  });
});

test('a time-out kills the whole group', async () => {
  const script = `require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'inherit' });
    setTimeout(() => {}, 60000)`;
  const before = Date.now();
  const result = await runProcess({ ...node(script), timeoutSeconds: 0.5 });
  assert.equal(result.timedOut, true);
  assert.equal(describeExitStatus(result.status), 'failed due to signal 9 (Killed)');
  // The grandchild holds the output pipe: waiting for its end shows that it is gone too.
  assert.ok(Date.now() - before < 20_000);
});

test('aborting interrupts', async () => {
  const controller = new AbortController();
  const running = runProcess({ ...node('setTimeout(() => {}, 60000)'), signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(running, Interrupted);
});

test('disposing kills and waits', async () => {
  let child: ReturnType<typeof startProcess>;
  {
    await using scoped = startProcess(node('setTimeout(() => {}, 60000)'));
    child = scoped;
  }
  assert.deepEqual(await child.exited, { kind: 'signalled', signal: 'SIGKILL' });
});
