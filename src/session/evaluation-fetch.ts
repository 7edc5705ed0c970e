/** Downloads that evaluation asks for (`builtins.fetchurl`): into the store, checked against the hash if one was given. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EvalError, StoreError } from '../diagnostics/index.ts';
import type { FetchRequest, FetchResult } from '../eval/index.ts';
import { defaultUrlFetcherSettings, UrlFetcher } from '../fetchers/index.ts';
import { equalHashes, formatHash, makeFixedOutputPath, parseHash, printStorePath } from '../formats/index.ts';
import { dumpFile, HashSink, nodeHasher } from '../store/index.ts';
import type { Session } from './session.ts';

/**
 * Fetches for `builtins.fetchurl`. A path that is valid already is not fetched again when its hash is given.
 *
 * @throws EvalError for kinds of fetches that Firn does not have; StoreError when the hash differs; network errors
 */
export async function fetchForEvaluation(session: Session, request: FetchRequest): Promise<FetchResult> {
  if (request.kind !== 'url') {
    throw new EvalError(`cannot fetch '${request.url}': Firn has no ${request.kind} fetcher in evaluation`, {
      code: 'no-fetcher',
      hint: 'fetch it with a derivation (fetchurl with its hash), or give a local path',
    });
  }
  const expected = request.hash === undefined ? undefined : parseHash(request.hash, 'sha256');
  const { storeDir } = session.store;
  if (expected) {
    const path = makeFixedOutputPath({ storeDir, hasher: nodeHasher }, request.name, 'flat', expected);
    if (session.store.isValidPath(path)) return { storePath: printStorePath(storeDir, path), attrs: {} };
  }
  const directory = mkdtempSync(join(tmpdir(), 'firn-fetch-'));
  try {
    const destination = join(directory, 'file');
    using fetcher = new UrlFetcher(defaultUrlFetcherSettings);
    await fetcher.download({ urls: [request.url], destination });
    const sink = new HashSink('sha256');
    await dumpFile(destination, (chunk) => sink.write(chunk));
    const actual = sink.finish();
    if (expected && !equalHashes(expected, actual)) {
      throw new StoreError(
        `hash mismatch in file downloaded from '${request.url}':\n  specified: ${formatHash(expected, 'sri', true)}\n  got:       ${formatHash(actual, 'sri', true)}`,
        { code: 'hash-mismatch', exitStatus: 102 },
      );
    }
    const path = await session.store.addPath(request.name, destination, { method: 'flat' });
    return { storePath: printStorePath(storeDir, path), attrs: {} };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
