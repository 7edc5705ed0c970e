import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { fixtures, mainSuite, Scene } from '../../tests/support/channel-scene.ts';
import { bootstrapPackages, type Fault, makeTestKey } from '../../tests/support/debian-archive/index.ts';
import { makeChannelTree } from './make-channel.ts';
import { parseDebianChannel } from './releases.ts';

/** Every file of a tree: path -> contents, a byte string. Only real files may be in it. */
function readTree(root: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const isExecutable = statSync(path).mode & 0o100 ? ' (executable)' : '';
    assert.ok(entry.isFile(), `${path} is no real file`);
    files.set(relative(root, path) + isExecutable, readFileSync(path, 'latin1'));
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A tree as golden text: what depends on the server's port is taken out, programs are told by their size. */
function goldenText(tree: ReadonlyMap<string, string>, port: string): string {
  const contents = (path: string, text: string) =>
    path.startsWith('bootstrap/')
      ? `${text.length} bytes\n`
      : text.replaceAll(`:${port}/`, ':PORT/').replace(/(?<=[kK]ey": ")[0-9a-f]{64}/g, 'KEY');
  return [...tree].map(([path, text]) => `==> ${path} <==\n${contents(path, text)}`).join('\n');
}

test('the tree of the sample archive is the golden one', async () => {
  await using scene = await Scene.open(
    mainSuite,
    { name: 'trixie-updates', packages: [{ name: 'liba', version: '1:2.0-1+deb13u1' }] },
    {
      name: 'trixie-security',
      packages: [
        { name: 'tool-a', version: '1.0-1+deb13u2' },
        { name: 'liba', version: '1:1.9-1' },
      ],
    },
  );
  await scene.make();
  const text = goldenText(readTree(scene.output), new URL(scene.server.url).port);
  const golden = join(fixtures, 'sample-tree.exp');
  if (process.env['FIRN_ACCEPT'] === '1') {
    writeFileSync(golden, text, 'latin1');
    assert.fail('accepted; run again without FIRN_ACCEPT');
  }
  assert.deepEqual(text.split('\n'), readFileSync(golden, 'latin1').split('\n'));
  assert.deepEqual(scene.logger.messages, []);
});

test('the same archive gives the same tree, from the cache without a download', async () => {
  await using scene = await Scene.open(mainSuite);
  await scene.make();
  const first = readTree(scene.output);
  rmSync(scene.output, { recursive: true });
  scene.server.requests.length = 0;
  await scene.make();
  assert.deepEqual(readTree(scene.output), first);
  assert.deepEqual(
    scene.server.requests.filter((path) => !path.endsWith('InRelease')),
    [],
  );
});

test('without hash directories the plain paths are used, and gzip where there is no xz', async () => {
  await using scene = await Scene.open({ ...mainSuite, acquireByHash: false });
  const { packages } = await scene.make();
  assert.ok(packages.has('app'));
  assert.ok(!scene.server.requests.some((path) => path.includes('by-hash')));
});

test('a hash directory that is missing on the mirror is no harm', async () => {
  await using scene = await Scene.open(mainSuite);
  for (const path of scene.archive.files.keys())
    if (path.includes('/by-hash/')) scene.archive.files.delete(path);
  assert.ok((await scene.make()).packages.has('app'));
});

test('the small channel has the server sections and what they need', async () => {
  await using scene = await Scene.open({
    name: 'trixie',
    packages: [
      ...bootstrapPackages,
      { name: 'server', fields: { Section: 'net', Depends: 'tiny-font' } },
      { name: 'tiny-font', fields: { Section: 'fonts' } },
      { name: 'game', fields: { Section: 'games', Depends: 'server' } },
    ],
  });
  const { packages } = await scene.make({ channel: parseDebianChannel('debian:trixie-small') });
  assert.deepEqual(
    ['server', 'tiny-font', 'game'].map((name) => packages.has(name)),
    [true, true, false],
  );
});

test('arm64 takes its own packages and the architecture-independent ones', async () => {
  const arm = bootstrapPackages.map((item) => ({ ...item, architecture: 'arm64' }));
  await using scene = await Scene.open({
    name: 'trixie',
    architectures: ['amd64', 'arm64'],
    packages: [...arm, { name: 'only-amd64' }, { name: 'everywhere', architecture: 'all' }],
  });
  const { packages } = await scene.make({ system: 'aarch64-linux' });
  assert.deepEqual([packages.has('only-amd64'), packages.has('everywhere')], [false, true]);
});

interface FaultCase {
  readonly name: string;
  /** File under `debian/` that is served badly; a pattern finds it by its path. */
  readonly path: RegExp;
  readonly fault: Fault;
  readonly code: string;
  readonly message?: RegExp;
}

const flipped = (bytes: Uint8Array) =>
  Uint8Array.from(bytes, (byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte));
const shorter = (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 10);
const longer = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.from('more')]);
const packagesIndex = /main\/binary-amd64\/(Packages\.xz|by-hash)/;
const busybox = /busybox-static_/;

const faultCases: readonly FaultCase[] = [
  {
    name: 'a changed release file',
    path: /InRelease/,
    fault: { replace: flipped },
    code: 'channel-bad-signature',
  },
  {
    name: 'a truncated release file',
    path: /InRelease/,
    fault: { replace: shorter },
    code: 'channel-not-signed',
  },
  {
    name: 'a login page instead of the release file',
    path: /InRelease/,
    fault: { replace: () => Buffer.from('<html>') },
    code: 'channel-no-mirror',
    message: /is not a signed release file/,
  },
  {
    name: 'no release file',
    path: /InRelease/,
    fault: { status: 404 },
    code: 'channel-no-mirror',
    message: /404/,
  },
  {
    name: 'a mirror that refuses',
    path: /InRelease/,
    fault: { status: 503 },
    code: 'channel-no-mirror',
    message: /503/,
  },
  {
    name: 'a cut connection at the release file',
    path: /InRelease/,
    fault: { cutAfter: 100 },
    code: 'channel-no-mirror',
    message: /closed|broke off|abort|hang/,
  },
  {
    name: 'a changed index',
    path: packagesIndex,
    fault: { replace: flipped },
    code: 'channel-hash-mismatch',
  },
  {
    name: 'a truncated index',
    path: packagesIndex,
    fault: { replace: shorter },
    code: 'channel-size-mismatch',
  },
  {
    name: 'an index that is too long',
    path: packagesIndex,
    fault: { replace: longer },
    code: 'download-failed',
  },
  { name: 'a missing index', path: packagesIndex, fault: { status: 404 }, code: 'download-failed' },
  {
    name: 'a cut connection at an index',
    path: packagesIndex,
    fault: { cutAfter: 50 },
    code: 'download-failed',
  },
  { name: 'a changed package', path: busybox, fault: { replace: flipped }, code: 'channel-hash-mismatch' },
  { name: 'a missing package', path: busybox, fault: { status: 404 }, code: 'download-failed' },
];
for (const { name, path, fault, code, message } of faultCases) {
  test(`refused, leaving nothing: ${name}`, async () => {
    await using scene = await Scene.open(mainSuite);
    for (const file of scene.archive.files.keys())
      if (path.test(file)) scene.server.faults.set(`debian/${file}`, fault);
    await assert.rejects(scene.make(), (error: NodeJS.ErrnoException & { hint?: string }) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message ?? /./);
      assert.ok(error.message.includes('127.0.0.1'), 'the error names the address');
      assert.ok(error.hint, 'the error says what to do');
      return true;
    });
    assert.deepEqual(
      readdirSync(scene.directory).filter((entry) => entry.startsWith('tree')),
      [],
    );
  });
}

test('a connection that is cut once is tried again', async () => {
  await using scene = await Scene.open(mainSuite);
  for (const file of scene.archive.files.keys())
    scene.server.faults.set(`debian/${file}`, { cutAfter: 10, times: 1 });
  assert.ok((await scene.make()).packages.has('app'));
});

test('a damaged cache entry is fetched again', async () => {
  await using scene = await Scene.open(mainSuite);
  await scene.make();
  rmSync(scene.output, { recursive: true });
  const cache = join(scene.directory, 'cache/sha256');
  for (const name of readdirSync(cache)) writeFileSync(join(cache, name), 'damaged');
  assert.ok((await scene.make()).packages.has('app'));
});

test('a suite signed by a key of another archive is refused', async () => {
  await using scene = await Scene.open({ ...mainSuite, key: await makeTestKey() });
  await assert.rejects(scene.make(), { code: 'channel-bad-signature' });
});

test("Debian's own channels do not believe the test key", async () => {
  await using scene = await Scene.open(mainSuite);
  await assert.rejects(makeChannelTree({ ...scene.context(), trust: {} }, scene.request(), scene.output), {
    code: 'channel-bad-signature',
  });
});

test("another suite's release file under this suite's name is refused", async () => {
  await using scene = await Scene.open({ ...mainSuite, codename: 'bookworm' });
  await assert.rejects(scene.make(), {
    code: 'channel-wrong-suite',
    message: /'bookworm', expected 'trixie'/,
  });
});

test('an expired release file warns with its age; channel-max-age makes it an error', async () => {
  await using scene = await Scene.open({ ...mainSuite, validUntil: new Date('2026-01-05T00:00:00Z') });
  await scene.make();
  const warning = scene.logger.messages.find(({ message }) => message.includes('expired'));
  assert.match(warning!.message, /'trixie' is of 2026-01-02 03:04 and expired 5 days ago/);
  rmSync(scene.output, { recursive: true });
  await scene.make({}, { maxExpiredSeconds: 6 * 86_400 });
  rmSync(scene.output, { recursive: true });
  await assert.rejects(scene.make({}, { maxExpiredSeconds: 4 * 86_400 }), {
    code: 'channel-too-old',
    message: /expired 5 days ago, more than 'channel-max-age' allows \(4 days\)/,
  });
});

test('a release file older than the locked one is refused; one of the same date is not', async () => {
  await using scene = await Scene.open(mainSuite);
  const locked = (date: string) => ({ lockedDates: new Map([['trixie', new Date(date)]]) });
  await assert.rejects(scene.make({}, locked('2026-01-02T03:04:06Z')), { code: 'channel-rollback' });
  await scene.make({}, locked('2026-01-02T03:04:05Z'));
});

test('without updates and security the channel is made with a warning for each', async () => {
  await using scene = await Scene.open(mainSuite);
  await scene.make();
  const warnings = scene.logger.messages.map(({ message }) => message);
  assert.equal(warnings.length, 2);
  assert.match(warnings[0], /'trixie-updates'.*'debian-mirror'/);
  assert.match(warnings[1], /'trixie-security'.*'debian-security-mirror'/);
});

test('a channel that had security updates does not lose them silently', async () => {
  await using scene = await Scene.open(mainSuite);
  const lockedDates = new Map([['trixie-security', new Date('2026-01-01')]]);
  await assert.rejects(scene.make({}, { lockedDates }), {
    code: 'channel-no-mirror',
    message: /trixie-security/,
  });
});

test('no mirror at all: the error names the setting', async () => {
  await using scene = await Scene.open(mainSuite);
  await assert.rejects(scene.make({ mirrors: {} }), {
    code: 'channel-no-mirror',
    message: 'no mirror of the Debian archive is configured',
    hint: /'debian-mirror'.*FIRN_DEBIAN_MIRROR/,
  });
});

test('mirrors come from the apt configuration; those that do not serve the suite are passed over', async () => {
  await using scene = await Scene.open(mainSuite, { name: 'trixie-security' });
  const { url } = scene.server;
  writeFileSync(
    join(scene.directory, 'sources.list'),
    `deb ${url}/other trixie main\ndeb http://127.0.0.1:1/debian trixie main\ndeb ${url}/debian sid main\n`,
  );
  const index = await scene.make({ mirrors: { aptDirectory: scene.directory } });
  assert.deepEqual(
    index.suites.map((suite) => [suite.suite.name, suite.mirror]),
    [
      ['trixie', `${url}/debian`],
      ['trixie-security', `${url}/debian-security`],
    ],
  );
});

test('a component or architecture that does not exist is named', async () => {
  await using scene = await Scene.open(mainSuite);
  await assert.rejects(scene.make({ components: ['main', 'contrib'] }), {
    code: 'channel-missing-index',
    message: /'contrib\/binary-amd64\/Packages'/,
  });
  await assert.rejects(scene.make({ system: 'i686-linux' }), { code: 'channel-unsupported-system' });
});

test('a malformed stanza stops the update', async () => {
  await using scene = await Scene.open({
    name: 'trixie',
    packages: [...bootstrapPackages, { name: 'evil', fields: { Version: '' } }],
  });
  await assert.rejects(scene.make(), { code: 'channel-malformed-index', message: /Packages.*'Version'/ });
  assert.ok(!existsSync(scene.output));
});

test('an archive without the bootstrap programs is refused, naming the package', async () => {
  await using scene = await Scene.open({
    name: 'trixie',
    packages: bootstrapPackages.filter((item) => item.name !== 'bubblewrap'),
  });
  await assert.rejects(scene.make(), { code: 'channel-missing-bootstrap', message: /'bubblewrap'/ });
});

test('a library that no dependency has is named', async () => {
  await using scene = await Scene.open({
    name: 'trixie',
    packages: bootstrapPackages.map((item) => (item.name === 'libcap2' ? { ...item, files: {} } : item)),
  });
  await assert.rejects(scene.make(), {
    code: 'channel-missing-bootstrap',
    message: /'bubblewrap' has the library 'libcap.so.2'/,
  });
});
