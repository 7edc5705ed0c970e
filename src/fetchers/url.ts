/**
 * Downloads over HTTP and HTTPS into files: connections are kept and shared, what broke off is resumed, what failed
 * for a passing reason is tried again with growing pauses, and a file's other addresses (mirrors) are tried in turn.
 *
 * Certificates are always verified, whatever the environment says. Credentials in a URL go to that host alone.
 * Redirects may lead from HTTP to HTTPS, never back, and to no other scheme.
 */
import { closeSync, constants, ftruncateSync, openSync, writeSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { Interrupted, NixError } from '../diagnostics/index.ts';
import { badUrl, DownloadFailure, describeNetworkError, downloadFailed } from './errors.ts';

export interface UrlFetcherSettings {
  /** Tries for each address. */
  readonly attempts: number;
  readonly connectTimeoutSeconds: number;
  /** A transfer that brings nothing for so long counts as broken. */
  readonly stalledTimeoutSeconds: number;
  /** Connections to one host at a time. */
  readonly maxConnections: number;
  /** `http_proxy`, `https_proxy`, `no_proxy`, in either case. */
  readonly proxyEnvironment: Readonly<Record<string, string>>;
  /** PEM texts trusted besides Node's own list. */
  readonly certificates: readonly string[];
  /** Milliseconds before the second try; doubled for each further one. */
  readonly retryDelayMs: number;
}

export const defaultUrlFetcherSettings: UrlFetcherSettings = {
  attempts: 5,
  connectTimeoutSeconds: 15,
  stalledTimeoutSeconds: 300,
  maxConnections: 16,
  proxyEnvironment: {},
  certificates: [],
  retryDelayMs: 250,
};

export interface DownloadRequest {
  /** Addresses of one file, the best first. */
  readonly urls: readonly string[];
  /** File to write; created, or overwritten. */
  readonly destination: string;
  /** More bytes than this are an error. */
  readonly maxSizeBytes?: number;
  /** Whether the finished file is the wanted one; if not, the next address is tried. */
  readonly accept?: (path: string) => boolean | Promise<boolean>;
  /** Entity tag of a copy that the caller has: an unchanged file is not sent again. */
  readonly knownEtag?: string;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** Bytes so far, and in all (0: not told). */
  readonly onProgress?: (doneBytes: number, expectedBytes: number) => void;
}

export interface DownloadResult {
  /** The address that delivered, before redirects. */
  readonly url: string;
  /** After redirects. */
  readonly finalUrl: string;
  readonly sizeBytes: number;
  readonly etag: string | undefined;
  /** Where the server says that this very content stays: a `Link` header with `rel="immutable"`. */
  readonly immutableUrl: string | undefined;
  /** The server said that `knownEtag` is still right; nothing was written. */
  readonly unchanged: boolean;
  /** `false` when `accept` refused every address's file; the last one is at the destination. */
  readonly accepted: boolean;
}

const mostRedirects = 10;

/** Fetches URLs. Keeps connections until it is disposed. */
export class UrlFetcher implements Disposable {
  readonly #settings: UrlFetcherSettings;
  readonly #agents: Readonly<Record<string, http.Agent>>;

  constructor(settings: Partial<UrlFetcherSettings> = {}) {
    this.#settings = { ...defaultUrlFetcherSettings, ...settings };
    const { maxConnections, proxyEnvironment, certificates } = this.#settings;
    const common = { keepAlive: true, maxSockets: maxConnections, proxyEnv: proxyEnvironment };
    this.#agents = {
      'http:': new http.Agent(common),
      'https:': new https.Agent({
        ...common,
        rejectUnauthorized: true,
        ca: [...rootCertificates, ...certificates],
      }),
    };
  }

  [Symbol.dispose](): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  /**
   * Downloads a file from the first of its addresses that has it. Throws `NixError` `download-failed` telling what
   * each address answered, and `Interrupted` when the signal is aborted.
   */
  async download(request: DownloadRequest, options: DownloadOptions = {}): Promise<DownloadResult> {
    const failures: DownloadFailure[] = [];
    let refused: DownloadResult | undefined;
    for (const url of request.urls) {
      try {
        const result = await this.#downloadFrom(url, request, options);
        if (result.unchanged || !request.accept || (await request.accept(request.destination))) return result;
        refused = { ...result, accepted: false };
      } catch (error) {
        if (!(error instanceof DownloadFailure)) throw error;
        failures.push(error);
      }
    }
    if (refused) return refused;
    throw downloadFailed(failures);
  }

  async #downloadFrom(
    url: string,
    request: DownloadRequest,
    options: DownloadOptions,
  ): Promise<DownloadResult> {
    const transfer = new Transfer(url, request, options, this.#settings, this.#agents);
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return await transfer.attempt();
        } catch (error) {
          if (options.signal?.aborted) throw new Interrupted();
          if (!(error instanceof DownloadFailure)) throw error;
          if (!error.passing || attempt >= this.#settings.attempts) throw error;
          const delay = this.#settings.retryDelayMs * 2 ** (attempt - 1) * (1 + Math.random() / 2);
          await sleep(Math.max(delay, (error.retryAfterSeconds ?? 0) * 1000), undefined, {
            signal: options.signal,
          }).catch(() => {
            throw new Interrupted();
          });
        }
      }
    } finally {
      transfer.close();
    }
  }
}

/** One address's download, over as many tries as it takes. */
class Transfer {
  readonly #url: string;
  readonly #request: DownloadRequest;
  readonly #options: DownloadOptions;
  readonly #settings: UrlFetcherSettings;
  readonly #agents: Readonly<Record<string, http.Agent>>;
  readonly #descriptor: number;
  #written = 0;
  /** What the partial file is a part of: an entity tag, or a date. */
  #validator: string | undefined;

  constructor(
    url: string,
    request: DownloadRequest,
    options: DownloadOptions,
    settings: UrlFetcherSettings,
    agents: Readonly<Record<string, http.Agent>>,
  ) {
    this.#url = url;
    this.#request = request;
    this.#options = options;
    this.#settings = settings;
    this.#agents = agents;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
    this.#descriptor = openSync(request.destination, flags, 0o644);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  async attempt(): Promise<DownloadResult> {
    let url = parseUrl(this.#url);
    for (let redirects = 0; redirects <= mostRedirects; redirects++) {
      const response = await this.#send(url);
      const { statusCode = 0, headers } = response;
      if ([301, 302, 303, 307, 308].includes(statusCode) && headers.location) {
        response.resume();
        url = this.#redirect(url, headers.location);
        continue;
      }
      if (statusCode === 304 && this.#request.knownEtag !== undefined) {
        response.resume();
        return this.#result(url, response, this.#request.knownEtag, true);
      }
      if (statusCode !== 200 && statusCode !== 206) throw await this.#refusal(response, statusCode);
      await this.#receive(response, statusCode === 206);
      return this.#result(url, response, headers.etag, false);
    }
    throw new DownloadFailure(this.#url, `more than ${mostRedirects} redirections`, { passing: false });
  }

  #result(
    url: URL,
    { headers }: http.IncomingMessage,
    etag: string | undefined,
    unchanged: boolean,
  ): DownloadResult {
    const immutableUrl = immutableLink(headers.link, url);
    const sizeBytes = this.#written;
    return { url: this.#url, finalUrl: url.href, sizeBytes, etag, immutableUrl, unchanged, accepted: true };
  }

  #redirect(from: URL, location: string): URL {
    const to = parseUrl(new URL(location, from).href);
    if (from.protocol === 'https:' && to.protocol !== 'https:') {
      throw new DownloadFailure(this.#url, `it redirects from HTTPS to '${to.href}'`, { passing: false });
    }
    return to;
  }

  #send(url: URL): Promise<http.IncomingMessage> {
    const headers: Record<string, string> = {
      'User-Agent': 'Firn',
      Accept: '*/*',
      'Accept-Encoding': 'identity',
    };
    if (this.#written > 0 && this.#validator !== undefined) {
      headers.Range = `bytes=${this.#written}-`;
      headers['If-Range'] = this.#validator;
    } else if (this.#request.knownEtag !== undefined) headers['If-None-Match'] = this.#request.knownEtag;
    return new Promise((resolve, reject) => {
      const client = url.protocol === 'https:' ? https : http;
      const request = client.request(url, {
        agent: this.#agents[url.protocol],
        headers,
        signal: this.#options.signal,
      });
      const connecting = setTimeout(
        () => request.destroy(new Error('the connection timed out')),
        this.#settings.connectTimeoutSeconds * 1000,
      );
      request.on('socket', (socket) => {
        if (socket.connecting) socket.once('connect', () => clearTimeout(connecting));
        else clearTimeout(connecting);
      });
      request.setTimeout(this.#settings.stalledTimeoutSeconds * 1000, () =>
        request.destroy(new Error('the transfer stalled')),
      );
      request.on('response', (response) => {
        clearTimeout(connecting);
        resolve(response);
      });
      request.on('error', (error) => {
        clearTimeout(connecting);
        reject(this.#networkFailure(error));
      });
      request.end();
    });
  }

  #networkFailure(error: Error): Error {
    const { message, passing } = describeNetworkError(error);
    return new DownloadFailure(this.#url, message, { passing, cause: error });
  }

  async #refusal(response: http.IncomingMessage, statusCode: number): Promise<DownloadFailure> {
    let body = '';
    try {
      for await (const chunk of response) {
        body += (chunk as Buffer).toString('latin1');
        if (body.length > 1024) break;
      }
    } catch {
      // The status says enough.
    }
    // Gone, forbidden and the like stay so; these may pass.
    const passing =
      statusCode === 408 ||
      statusCode === 429 ||
      (statusCode >= 500 && ![501, 505, 511].includes(statusCode));
    const reason = http.STATUS_CODES[statusCode];
    return new DownloadFailure(this.#url, `HTTP error ${statusCode}${reason ? ` (${reason})` : ''}`, {
      passing,
      retryAfterSeconds: retryAfter(response.headers['retry-after']),
      body,
    });
  }

  async #receive(response: http.IncomingMessage, partial: boolean): Promise<void> {
    const { headers } = response;
    if (partial && !this.#continues(headers['content-range'])) {
      response.destroy();
      this.#restart();
      throw new DownloadFailure(this.#url, 'it resumed at the wrong place', { passing: true });
    }
    if (!partial) this.#restart();
    this.#validator = headers.etag?.startsWith('W/') ? undefined : (headers.etag ?? headers['last-modified']);
    const length = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
    const expected = length === undefined ? 0 : this.#written + length;
    const limit = this.#request.maxSizeBytes ?? Number.POSITIVE_INFINITY;
    try {
      for await (const chunk of response) {
        if (this.#written + (chunk as Buffer).length > limit) {
          throw new DownloadFailure(this.#url, `it is larger than the ${limit} bytes expected`, {
            passing: false,
          });
        }
        this.#write(chunk as Buffer);
        this.#options.onProgress?.(this.#written, expected);
      }
    } catch (error) {
      throw error instanceof NixError || error instanceof DownloadFailure
        ? error
        : this.#networkFailure(error as Error);
    }
    if (length !== undefined && this.#written !== expected) {
      throw new DownloadFailure(this.#url, `it broke off after ${this.#written} of ${expected} bytes`, {
        passing: true,
      });
    }
  }

  #continues(contentRange: string | undefined): boolean {
    return contentRange?.startsWith(`bytes ${this.#written}-`) ?? false;
  }

  #restart(): void {
    ftruncateSync(this.#descriptor, 0);
    this.#written = 0;
    this.#validator = undefined;
  }

  #write(chunk: Buffer): void {
    try {
      for (let done = 0; done < chunk.length; ) {
        const size = writeSync(this.#descriptor, chunk, done, chunk.length - done, this.#written);
        done += size;
        this.#written += size;
      }
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new NixError(`cannot write the download '${this.#request.destination}': ${code}`, {
        code: 'download-write',
        cause,
        hint: code === 'ENOSPC' ? 'the disk is full' : undefined,
      });
    }
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw badUrl(text);
  return url;
}

/** The target of `<URL>; rel="immutable"` in a `Link` header. */
function immutableLink(header: string | string[] | undefined, base: URL): string | undefined {
  const text = Array.isArray(header) ? header.join(', ') : (header ?? '');
  const target = /<([^>]*)>\s*;[^,]*\brel="?immutable"?/.exec(text)?.[1];
  return target !== undefined && URL.canParse(target, base.href) ? new URL(target, base).href : undefined;
}

function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 60) : undefined;
}

/**
 * A file's addresses: its own, then those of the mirrors. A group of mirrors that holds the file's own base URL gives
 * the rest of the address to the others; a file of a Debian archive (`.../pool/...`) is looked for in every group.
 */
export function mirrorUrls(url: string, groups: readonly (readonly string[])[]): string[] {
  const urls = new Set([url]);
  for (const group of groups) {
    const bases = group.map((base) => (base.endsWith('/') ? base : `${base}/`));
    const own = bases.find((base) => url.startsWith(base));
    const rest = own === undefined ? /\/((?:pool|dists)\/.*)$/.exec(url)?.[1] : url.slice(own.length);
    if (rest === undefined) continue;
    for (const base of bases) urls.add(base + rest);
  }
  return [...urls];
}
