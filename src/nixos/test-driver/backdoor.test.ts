import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Backdoor } from './backdoor.ts';
import { TestError, TestTimeout } from './errors.ts';

let directory: string;
let backdoor: Backdoor;
let guest: Socket;
let heard: Buffer;

/** What the guest has been told, once it is `bytes` long. */
async function told(bytes: number): Promise<Buffer> {
  for (let i = 0; i < 200 && heard.length < bytes; i++) await new Promise((done) => setTimeout(done, 10));
  const result = heard.subarray(0, bytes);
  heard = heard.subarray(bytes);
  return result;
}

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'backdoor-'));
  backdoor = new Backdoor(join(directory, 'shell'), 'web');
  heard = Buffer.alloc(0);
  guest = connect(join(directory, 'shell')).on('data', (data) => {
    heard = Buffer.concat([heard, data]);
  });
  await new Promise((done) => guest.once('connect', done));
});

afterEach(() => {
  guest.destroy();
  backdoor[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

test('commands and their outputs are bytes, one command after the other', async () => {
  guest.write('noise of a boot\nready 1234\n');
  await backdoor.waitReady(5);
  const first = backdoor.run({ command: 'printf é', input: Buffer.from([0, 10, 255]), timeoutSeconds: 9 });
  const second = backdoor.run({ command: 'false' });
  assert.equal((await told(23)).toString('latin1'), 'run 1 9 9 3\nprintf \xc3\xa9\0\n');
  assert.equal((await told(1))[0], 255);
  const output = Buffer.from('done 1 0 9\nready\0\xff\n', 'latin1');
  guest.write(output.subarray(0, 13));
  guest.write(Buffer.concat([output.subarray(13), Buffer.from('z')]));
  assert.deepEqual(await first, { status: 0, output: Buffer.from('ready\0\xff\nz', 'latin1') });
  assert.equal((await told(17)).toString(), 'run 2 0 5 0\nfalse');
  guest.write('done 2 1 0\n');
  assert.deepEqual(await second, { status: 1, output: Buffer.alloc(0) });
});

test('a machine that ends fails what waits for it', async () => {
  guest.write('ready 1\n');
  await backdoor.waitReady(5);
  const running = backdoor.run({ command: 'sleep 100' });
  await told(1);
  backdoor.disconnect('its QEMU ended');
  await assert.rejects(
    running,
    (error: TestError) => error.message === "machine 'web' stopped: its QEMU ended",
  );
  await assert.rejects(backdoor.run({ command: 'true' }), TestError);
  assert.equal(backdoor.ready, false);
});

test('a shell that starts anew fails what the former one was asked', async () => {
  guest.write('ready 1\n');
  await backdoor.waitReady(5);
  const running = backdoor.run({ command: 'reboot' });
  await told(1);
  guest.write('ready 2\n');
  await assert.rejects(running, TestError);
  assert.equal(backdoor.ready, true);
});

test('a shell that does not come is a time-out', async () => {
  await assert.rejects(backdoor.waitReady(0.05), TestTimeout);
});
