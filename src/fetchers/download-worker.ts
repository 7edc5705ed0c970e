/**
 * The worker that downloads: it runs in a sandbox as a build user, sees nothing of the machine but the network and
 * its own directory, and serves requests from its standard input until that ends.
 */
import { createHash } from 'node:crypto';
import { chmodSync, closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { NixError } from '../diagnostics/index.ts';
import type { WorkerEvent, WorkerRequest, WorkerSettings } from './download-protocol.ts';
import { unpackNarFile } from './unpack-nar.ts';
import { UrlFetcher } from './url.ts';

type Download = Extract<WorkerRequest, { kind: 'download' }>;

/** Milliseconds between two progress events of one download. */
const progressInterval = 100;

/** Serves downloads into `directory`; resolves when the input ends. */
export async function serveDownloads(
  directory: string,
  input: NodeJS.ReadableStream,
  send: (event: WorkerEvent) => void,
): Promise<void> {
  let server: DownloadServer | undefined;
  for await (const line of createInterface({ input })) {
    if (!server) server = new DownloadServer(directory, JSON.parse(line) as WorkerSettings, send);
    else server.handle(JSON.parse(line) as WorkerRequest);
  }
  server?.close();
}

class DownloadServer {
  readonly #directory: string;
  readonly #send: (event: WorkerEvent) => void;
  readonly #fetcher: UrlFetcher;
  readonly #running = new Map<number, AbortController>();

  constructor(directory: string, settings: WorkerSettings, send: (event: WorkerEvent) => void) {
    this.#directory = directory;
    this.#send = send;
    this.#fetcher = new UrlFetcher({
      ...settings,
      certificates: [...settings.certificates, ...readCa(settings.caFile)],
    });
  }

  handle(request: WorkerRequest): void {
    if (request.kind === 'cancel') this.#running.get(request.id)?.abort();
    else void this.#download(request);
  }

  close(): void {
    for (const controller of this.#running.values()) controller.abort();
    this.#fetcher[Symbol.dispose]();
  }

  async #download(request: Download): Promise<void> {
    const controller = new AbortController();
    const { id } = request;
    this.#running.set(id, controller);
    try {
      this.#send({ kind: 'done', id, url: await this.#fetch(request, controller.signal) });
    } catch (error) {
      const hint = error instanceof NixError ? error.hint : undefined;
      this.#send({ kind: 'failed', id, message: (error as Error).message, hint });
    } finally {
      this.#running.delete(id);
    }
  }

  async #fetch(request: Download, signal: AbortSignal): Promise<string> {
    const destination = join(this.#directory, request.name);
    const { id, urls, maxSizeBytes, expectedHash } = request;
    let last = 0;
    const onProgress = (doneBytes: number, expectedBytes: number) => {
      const now = performance.now();
      if (now - last < progressInterval && doneBytes !== expectedBytes) return;
      last = now;
      this.#send({ kind: 'progress', id, doneBytes, expectedBytes });
    };
    const result = await this.#fetcher.download(
      {
        urls,
        destination,
        ...(maxSizeBytes === undefined ? {} : { maxSizeBytes }),
        ...(expectedHash === undefined
          ? {}
          : { accept: (path: string) => hashFile(path, expectedHash) === expectedHash }),
      },
      { signal, onProgress },
    );
    if (request.unpack) await unpackNarFile(destination, urls[0].endsWith('.xz'));
    if (request.executable) chmodSync(destination, 0o755);
    return result.url;
  }
}

function readCa(file: string | undefined): string[] {
  if (file === undefined) return [];
  try {
    return [readFileSync(file, 'latin1')];
  } catch {
    return [];
  }
}

/** `ALGO:BASE16` of a file, with the algorithm of `like`. */
function hashFile(path: string, like: string): string {
  const [algorithm] = like.split(':');
  const hash = createHash(algorithm);
  const descriptor = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(1 << 18);
    for (let size = readSync(descriptor, buffer); size > 0; size = readSync(descriptor, buffer)) {
      hash.update(buffer.subarray(0, size));
    }
  } finally {
    closeSync(descriptor);
  }
  return `${algorithm}:${hash.digest('hex')}`;
}
