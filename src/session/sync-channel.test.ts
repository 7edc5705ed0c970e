import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel, Worker } from 'node:worker_threads';
import { BuildError } from '../diagnostics/index.ts';
import { errorToRecord, makeSignal, recordToError, SyncResponder } from './sync-channel.ts';

/** Runs `body` (source text using `caller`) in a Worker against `handlers`; resolves with what it posts back. */
function inWorker(
  body: string,
  handlers: Record<string, (...args: never[]) => unknown>,
): Promise<{ result: unknown; responder: SyncResponder }> {
  const channel = new MessageChannel();
  const signal = makeSignal();
  const responder = new SyncResponder(channel.port1, signal, handlers);
  const source = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { SyncCaller } = await import(workerData.module);
    const caller = new SyncCaller(workerData.port, workerData.signal);
    parentPort.postMessage(await (async () => { ${body} })());
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
    workerData: { port: channel.port2, signal, module: new URL('./sync-channel.ts', import.meta.url).href },
    transferList: [channel.port2],
  });
  return new Promise((resolve, reject) => {
    worker.once('message', (result: unknown) => {
      channel.port1.close();
      void worker.terminate();
      resolve({ result, responder });
    });
    worker.once('error', reject);
  });
}

test('a call blocks the worker until the asynchronous handler answered', async () => {
  const { result } = await inWorker(`return [caller.call('double', 21), caller.call('double', 4)];`, {
    double: async (n: number) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return n * 2;
    },
  });
  assert.deepEqual(result, [42, 8]);
});

test('errors keep their class, code, hint and exit status across the boundary', async () => {
  const { result } = await inWorker(
    `try { caller.call('fail'); } catch (e) { return [e.name, e.code, e.message, e.hint, e.exitStatus]; }`,
    {
      fail: () => {
        throw new BuildError('it broke', { code: 'build-failed', hint: 'look at the log', exitStatus: 100 });
      },
    },
  );
  assert.deepEqual(result, ['BuildError', 'build-failed', 'it broke', 'look at the log', 100]);
});

test('posts are handled in order before a later call, and their failure is kept for the barrier', async () => {
  const seen: number[] = [];
  const { result, responder } = await inWorker(
    `for (let i = 0; i < 100; i++) caller.post('note', i); caller.post('boom'); return caller.call('count');`,
    {
      note: (n: number) => {
        seen.push(n);
      },
      boom: () => {
        throw new Error('post failed');
      },
      count: () => seen.length,
    },
  );
  assert.equal(result, 100);
  assert.throws(() => responder.throwIfFailed(), /post failed/);
});

test('an internal error is told apart from an error for users', () => {
  const record = errorToRecord(new TypeError('x is undefined'));
  assert.equal(record.type, 'Error');
  assert.equal(recordToError(record).name, 'Error');
});
