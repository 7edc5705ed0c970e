/** Serves a test archive on loopback, with faults on demand. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong with a file. */
export type Fault =
  /** The server answers with this status. */
  | { readonly status: number; readonly times?: number }
  /** The connection is cut after so many bytes. */
  | { readonly cutAfter: number; readonly times?: number }
  /** Other bytes are served, correctly announced. */
  | { readonly replace: (bytes: Uint8Array) => Uint8Array; readonly times?: number };

export interface ArchiveServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without slash at the end. */
  readonly url: string;
  /** Paths (without leading slash) asked for, in order. */
  readonly requests: string[];
  /** Faults by path; a fault with `times` goes away after so many requests. */
  readonly faults: Map<string, Fault>;
  close(): Promise<void>;
}

/** Serves `roots`: first path segment -> files by path. */
export async function serveArchive(
  roots: Readonly<Record<string, ReadonlyMap<string, Uint8Array>>>,
): Promise<ArchiveServer> {
  const requests: string[] = [];
  const faults = new Map<string, Fault>();
  const used = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '/').slice(1));
    requests.push(path);
    const [root, ...rest] = path.split('/');
    const bytes = roots[root]?.get(rest.join('/'));
    const fault = faults.get(path);
    const count = (used.get(path) ?? 0) + 1;
    if (fault) used.set(path, count);
    answer(response, bytes, fault && count <= (fault.times ?? Number.POSITIVE_INFINITY) ? fault : undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    faults,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function answer(response: ServerResponse, bytes: Uint8Array | undefined, fault: Fault | undefined): void {
  if (fault && 'status' in fault) {
    response.writeHead(fault.status).end();
    return;
  }
  if (!bytes) {
    response.writeHead(404).end();
    return;
  }
  const body = fault && 'replace' in fault ? fault.replace(bytes) : bytes;
  response.writeHead(200, { 'content-length': body.length });
  if (fault && 'cutAfter' in fault) {
    response.write(body.subarray(0, fault.cutAfter), () => response.destroy());
    return;
  }
  response.end(body);
}
