/**
 * How this part reaches the network: whole files (indices, a few packages) into memory, from the first of several
 * addresses. Authenticity never rests on the transport: every byte is checked against a signature or a signed hash.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { UrlFetcher } from '../fetchers/index.ts';
import { localFileUnreadable, withMirrorHint } from './errors.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

export interface DownloadOptions {
  /** One short try is enough: the caller has other places to ask. */
  readonly quick?: boolean;
  readonly maxBytes?: number;
  /** Whether these are the wanted bytes; if not, the next address is tried. */
  readonly accept?: (bytes: Uint8Array) => boolean;
}

/** What the addresses gave. */
export interface Downloaded {
  readonly bytes: Uint8Array;
  readonly url: string;
  /** After redirects. */
  readonly finalUrl: string;
  /** `false` when `accept` refused what every address gave; the bytes are the last ones. */
  readonly accepted: boolean;
}

/** Gets a file; tests put their own in its place. */
export interface Download {
  /**
   * The file behind the first of `urls` (`http:`, `https:`, `file:`) that has it. Network; no other effect.
   *
   * @throws NixError telling what each address answered; Interrupted
   */
  get(urls: readonly string[], options?: DownloadOptions): Promise<Downloaded>;
}

export interface FetcherDownloadOptions {
  readonly fetcher: Pick<UrlFetcher, 'download'>;
  /** For quick tries; `fetcher` unless told otherwise. */
  readonly quickFetcher?: Pick<UrlFetcher, 'download'>;
  /** Fetchers write files: below this directory. */
  readonly temporaryDirectory: string;
  readonly signal?: AbortSignal;
}

/** Downloads through a `UrlFetcher`. */
export function fetcherDownload(options: FetcherDownloadOptions): Download {
  const { fetcher, quickFetcher = fetcher, temporaryDirectory, signal } = options;
  return {
    async get(urls, { maxBytes, accept, quick } = {}) {
      if (urls.every((url) => url.startsWith('file:'))) return readFirst(urls, accept);
      return withTemporaryDirectory(temporaryDirectory, async (directory) => {
        const destination = join(directory, 'file');
        const request = {
          urls,
          destination,
          ...(maxBytes !== undefined && { maxSizeBytes: maxBytes }),
          ...(accept && { accept: () => accept(readFileSync(destination)) }),
        };
        const result = await (quick ? quickFetcher : fetcher)
          .download(request, signal ? { signal } : {})
          .catch((error: unknown) => {
            throw withMirrorHint(error);
          });
        const { url, finalUrl, accepted } = result;
        return { bytes: readFileSync(destination), url, finalUrl, accepted };
      });
    },
  };
}

/** Mirrors on the machine itself (`file:`), as apt may be configured with. */
function readFirst(urls: readonly string[], accept: DownloadOptions['accept']): Downloaded {
  let refused: Downloaded | undefined;
  let failure: unknown;
  for (const url of urls) {
    try {
      const bytes = readFileSync(fileURLToPath(url));
      const accepted = accept?.(bytes) ?? true;
      if (accepted) return { bytes, url, finalUrl: url, accepted };
      refused = { bytes, url, finalUrl: url, accepted };
    } catch (error) {
      failure = error;
    }
  }
  if (refused) return refused;
  throw localFileUnreadable(urls[urls.length - 1], failure);
}
