/** The evaluator's Worker: one `EvalSession` on `NodeEvalIo`, serving the main thread's requests one after the other. */
import { homedir } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { encodeBytes, UsageError } from '../diagnostics/index.ts';
import { AttrSet, EvalSession, type EvalSettings, type Lazy, PrimOp } from '../eval/index.ts';
import { transferError } from './error-transfer.ts';
import type { AutoArgument, EvaluationAnswer, EvaluationRequest, ExpressionSource } from './evaluation.ts';
import type { EvaluatorWorkerData, WorkerReply, WorkerRequest } from './evaluator-protocol.ts';
import { findDerivations, stringText } from './find-derivations.ts';
import { NodeEvalIo } from './node-eval-io.ts';
import { PathResolver } from './path-resolver.ts';
import { SyncCaller } from './sync-channel.ts';

const data = workerData as EvaluatorWorkerData;
const caller = new SyncCaller(data.port, data.signal);
const io = new NodeEvalIo({
  storeDir: data.storeDir,
  resolver: new PathResolver(data.storeDir, data.realStoreDir),
  caller,
  env: data.env,
  writeStore: true,
});
const session = EvalSession.create(io, evalSettings());
session.setInterrupt(data.signal.subarray(1));

parentPort!.on('message', ({ id, request }: { id: number; request: WorkerRequest }) => {
  let reply: WorkerReply;
  try {
    reply = { value: answer(request) };
  } catch (error) {
    reply = { error: transferError(error) };
  }
  // Behind everything that was posted: the main thread handles messages of both ports in turn, and this call is
  // answered only after the posts before it have been received.
  caller.call('flush');
  parentPort!.postMessage({ id, reply });
});

function evalSettings(): Partial<EvalSettings> {
  const { settings, env } = data;
  return {
    system: settings['eval-system'] || settings.system,
    pureEval: settings['pure-eval'],
    restrictEval: settings['restrict-eval'],
    allowImportFromDerivation: settings['allow-import-from-derivation'],
    allowedUris: settings['allowed-uris'],
    nixPath: data.searchPath.map(({ prefix, path }) => [encodeBytes(prefix), encodeBytes(path)]),
    maxCallDepth: settings['max-call-depth'],
    showTrace: settings['show-trace'],
    traceVerbose: settings['trace-verbose'],
    experimentalFeatures: new Set(settings['experimental-features']),
    homeDir: encodeBytes(env['HOME'] ?? homedir()),
    workingDir: encodeBytes(process.cwd()),
  };
}

function answer(request: WorkerRequest): unknown {
  if (request.kind === 'findFile') return lookUp(request.name);
  return evaluate(request.request);
}

function evaluate(request: EvaluationRequest): EvaluationAnswer {
  io.writeStore = request.writeStore;
  if (request.output === 'parse')
    return { kind: 'texts', texts: [session.parse(textSource(request.source))] };
  const root = rootValue(request.source);
  const args = automaticArguments(request.args);
  if (request.output === 'derivations') {
    const derivations = request.attrPaths.flatMap((path) =>
      findDerivations(session, session.selectPath(root, path, args).value, path, args),
    );
    return { kind: 'derivations', derivations };
  }
  return {
    kind: 'texts',
    texts: request.attrPaths.map((path) =>
      valueText(session.autoCall(session.selectPath(root, path, args).value, args), request),
    ),
  };
}

function rootValue(source: ExpressionSource): Lazy {
  if (source.kind === 'text') return session.evalString(textSource(source));
  const lookup = /^<(.+)>$/.exec(source.path);
  return session.evalFile(lookup ? lookUp(lookup[1]) : source.path);
}

function lookUp(name: string): string {
  return session.runtime.findFile(session.force(session.globals.get('__nixPath')!), name, 0);
}

function textSource(source: ExpressionSource) {
  if (source.kind === 'file') {
    const path = io.lstat(source.path) === 'directory' ? `${source.path}/default.nix` : source.path;
    return {
      text: io.readFile(path),
      origin: { kind: 'path' as const, path },
      basePath: path.slice(0, path.lastIndexOf('/')) || '/',
    };
  }
  const { text, basePath } = source;
  return {
    text,
    origin: { kind: source.stdin ? ('stdin' as const) : ('string' as const), basePath },
    basePath,
  };
}

function automaticArguments(args: readonly AutoArgument[]): AttrSet {
  const entries = args.map(({ name, kind, text }): [string, Lazy] => {
    if (kind === 'string') return [name, text];
    const basePath = encodeBytes(process.cwd());
    return [name, session.evalString({ text, origin: { kind: 'string', basePath }, basePath })];
  });
  // The last one of a name wins, as with C++ Nix.
  return AttrSet.from(entries.reverse());
}

function valueText(value: Lazy, request: EvaluationRequest): string {
  switch (request.output) {
    case 'json':
      return callBuiltin('toJSON', value);
    case 'xml':
      return session
        .toXml(value, { strict: request.strict, locations: request.xmlLocations === true })
        .trimEnd();
    case 'raw': {
      const text = stringText(session.force(value));
      if (text === undefined) throw new UsageError('the value is not a string', { hint: 'leave out --raw' });
      return text;
    }
    default:
      return session.print(value, { strict: request.strict });
  }
}

/** A builtin from values to text, applied by hand. */
function callBuiltin(name: string, value: Lazy): string {
  const builtin = session.force(session.runtime.builtins.entries().find(([key]) => key === name)![1]);
  if (!(builtin instanceof PrimOp)) throw new Error(`'${name}' is not a builtin`);
  return stringText(builtin.fn(session.runtime, 0, value))!;
}
