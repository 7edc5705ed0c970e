import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { mainSuite, now, Scene } from '../../tests/support/channel-scene.ts';
import {
  storeXz,
  type TestFile,
  type TestSuite,
  writeTar,
} from '../../tests/support/debian-archive/index.ts';
import { parseStorePath } from '../formats/index.ts';
import { deleteGenerations, findGenerations, LocalStore } from '../store/index.ts';
import { addChannel, readChannelList, writeChannelList } from './channel-list.ts';
import { type ChannelsContext, rollbackChannels, uninstallChannel, updateChannels } from './channels.ts';
import { sha256Hex } from './download-cache.ts';
import { pruneDownloads } from './kept-downloads.ts';

/** A user with a store of their own, beside a served archive. */
class User implements AsyncDisposable {
  readonly scene: Scene;
  readonly store: LocalStore;
  readonly context: ChannelsContext;

  constructor(scene: Scene, store: LocalStore) {
    const { freshness: _, ...archive } = scene.context();
    const { channel: __, ...request } = scene.request();
    this.scene = scene;
    this.store = store;
    this.context = {
      ...archive,
      store,
      now,
      temporaryDirectory: join(scene.directory, 'tmp'),
      request,
      places: {
        list: join(scene.directory, 'home/.nix-channels'),
        profile: join(store.stateDir, 'profiles/per-user/someone/channels'),
        defExpr: join(scene.directory, 'home/.nix-defexpr'),
      },
    };
    mkdirSync(join(scene.directory, 'home'));
  }

  static async open(...suites: TestSuite[]): Promise<User> {
    const scene = await Scene.open(...suites);
    const root = join(scene.directory, 'root');
    const store = await LocalStore.open({
      storeDir: '/nix/store',
      realStoreDir: join(root, 'nix/store'),
      stateDir: join(root, 'nix/var/nix'),
      logDir: join(root, 'nix/var/log/nix'),
      logger: scene.logger,
      durable: false,
      reserveBytes: 0,
    });
    return new User(scene, store);
  }

  get generations(): number[] {
    return findGenerations(this.context.places.profile).generations.map(({ number }) => number);
  }

  get current(): number | undefined {
    return findGenerations(this.context.places.profile).current;
  }

  /** The current generation's directory. */
  get environment(): string {
    const { profile } = this.context.places;
    const link = join(profile, '..', readlinkSync(profile));
    return this.store.toRealPath(parseStorePath('/nix/store', readlinkSync(link)));
  }

  /** A file of an installed channel. */
  read(name: string, file: string): string {
    const [, base, ...rest] = /^\/nix\/store\/([^/]+)\/(.*)$/.exec(
      readlinkSync(join(this.environment, name)),
    )!;
    return readFileSync(join(this.store.realStoreDir, base, ...rest, file), 'utf8');
  }

  add(url: string, name?: string): void {
    addChannel(this.context.places.list, url, name);
  }

  update(...names: string[]): Promise<void> {
    return updateChannels(this.context, names);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.store.close();
    await this.scene[Symbol.asyncDispose]();
  }
}

/** The files of the installed channel `nixos`. */
function readTree(user: User): Map<string, string> {
  const path = readlinkSync(join(user.environment, 'nixos'));
  const root = join(user.store.realStoreDir, path.slice('/nix/store/'.length));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(root, name)).isFile(),
  );
  return new Map(files.sort().map((name) => [name, readFileSync(join(root, name), 'utf8')]));
}

const newer: TestSuite = {
  ...mainSuite,
  date: new Date('2026-01-03T00:00:00Z'),
  packages: [...mainSuite.packages!, { name: 'newcomer' }],
};

test('an update makes a generation that holds the tree, the manifest and the link for nix-env', async () => {
  await using user = await User.open(mainSuite);
  user.add('debian:trixie');
  await user.update();
  assert.equal(user.current, 1);
  assert.deepEqual(readdirSync(user.environment).sort(), ['manifest.nix', 'nixos']);
  assert.match(
    readlinkSync(join(user.environment, 'nixos')),
    /^\/nix\/store\/[0-9a-z]{32}-nixos-26\.01\.20260102\.[0-9a-f]{7}\/nixos$/,
  );
  assert.equal(user.read('nixos', '.version'), '26.01');
  const { defExpr, profile } = user.context.places;
  assert.equal(readlinkSync(join(defExpr!, 'channels')), profile);
});

test('the manifest is what nix-env writes', async () => {
  await using user = await User.open(mainSuite);
  user.add('debian:trixie', 'x');
  await user.update();
  const path = readlinkSync(join(user.environment, 'x')).slice(0, -'/x'.length);
  const manifest = join(
    user.store.realStoreDir,
    basename(readlinkSync(join(user.environment, 'manifest.nix'))),
  );
  const name = basename(path).slice(33);
  assert.equal(
    readFileSync(manifest, 'utf8'),
    `[ { meta = { }; name = "${name}"; out = { outPath = "${path}"; }; outPath = "${path}"; outputs = [ "out" ]; system = "builtin"; type = "derivation"; } ]`,
  );
});

test('the environment refers to the channel and the manifest, so that nothing of a generation is collected', async () => {
  await using user = await User.open(mainSuite);
  user.add('debian:trixie');
  await user.update();
  const info = user.store.queryPathInfo(
    parseStorePath('/nix/store', `/nix/store/${basename(user.environment)}`),
  )!;
  assert.deepEqual(info.references.map((path) => path.name.replace(/-26.*/, '')).sort(), [
    'env-manifest.nix',
    'nixos',
  ]);
});

test('the same state makes no new generation and no new tree', async () => {
  await using user = await User.open(mainSuite);
  user.add('debian:trixie');
  await user.update();
  const before = user.environment;
  user.scene.server.requests.length = 0;
  await user.update();
  assert.deepEqual(user.generations, [1]);
  assert.equal(user.environment, before);
  assert.ok(user.scene.server.requests.every((path) => path.endsWith('InRelease')));
});

test('a changed distribution makes a tree whose archive files are those of the former one', async () => {
  await using user = await User.open(mainSuite);
  user.add('debian:trixie');
  await user.update();
  const former = readTree(user);
  user.scene.server.requests.length = 0;
  const extra = join(user.scene.directory, 'extra');
  writeFileSync(extra, 'program\n', { mode: 0o755 });
  const { directory } = user.context.request.distribution;
  const distribution = { directory, program: new Map([['bin/extra', extra]]) };
  await updateChannels({ ...user.context, request: { ...user.context.request, distribution } });
  assert.deepEqual(user.generations, [1, 2]);
  assert.ok(user.scene.server.requests.every((path) => path.endsWith('InRelease')));
  const tree = readTree(user);
  assert.equal(tree.get('firn/bin/extra'), 'program\n');
  for (const map of [former, tree]) for (const name of ['lock.json', 'firn/bin/extra']) map.delete(name);
  assert.deepEqual(tree, former);
});

test('a changed archive makes a generation; rollback needs no network', async () => {
  await using user = await User.open(mainSuite);
  user.add('debian:trixie');
  await user.update();
  await user.scene.archive.publish(newer);
  await user.update();
  assert.deepEqual(user.generations, [1, 2]);
  assert.match(user.read('nixos', 'index.json'), /newcomer/);
  await user.scene.server.close();
  assert.deepEqual(rollbackChannels(user.context.places), { from: 2, to: 1 });
  assert.doesNotMatch(user.read('nixos', 'index.json'), /newcomer/);
  assert.deepEqual(rollbackChannels(user.context.places, 2), { from: 1, to: 2 });
  assert.throws(() => rollbackChannels(user.context.places, 7), { code: 'no-such-generation' });
});

test('an older release file than that of the present generation is refused', async () => {
  await using user = await User.open(newer);
  user.add('debian:trixie');
  await user.update();
  await user.scene.archive.publish(mainSuite);
  await assert.rejects(user.update(), { code: 'channel-rollback' });
  assert.deepEqual(user.generations, [1]);
});

const failures = [
  {
    name: 'a wrong signature',
    path: 'debian/dists/trixie/InRelease',
    fault: {
      replace: (bytes: Uint8Array) =>
        Buffer.from(Buffer.from(bytes).toString('latin1').replace('trixie', 'trixix')),
    },
  },
  { name: 'a mirror that is gone', path: 'debian/dists/trixie/InRelease', fault: { status: 500 } },
] as const;
for (const { name, path, fault } of failures) {
  test(`after ${name} the former generation is in place`, async () => {
    await using user = await User.open(mainSuite);
    user.add('debian:trixie');
    await user.update();
    const before = user.environment;
    await user.scene.archive.publish(newer);
    user.scene.server.faults.set(path, fault);
    await assert.rejects(user.update());
    assert.deepEqual([user.generations, user.environment], [[1], before]);
    assert.deepEqual(readdirSync(user.context.temporaryDirectory), []);
    user.scene.server.faults.clear();
    await user.update();
    assert.deepEqual(user.generations, [1, 2]);
  });
}

test('downloads are kept while any generation names them', async () => {
  await using user = await User.open(mainSuite);
  const { cache, places } = user.context;
  user.add('debian:trixie');
  await user.update();
  const kept = new Set(readdirSync(join(cache.directory, 'sha256')));
  const foreign = sha256Hex('foreign');
  cache.put(foreign, Buffer.from('foreign'));
  assert.equal(pruneDownloads(cache, user.store, [places.profile]), 1);
  assert.deepEqual(new Set(readdirSync(join(cache.directory, 'sha256'))), kept);
  await user.scene.archive.publish({
    ...newer,
    packages: newer.packages!.map((item) => ({ ...item, version: '9:9' })),
  });
  await user.update();
  assert.equal(pruneDownloads(cache, user.store, [places.profile]), 0);
  deleteGenerations(places.profile, [1]);
  const left = pruneDownloads(cache, user.store, [places.profile]);
  assert.ok(left > 0);
  assert.ok(pruneDownloads(cache, user.store, []) > 0);
  assert.deepEqual(readdirSync(join(cache.directory, 'sha256')), []);
});

test('several channels: only the named one is updated', async () => {
  await using user = await User.open(mainSuite);
  user.add('debian:trixie', 'a');
  user.add('debian:trixie-small', 'b');
  await user.update();
  const before = readlinkSync(join(user.environment, 'b'));
  await user.scene.archive.publish(newer);
  await user.update('a');
  assert.match(user.read('a', 'index.json'), /newcomer/);
  assert.equal(readlinkSync(join(user.environment, 'b')), before);
  await assert.rejects(user.update('aa'), { code: 'channel-not-subscribed', hint: "did you mean 'a'?" });
});

test('a removed channel is gone from the list and from the next generation', async () => {
  await using user = await User.open(mainSuite);
  user.add('debian:trixie', 'a');
  user.add('debian:trixie-small', 'b');
  await user.update();
  await uninstallChannel(user.context, 'a');
  assert.deepEqual(readdirSync(user.environment).sort(), ['b', 'manifest.nix']);
  assert.deepEqual([...readChannelList(user.context.places.list).keys()], ['b']);
  await uninstallChannel(user.context, 'never-there');
  assert.deepEqual(user.generations, [1, 2]);
});

test("an old link '~/.nix-defexpr' is replaced by a directory", async () => {
  await using user = await User.open(mainSuite);
  symlinkSync('/nowhere', user.context.places.defExpr!);
  await user.update();
  assert.ok(existsSync(join(user.context.places.defExpr!, '.')));
});

test('two updates at once both succeed', async () => {
  await using user = await User.open(mainSuite);
  user.add('debian:trixie');
  await Promise.all([user.update(), user.update()]);
  assert.deepEqual(user.generations, [1]);
});

const tarballFiles: Record<string, TestFile> = {
  'nixos-26.05pre1.abc/default.nix': '{ }\n',
  'nixos-26.05pre1.abc/run': { data: '#!/bin/sh\n', mode: 0o755 },
  'nixos-26.05pre1.abc/deep/link': { symlink: '../default.nix' },
  'nixos-26.05pre1.abc/hard': { hardlink: './nixos-26.05pre1.abc/default.nix' },
};

test('a tarball channel, by its directory and by its own URL', async () => {
  await using user = await User.open(mainSuite);
  user.scene.archive.files.set('c/nixos-26.05pre1.abc/nixexprs.tar.xz', storeXz(writeTar(tarballFiles)));
  user.add(`${user.scene.server.url}/debian/c/nixos-26.05pre1.abc/`, 'one');
  user.add(`${user.scene.server.url}/debian/c/nixos-26.05pre1.abc/nixexprs.tar.xz`, 'two');
  await user.update();
  for (const name of ['one', 'two']) {
    assert.match(
      readlinkSync(join(user.environment, name)),
      new RegExp(`-${name}-26\\.05pre1\\.abc/${name}$`),
    );
    for (const file of ['default.nix', 'hard', 'deep/link']) assert.equal(user.read(name, file), '{ }\n');
  }
});

test('a tarball from the file system', async () => {
  await using user = await User.open(mainSuite);
  const path = join(user.scene.directory, 'mine.tar.gz');
  writeFileSync(path, writeTar({ 'x/default.nix': '1\n' }));
  user.add(`file://${path}`, 'mine');
  await user.update();
  assert.equal(user.read('mine', 'default.nix'), '1\n');
});

const badTarballs: readonly { name: string; bytes: Uint8Array }[] = [
  { name: 'no tarball', bytes: Buffer.from('hello') },
  { name: 'a truncated one', bytes: storeXz(writeTar(tarballFiles)).subarray(0, 300) },
  { name: 'two directories', bytes: writeTar({ 'a/x': '', 'b/x': '' }) },
  { name: 'nothing', bytes: writeTar({}) },
  { name: 'a name that climbs out', bytes: writeTar({ 'a/../../x': '' }) },
  { name: 'an absolute name', bytes: writeTar({ '/../x': '' }) },
  { name: 'a file written through a link', bytes: writeTar({ 'a/d': { symlink: '/tmp' }, 'a/d/x': 'evil' }) },
  {
    name: 'a name twice',
    bytes: Buffer.concat([writeTar({ 'a/x': '1' }).subarray(0, 1024), writeTar({ 'a/x': '2' })]),
  },
  { name: 'a hard link to nothing', bytes: writeTar({ 'a/x': { hardlink: './etc/passwd' } }) },
];
for (const { name, bytes } of badTarballs) {
  test(`refused tarball: ${name}`, async () => {
    await using user = await User.open(mainSuite);
    user.scene.archive.files.set('bad.tar.xz', bytes);
    user.add(`${user.scene.server.url}/debian/bad.tar.xz`, 'bad');
    await assert.rejects(user.update(), { code: 'bad-tarball' });
    assert.deepEqual(user.generations, []);
  });
}

test('the list: comments, missing names, slashes at the end, sorting', async () => {
  await using user = await User.open(mainSuite);
  const { list } = user.context.places;
  assert.deepEqual([...readChannelList(list)], []);
  writeFileSync(list, '# comment\n\nhttps://x.test/z// zed\n  debian:sid\nhttps://x.test/channel\n');
  const expected = [
    ['channel', 'https://x.test/channel'],
    ['nixos', 'debian:sid'],
    ['zed', 'https://x.test/z'],
  ];
  assert.deepEqual([...readChannelList(list)], expected);
  writeChannelList(list, readChannelList(list));
  assert.deepEqual([...readChannelList(list)], expected);
});

const additions = [
  { url: 'debian:trixie', name: undefined, gives: 'nixos' },
  { url: 'https://x.test/nixos-unstable', name: undefined, gives: 'nixos' },
  { url: 'https://x.test/home-stable', name: undefined, gives: 'home' },
  { url: 'file:///srv/c', name: 'mine', gives: 'mine' },
  { url: 'debian:sarge', name: undefined, code: 'channel-unknown' },
  { url: 'ftp://x.test/c', name: undefined, code: 'channel-bad-url' },
  { url: 'https://x.test/c', name: '-x', code: 'channel-bad-name' },
  { url: 'https://x.test/c', name: 'a/b', code: 'channel-bad-name' },
];
for (const { url, name, gives, code } of additions) {
  test(`--add ${url} ${name ?? ''}: ${gives ?? code}`, async () => {
    await using user = await User.open();
    if (code) assert.throws(() => user.add(url, name), { code });
    else user.add(url, name);
    assert.deepEqual([...readChannelList(user.context.places.list).keys()], gives ? [gives] : []);
  });
}
