/** What can go wrong with a download. */
import { NixError } from '../diagnostics/index.ts';

/** One address's failure; collected over all addresses and then told as one `NixError`. */
export class DownloadFailure extends Error {
  readonly url: string;
  /** It may work when tried again. */
  readonly passing: boolean;
  readonly retryAfterSeconds: number | undefined;
  readonly body: string;

  constructor(
    url: string,
    message: string,
    options: { passing: boolean; retryAfterSeconds?: number | undefined; body?: string; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.url = url;
    this.passing = options.passing;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.body = options.body ?? '';
  }
}

/** The URL without a password, for messages. */
function shown(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
}

export function downloadFailed(failures: readonly DownloadFailure[]): NixError {
  const [first, ...others] = failures;
  if (!first) return new NixError('a download has no address', { code: 'download-failed' });
  const rest = others.map((each) => `\nand from '${shown(each.url)}': ${each.message}`).join('');
  const body = /^\s*[^<\s]/.test(first.body)
    ? `\nthe server answered: ${first.body.trim().slice(0, 300)}`
    : '';
  return new NixError(`unable to download '${shown(first.url)}': ${first.message}${rest}${body}`, {
    code: 'download-failed',
    cause: first.cause,
    hint: hintFor(first.message),
  });
}

function hintFor(message: string): string | undefined {
  if (/HTTP error (404|410)/.test(message)) {
    return "the mirror does not have the file (any more); update the channel, or name other mirrors in 'fallback-mirrors'";
  }
  if (/host name/.test(message))
    return 'check the network and the name server, or a proxy in http_proxy and https_proxy';
  return undefined;
}

export function badUrl(url: string): NixError {
  return new NixError(
    `cannot download '${shown(url)}': expected an address that begins with http:// or https://`,
    {
      code: 'bad-url',
    },
  );
}

/** A sentence for an error of Node's network code, and whether it may pass. */
export function describeNetworkError(error: Error): { message: string; passing: boolean } {
  const { code, hostname, address, port } = error as NodeJS.ErrnoException & {
    hostname?: string;
    address?: string;
    port?: number;
  };
  switch (code) {
    case 'ENOTFOUND':
      return { message: `could not resolve host name '${hostname}'`, passing: false };
    case 'EAI_AGAIN':
      return { message: `could not resolve host name '${hostname}' for now`, passing: true };
    case 'ECONNREFUSED':
      return { message: `the connection to ${address} port ${port} was refused`, passing: true };
    case 'ECONNRESET':
      return { message: 'the connection was closed before the end', passing: true };
  }
  if (code?.startsWith('ERR_TLS') || /CERT|SIGNATURE|ISSUER/.test(code ?? '')) {
    return { message: `the server's certificate is not trusted: ${error.message}`, passing: false };
  }
  return { message: error.message, passing: true };
}

/** A tarball that is damaged, or that does not hold what it must. `where` names it. */
export function badTarball(where: string, what: string): NixError {
  return new NixError(`the tarball '${shown(where)}' cannot be unpacked: ${what}`, { code: 'bad-tarball' });
}
