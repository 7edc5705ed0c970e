import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Interrupted } from '../diagnostics/index.ts';
import { mirrorUrls, UrlFetcher } from './url.ts';

describe('downloads', () => {
  const directory = mkdtempSync(join(tmpdir(), 'firn-url-'));
  const destination = join(directory, 'file');
  const body = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `${i}\n`).join(''));
  const requests: { path: string; headers: http.IncomingHttpHeaders }[] = [];
  const handlers = new Map<string, (request: http.IncomingMessage, response: http.ServerResponse) => void>();
  const server = http.createServer((request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers });
    (handlers.get(request.url ?? '') ?? notFound)(request, response);
  });
  let base = '';
  const fetcher = new UrlFetcher({
    attempts: 3,
    retryDelayMs: 1,
    connectTimeoutSeconds: 2,
    stalledTimeoutSeconds: 0.3,
  });
  const notFound = (_: unknown, response: http.ServerResponse) => {
    response.statusCode = 404;
    response.end('nothing here');
  };

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  after(() => {
    fetcher[Symbol.dispose]();
    server.close();
    server.closeAllConnections();
    rmSync(directory, { recursive: true });
  });
  const serve = (
    path: string,
    handler: (request: http.IncomingMessage, response: http.ServerResponse) => void,
  ) => {
    handlers.set(path, handler);
    return base + path;
  };
  const content = () => readFileSync(destination);

  test('a file, with progress and without content encoding', async () => {
    const url = serve('/file', (_, response) => {
      response.setHeader('ETag', '"tag"');
      response.setHeader('Content-Length', body.length);
      response.end(body);
    });
    const seen: [number, number][] = [];
    const result = await fetcher.download(
      { urls: [url], destination },
      { onProgress: (...each) => seen.push(each) },
    );
    assert.deepEqual(content(), body);
    assert.deepEqual(seen.at(-1), [body.length, body.length]);
    assert.deepEqual([result.etag, result.unchanged, result.url], ['"tag"', false, url]);
    assert.equal(requests.at(-1)?.headers['accept-encoding'], 'identity');
  });

  test('what broke off is resumed', async () => {
    let tries = 0;
    const url = serve('/broken', (request, response) => {
      response.setHeader('ETag', '"same"');
      if (++tries === 1) {
        response.setHeader('Content-Length', body.length);
        response.write(body.subarray(0, 30_000), () => setTimeout(() => response.destroy(), 20));
        return;
      }
      const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1]);
      assert.ok(start > 0);
      assert.equal(request.headers['if-range'], '"same"');
      response.writeHead(206, { 'Content-Range': `bytes ${start}-${body.length - 1}/${body.length}` });
      response.end(body.subarray(start));
    });
    await fetcher.download({ urls: [url], destination });
    assert.deepEqual(content(), body);
    assert.equal(tries, 2);
  });

  test('a server that cannot resume sends all of it again', async () => {
    let tries = 0;
    const url = serve('/again', (_, response) => {
      response.setHeader('Content-Length', body.length);
      if (++tries < 3) response.write(body.subarray(0, 5000), () => setTimeout(() => response.destroy(), 5));
      else response.end(body);
    });
    await fetcher.download({ urls: [url], destination });
    assert.deepEqual(content(), body);
  });

  test('passing errors are tried again, lasting ones are not', async () => {
    let tries = 0;
    const url = serve('/busy', (_, response) => {
      response.statusCode = ++tries < 3 ? 503 : 200;
      response.end('ok');
    });
    await fetcher.download({ urls: [url], destination });
    assert.equal(tries, 3);
    const before = requests.length;
    await assert.rejects(fetcher.download({ urls: [`${base}/missing`], destination }), (error: Error) => {
      assert.equal(
        error.message,
        `unable to download '${base}/missing': HTTP error 404 (Not Found)\nthe server answered: nothing here`,
      );
      return true;
    });
    assert.equal(requests.length, before + 1);
  });

  test('a stalled transfer is given up', async () => {
    const url = serve('/stalled', (_, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('x');
    });
    await assert.rejects(
      fetcher.download({ urls: [url], destination }),
      /the transfer stalled|closed before the end/,
    );
  });

  test('other addresses are tried, and a file that is not accepted is looked for elsewhere', async () => {
    const good = serve('/good', (_, response) => response.end('good'));
    const bad = serve('/bad', (_, response) => response.end('bad'));
    const accept = (path: string) => readFileSync(path, 'utf8') === 'good';
    const result = await fetcher.download({ urls: [`${base}/gone`, bad, good], destination, accept });
    assert.deepEqual([result.url, result.accepted, content().toString()], [good, true, 'good']);
    const refused = await fetcher.download({ urls: [bad, `${base}/gone`], destination, accept });
    assert.equal(refused.accepted, false);
    await assert.rejects(
      fetcher.download({ urls: [`${base}/gone`, `${base}/lost`], destination }),
      /HTTP error 404 \(Not Found\)\nand from '.*\/lost': HTTP error 404/,
    );
  });

  test('redirects are followed, not for ever, and to no other scheme', async () => {
    const target = serve('/target', (_, response) => response.end('target'));
    const redirect = (path: string, to: string) =>
      serve(path, (_, response) => {
        response.writeHead(302, { Location: to });
        response.end();
      });
    const result = await fetcher.download({ urls: [redirect('/to', '/target')], destination });
    assert.equal(result.finalUrl, target);
    await assert.rejects(
      fetcher.download({ urls: [redirect('/loop', '/loop')], destination }),
      /more than 10 redirections/,
    );
    await assert.rejects(
      fetcher.download({ urls: [redirect('/local', 'file:///etc/passwd')], destination }),
      /expected an address that begins with http/,
    );
  });

  test('credentials go to their host alone', async () => {
    const other = http.createServer((request, response) =>
      response.end(request.headers.authorization ?? 'none'),
    );
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    serve('/secret', (_, response) => {
      response.writeHead(302, { Location: `http://127.0.0.1:${port}/` });
      response.end();
    });
    await fetcher.download({ urls: [`${base.replace('//', '//user:word@')}/secret`], destination });
    assert.equal(
      requests.at(-1)?.headers.authorization,
      `Basic ${Buffer.from('user:word').toString('base64')}`,
    );
    assert.equal(content().toString(), 'none');
    other.close();
    other.closeAllConnections();
  });

  test('an unchanged file is not sent again; limits hold; aborting interrupts', async () => {
    const url = serve('/tagged', (request, response) => {
      response.statusCode = request.headers['if-none-match'] === '"t"' ? 304 : 200;
      response.end(response.statusCode === 304 ? undefined : 'text');
    });
    assert.equal((await fetcher.download({ urls: [url], destination, knownEtag: '"t"' })).unchanged, true);
    await assert.rejects(
      fetcher.download({ urls: [url], destination, maxSizeBytes: 2 }),
      /larger than the 2 bytes/,
    );
    const controller = new AbortController();
    const never = serve('/never', () => controller.abort());
    await assert.rejects(
      fetcher.download({ urls: [never], destination }, { signal: controller.signal }),
      Interrupted,
    );
  });

  test('a refused connection names host and port', async () => {
    await assert.rejects(
      fetcher.download({ urls: ['http://127.0.0.1:1/x'], destination }),
      /unable to download 'http:\/\/127.0.0.1:1\/x': the connection to 127.0.0.1 port 1 was refused/,
    );
  });
});

test('mirrors: groups by base URL, and Debian archives by their pool', () => {
  const groups = [['http://a/debian', 'http://b/mirror/'], ['http://other/x']];
  assert.deepEqual(mirrorUrls('http://a/debian/pool/h/hello.deb', groups), [
    'http://a/debian/pool/h/hello.deb',
    'http://b/mirror/pool/h/hello.deb',
    'http://other/x/pool/h/hello.deb',
  ]);
  assert.deepEqual(mirrorUrls('http://elsewhere/file', groups), ['http://elsewhere/file']);
});
