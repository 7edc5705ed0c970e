/**
 * Downloads of this part: whole small files (indices, a few packages) into memory. `http:`, `https:` and `file:`.
 * Authenticity never rests on the transport: every byte is checked against a signature or a signed hash.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { downloadFailed } from './errors.ts';

/** How this part reaches the network; tests and other parts may put their own in its place. */
export interface Download {
  /**
   * The body behind `url`, or `undefined` when the server says that there is none (404, 410).
   *
   * @throws NixError `channel-download-failed` when it does not arrive whole, or exceeds `maxBytes`
   */
  get(url: string, options?: DownloadOptions): Promise<Uint8Array | undefined>;
}

export interface DownloadOptions {
  readonly maxBytes?: number | undefined;
  /** Bytes received so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpDownloadSettings {
  readonly attempts: number;
  /** Without a byte for this long, an attempt counts as failed. */
  readonly stallSeconds: number;
  /** Pause before the second attempt; doubles with each further one. */
  readonly retryPauseSeconds: number;
}

const defaultSettings: HttpDownloadSettings = { attempts: 3, stallSeconds: 30, retryPauseSeconds: 0.5 };
const absentStatuses = new Set([404, 410]);

/** The `Download` over Node's own `fetch`. */
export function httpDownload(settings: Partial<HttpDownloadSettings> = {}): Download {
  const { attempts, stallSeconds, retryPauseSeconds } = { ...defaultSettings, ...settings };
  return {
    async get(url, options = {}) {
      if (url.startsWith('file:')) return readLocal(url);
      for (let attempt = 1; ; attempt++) {
        try {
          return await fetchOnce(url, options, stallSeconds);
        } catch (error) {
          if (options.signal?.aborted) throw error;
          const isFinal = error instanceof FinalFailure || attempt >= attempts;
          if (isFinal) throw downloadFailed(url, describe(error, attempt), error);
        }
        await new Promise((resolve) => setTimeout(resolve, 1000 * retryPauseSeconds * 2 ** (attempt - 1)));
      }
    },
  };
}

/** Trying again would give the same. */
class FinalFailure extends Error {}

async function fetchOnce(
  url: string,
  { maxBytes = Number.POSITIVE_INFINITY, onProgress, signal }: DownloadOptions,
  stallSeconds: number,
): Promise<Uint8Array | undefined> {
  const stalled = new AbortController();
  const onStall = () => stalled.abort(new Error(`no data for ${stallSeconds} s`));
  let timer = setTimeout(onStall, stallSeconds * 1000);
  try {
    const response = await fetch(url, {
      signal: signal ? AbortSignal.any([signal, stalled.signal]) : stalled.signal,
      headers: { 'user-agent': 'firn', 'accept-encoding': 'identity' },
    });
    if (!response.ok) {
      await response.body?.cancel();
      if (absentStatuses.has(response.status)) return undefined;
      const answer = `the server answered ${response.status} ${response.statusText}`.trimEnd();
      throw response.status < 500 && response.status !== 429 ? new FinalFailure(answer) : new Error(answer);
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      clearTimeout(timer);
      timer = setTimeout(onStall, stallSeconds * 1000);
      size += chunk.byteLength;
      if (size > maxBytes) throw new FinalFailure(`it is larger than the expected ${maxBytes} bytes`);
      chunks.push(chunk);
      onProgress?.(size);
    }
    return Buffer.concat(chunks, size);
  } finally {
    clearTimeout(timer);
  }
}

async function readLocal(url: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(fileURLToPath(url));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw downloadFailed(url, (error as Error).message, error);
  }
}

function describe(error: unknown, attempts: number): string {
  const { message, cause } = error as Error;
  const reason = cause instanceof Error && message === 'fetch failed' ? cause.message : message;
  return attempts > 1 ? `${reason} (${attempts} attempts)` : reason;
}
