/** `builtin:fetchurl` and other builds with a network: the sandboxed worker, the cache, what is refused. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { defaultBuildSettings } from '../../src/builder/index.ts';
import { nodeRuntime } from '../../src/builder/node-runtime.ts';
import { ActivityType, Interrupted, ResultType } from '../../src/diagnostics/index.ts';
import { processesOf } from '../../src/platform/index.ts';
import {
  firstBuildUser,
  ScratchBuilder,
  type TestDerivation,
  toolsDirectory,
} from '../support/scratch-builder.ts';

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

describe('downloads', { skip: toolsDirectory === undefined ? 'FIRN_TEST_BWRAP is not set' : false }, () => {
  let scratch: ScratchBuilder;
  let base = '';
  let requests = 0;
  let onSlow = () => {};
  const large = Buffer.alloc(1_000_000, 'no digits of base 32: ...\n');
  const server = http.createServer((request, response) => {
    requests++;
    const url = request.url ?? '';
    if (url.startsWith('/slow')) {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('x', () => onSlow());
    } else if (url.startsWith('/missing')) response.writeHead(404).end();
    else if (url.startsWith('/wrong')) response.end('something else');
    else if (url.startsWith('/large')) response.writeHead(200, { 'Content-Length': large.length }).end(large);
    else response.end(url);
  });
  before(async () => {
    scratch = await ScratchBuilder.create();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  });
  after(async () => {
    server.close();
    server.closeAllConnections();
    await scratch[Symbol.asyncDispose]();
  });

  const fetchurl = (name: string, path: string, content: string | Buffer, env = {}): TestDerivation => ({
    name,
    builder: 'builtin:fetchurl',
    env: { url: base + path, ...env },
    fixed: { algorithm: 'sha256', hash: sha256(content) },
  });

  test('a file is fetched once, and then comes from the cache', async () => {
    const made = await scratch.make(fetchurl('large', '/large', large));
    assert.equal(made.result.error, undefined);
    assert.deepEqual(readFileSync(scratch.real(made.outputs.out)), large);
    const info = scratch.store.queryPathInfo(made.result.outputs.get('out')!);
    assert.equal(info?.contentAddress?.method, 'flat');
    const activity = scratch.logger.activities.find((each) => each.type === ActivityType.fileTransfer);
    assert.deepEqual(activity?.fields, [`${base}/large`]);
    const last = scratch.logger.results.filter((each) => each.id === activity?.id).at(-1);
    assert.deepEqual(last?.fields.slice(0, 2), [large.length, large.length]);
    const before = requests;
    const again = await scratch.make(fetchurl('other-name', '/large', large));
    assert.deepEqual([again.result.status, requests], ['built', before]);
  });

  test('a damaged cache entry is replaced', async () => {
    const cached = join(scratch.directory, 'cache', 'sha256', sha256('/cached'));
    await scratch.make(fetchurl('cached', '/cached', '/cached'));
    assert.equal(readFileSync(cached, 'utf8'), '/cached');
    writeFileSync(`${cached}.x`, 'damaged');
    renameSync(`${cached}.x`, cached);
    const again = await scratch.make(fetchurl('cached-again', '/cached', '/cached'));
    assert.equal(again.result.status, 'built');
    assert.equal(readFileSync(cached, 'utf8'), '/cached');
  });

  test('many at once', async () => {
    const added = [];
    for (let i = 0; i < 40; i++)
      added.push(await scratch.add(fetchurl(`many-${i}`, `/many/${i}`, `/many/${i}`)));
    const results = await scratch
      .builder()
      .buildPaths(added.map(({ drvPath }) => ({ drvPath, outputs: [] })));
    assert.ok(results.every((result) => result.status === 'built'));
    assert.deepEqual(
      scratch.builder().queryMissing(added.map(({ drvPath }) => ({ drvPath, outputs: [] }))).willFetch,
      [],
    );
  });

  test('a wrong hash tells both and registers nothing', async () => {
    const made = await scratch.make(fetchurl('wrong', '/wrong', 'expected'));
    const sri = (content: string) => `sha256-${createHash('sha256').update(content).digest('base64')}`;
    assert.equal(
      made.result.error?.message,
      `hash mismatch in fixed-output derivation '/nix/store/${made.drvPath.baseName}':\n` +
        `  specified: ${sri('expected')}\n     got:    ${sri('something else')}`,
    );
    assert.equal(made.result.error?.exitStatus, 102);
    assert.equal(existsSync(scratch.real(made.outputs.out)), false);
  });

  test('a file that a server does not have comes from a mirror', async () => {
    const { drvPath } = await scratch.add(fetchurl('mirrored', '/missing/pool/file', '/mirror/pool/file'));
    const failed = await scratch.build(drvPath);
    assert.match(
      failed.error!.message,
      /unable to download '.*\/missing\/pool\/file': HTTP error 404 \(Not Found\)/,
    );
    const { downloads } = defaultBuildSettings({
      system: '',
      cores: 1,
      temporaryDirectory: '',
      cacheDirectory: join(scratch.directory, 'cache'),
    });
    const mirrored = await scratch.build(drvPath, {
      downloads: { ...downloads, mirrorGroups: [[`${base}/missing`, `${base}/wrong`, `${base}/mirror`]] },
    });
    assert.equal(mirrored.status, 'built');
  });

  test('executables and other addresses of files', async () => {
    // The hash of an executable file is that of its archive: it is not known here, so the error tells it first.
    const request = (hash: string): TestDerivation => ({
      ...fetchurl('program', '/program', '', { executable: '1' }),
      fixed: { algorithm: 'r:sha256', hash },
    });
    const first = await scratch.make(request('0'.repeat(64)));
    const got = /got: {4}sha256-(\S+)/.exec(first.result.error!.message)?.[1] ?? '';
    const second = await scratch.make(request(Buffer.from(got, 'base64').toString('hex')));
    assert.equal(second.result.error, undefined);
    assert.equal(statSync(scratch.real(second.outputs.out)).mode & 0o777, 0o555);
  });

  test('interrupting stops a download', async () => {
    const { drvPath } = await scratch.add(fetchurl('slow', '/slow', 'never'));
    const controller = new AbortController();
    onSlow = () => controller.abort();
    await assert.rejects(scratch.build(drvPath, {}, controller.signal), Interrupted);
    if (process.getuid?.() === 0) assert.deepEqual(processesOf(firstBuildUser), []);
    assert.deepEqual(
      readdirSync(join(scratch.store.stateDir, 'downloads')).filter((name) => !name.endsWith('.lock')),
      [],
    );
  });

  test('a fixed output by a program of its own reaches the network, but no abstract socket', async () => {
    const name = `firn-test-${process.pid}`;
    let reached = 0;
    const abstract = net.createServer((socket) => {
      reached++;
      socket.end();
    });
    await new Promise<void>((resolve) => abstract.listen(`\0${name}`, resolve));
    const runtime = nodeRuntime();
    const sandboxPaths = runtime.mounts.flatMap((mount) =>
      mount.kind === 'read-only' ? [{ source: mount.source, target: mount.target, optional: false }] : [],
    );
    const node = runtime.command.slice(
      0,
      runtime.command.findIndex((word) => word.startsWith('--disable')),
    );
    const connect = `require('node:net').connect('\\0${name}').on('error', (e) => console.log(e.code)).on('connect', () => console.log('connected'))`;
    const script = `${node.join(' ')} -e "${connect}"; wget -q -O $out ${base}/own`;
    const fixed = { algorithm: 'sha256', hash: sha256('/own') };
    const open = await scratch.add({ name: 'own', script, fixed });
    assert.equal((await scratch.build(open.drvPath, { sandboxPaths })).error, undefined);
    const lines = scratch.logger.results.filter((each) => each.type === ResultType.buildLogLine);
    assert.equal(lines.at(-1)?.fields[0], 'EAFNOSUPPORT');
    // Without a fixed output there is a network of its own, in which nobody listens.
    const closed = await scratch.add({
      name: 'closed',
      script: `${node.join(' ')} -e "${connect}" | tee $out`,
    });
    assert.equal((await scratch.build(closed.drvPath, { sandboxPaths })).error, undefined);
    assert.equal(readFileSync(scratch.real(closed.outputs.out), 'utf8'), 'ECONNREFUSED\n');
    assert.equal(reached, 0);
    abstract.close();
  });
});
