import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { NetworkSwitch } from './switch.ts';

/** A frame with its length before it. */
function frame(to: string, from: string, payload: string): Buffer {
  const body = Buffer.concat([Buffer.from(to, 'hex'), Buffer.from(from, 'hex'), Buffer.from(payload)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

const everybody = 'ffffffffffff';
const addresses = ['525400120101', '525400120102', '525400120103'];

class Cable {
  received = Buffer.alloc(0);
  readonly socket: Socket;
  constructor(path: string) {
    this.socket = connect(path).on('data', (data) => {
      this.received = Buffer.concat([this.received, data]);
    });
  }
  async has(bytes: Buffer): Promise<void> {
    for (let i = 0; i < 200 && !this.received.equals(bytes); i++)
      await new Promise((done) => setTimeout(done, 10));
    assert.deepEqual(this.received, bytes);
    this.received = Buffer.alloc(0);
  }
}

/** The switch's side of connections is made after the machines'. */
async function connected(network: NetworkSwitch, count: number): Promise<void> {
  while (network.ports < count) await new Promise((done) => setTimeout(done, 5));
}

test('frames go to everybody until their destination was seen, then there alone', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'switch-'));
  using network = new NetworkSwitch(join(directory, 'vlan1'));
  const cables = [1, 2, 3].map(() => new Cable(network.path));
  try {
    await connected(network, 3);
    const call = frame(everybody, addresses[0], 'who is there?');
    cables[0].socket.write(call);
    await cables[1].has(call);
    await cables[2].has(call);
    const answer = frame(addresses[0], addresses[1], 'I am');
    cables[1].socket.write(answer);
    await cables[0].has(answer);
    const more = frame(addresses[1], addresses[0], 'good');
    // Split anywhere, and with the next one in the same piece.
    cables[0].socket.write(more.subarray(0, 7));
    await new Promise((done) => setTimeout(done, 20));
    cables[0].socket.write(Buffer.concat([more.subarray(7), more]));
    await cables[1].has(Buffer.concat([more, more]));
    await cables[2].has(Buffer.alloc(0));
    assert.equal(network.frames, 4);
  } finally {
    for (const { socket } of cables) socket.destroy();
    rmSync(directory, { recursive: true });
  }
});

test('a cable out of step is cut, the others stay', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'switch-'));
  using network = new NetworkSwitch(join(directory, 'vlan1'));
  const [broken, whole, other] = [1, 2, 3].map(() => new Cable(network.path));
  try {
    await connected(network, 3);
    const closed = new Promise((done) => broken.socket.once('close', done));
    broken.socket.write(Buffer.from('ffffffff00', 'hex'));
    await closed;
    const call = frame(everybody, addresses[0], 'hello');
    whole.socket.write(call);
    await other.has(call);
  } finally {
    for (const { socket } of [broken, whole, other]) socket.destroy();
    rmSync(directory, { recursive: true });
  }
});
