/** The evaluator's Worker: one `EvalSession` on `NodeEvalIo`, serving the main thread's requests one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { RequestAnswerer } from './answer-request.ts';
import { transferError } from './error-transfer.ts';
import { InputRecorder } from './evaluation-inputs.ts';
import type { EvaluatorWorkerData, WorkerReply, WorkerRequest } from './evaluator-protocol.ts';
import { collectWhenIdle } from './idle-collection.ts';
import { NodeEvalIo } from './node-eval-io.ts';
import { openParseCache } from './open-parse-cache.ts';
import { PathResolver } from './path-resolver.ts';
import { SyncCaller } from './sync-channel.ts';

const data = workerData as EvaluatorWorkerData;
const keepCode = data.keepCode === true;
const caller = new SyncCaller(data.port, data.signal);
let recorder = newRecorder();
const answerer = new RequestAnswerer(newIo(data.env), data, openParseCache(data), keepCode);
answerer.session.setInterrupt(data.signal.subarray(1));

function newRecorder(): InputRecorder | undefined {
  return data.recordInputs ? new InputRecorder() : undefined;
}

function newIo(env: EvaluatorWorkerData['env']): NodeEvalIo {
  return new NodeEvalIo({
    storeDir: data.storeDir,
    resolver: new PathResolver(data.storeDir, data.realStoreDir),
    caller,
    env,
    writeStore: true,
    recorder,
  });
}

parentPort!.on('message', ({ id, request }: { id: number; request: WorkerRequest }) => {
  let reply: WorkerReply;
  try {
    const value = answer(request);
    reply = { value, learned: recorder?.take() };
  } catch (error) {
    reply = { error: transferError(error), learned: recorder?.take() };
  }
  // Behind everything that was posted: the main thread handles messages of both ports in turn, and this call is
  // answered only after the posts before it have been received.
  caller.call('flush');
  parentPort!.postMessage({ id, reply });
  if (keepCode) collectWhenIdle();
});

function answer(request: WorkerRequest): unknown {
  if (request.kind === 'findFile') return answerer.lookUp(request.name);
  if (keepCode) {
    recorder = newRecorder();
    answerer.renew(newIo(request.env ?? data.env));
  }
  return answerer.evaluate(request.request);
}
