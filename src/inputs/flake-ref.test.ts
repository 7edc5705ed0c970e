import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FlakeFiles, FlakeRef, parseFlakeRef, parseFlakeRefWithFragment } from './flake-ref.ts';
import { fixGitUrl, isLegalRefName } from './git-names.ts';
import { Input } from './input.ts';

const features = new Set(['flakes']);
const rev = '91cd1acdd54cfc820143b091537096be4643aa0e';
const narHash = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

/** Text, and the attributes that C++ Nix 2.26's `parseFlakeRef` gives for it. */
const references: readonly (readonly [text: string, attrs: Record<string, unknown>])[] = [
  ['nixpkgs', { type: 'indirect', id: 'nixpkgs' }],
  ['nixpkgs/release-20.09', { type: 'indirect', id: 'nixpkgs', ref: 'release-20.09' }],
  [`flake:nixpkgs/main/${rev}`, { type: 'indirect', id: 'nixpkgs', ref: 'main', rev }],
  ['path:/foo/bar?lastModified=5', { type: 'path', path: '/foo/bar', lastModified: 5 }],
  ['path:./a', { type: 'path', path: './a' }],
  ['/foo', { type: 'path', path: '/foo' }],
  [
    'git+ssh://git@github.com/foo/bar?ref=x&dir=a',
    { type: 'git', url: 'ssh://git@github.com/foo/bar', ref: 'x', dir: 'a' },
  ],
  ['git+file:///repo?shallow=1', { type: 'git', url: 'file:///repo', shallow: true }],
  ['github:a/b/c?dir=d', { type: 'github', owner: 'a', repo: 'b', ref: 'c', dir: 'd' }],
  [`gitlab:a/b/${rev}`, { type: 'gitlab', owner: 'a', repo: 'b', rev }],
  ['sourcehut:~a/b', { type: 'sourcehut', owner: '~a', repo: 'b' }],
  [
    `https://x.org/a.tar.gz?x=1&narHash=${narHash}`,
    { type: 'tarball', url: 'https://x.org/a.tar.gz?x=1', narHash },
  ],
  ['file+https://x.org/a', { type: 'file', url: 'https://x.org/a' }],
];

describe('flake references', () => {
  for (const [text, attrs] of references) {
    test(text, () => assert.deepEqual({ ...parseFlakeRef(text, { features }).toAttrs() }, attrs));
  }
  for (const text of ['./foo', 'foo:bar', 'a#b', 'https://x.org/a b', 'git+file:///repo?ref=a..b']) {
    test(`${text} is none`, () => assert.throws(() => parseFlakeRef(text, { features })));
  }
  test('what is printed is read as the same', () => {
    // A single file is printed without 'file+', as C++ Nix does it.
    for (const [text] of references.filter(([, attrs]) => attrs['type'] !== 'file')) {
      const ref = parseFlakeRef(text, { features });
      assert.ok(parseFlakeRef(ref.toString(), { features }).equals(ref), `${text} -> ${ref}`);
    }
  });
  test('fragments', () => {
    const { ref, fragment } = parseFlakeRefWithFragment('nixpkgs#legacyPackages.x."y z"', { features });
    assert.equal(ref.toString(), 'flake:nixpkgs');
    assert.equal(fragment, 'legacyPackages.x."y z"');
  });
  test('a feature that is off', () => {
    assert.throws(() => parseFlakeRef('nixpkgs', { features: new Set() }), /'flakes' is disabled/);
  });
});

test('a path inside a repository leads to the repository', () => {
  const directories = new Set(['/repo', '/repo/.git', '/repo/sub', '/repo/sub/deep', '/plain']);
  const present = new Set(['/repo/sub/flake.nix', '/plain/flake.nix']);
  const files: FlakeFiles = {
    type: (path) => (directories.has(path) ? 'directory' : present.has(path) ? 'other' : undefined),
    resolve: (path) => path,
    notice: () => {},
  };
  const parse = (text: string, directory: string) =>
    parseFlakeRef(text, { features, base: { directory, files } }).toString();
  assert.equal(parse('.', '/repo/sub/deep'), 'git+file:///repo?dir=sub');
  assert.equal(parse('../plain', '/repo'), 'path:/plain');
  assert.throws(() => parse('.', '/repo'), /not part of a flake/);
});

test('addresses of repositories', () => {
  const table = [
    ['/a b', 'file:///a%20b'],
    ['git@github.com:a/b.git', 'ssh://git@github.com/a/b.git'],
    ['host:/a', 'ssh://host/a'],
    ['https://x.org/a', 'https://x.org/a'],
    ['file:/a', 'file:///a'],
  ];
  for (const [text, url] of table) assert.equal(fixGitUrl(text), url);
});

test('names of branches', () => {
  for (const name of ['main', 'a/b', 'v1.0', 'refs/heads/x', 'a@b']) assert.ok(isLegalRefName(name), name);
  for (const name of ['', '@', 'a..b', 'a b', '.a', 'a/.b', 'a.lock', 'a~1', 'a@{1}', '-a', 'a/'])
    assert.ok(!isLegalRefName(name), name);
});

test('inputs of unknown types are carried, not shown', () => {
  const input = Input.fromAttrs({ type: 'zoo', x: 1 }, features);
  assert.equal(input.isLocked, false);
  assert.throws(() => input.toString(), /cannot show unsupported input/);
  assert.throws(
    () => Input.fromAttrs({ type: 'path', path: '/a', y: 1 }, features),
    /not supported by scheme/,
  );
  assert.ok(FlakeRef.fromAttrs({ type: 'path', path: '/a', dir: 'b' }, features).subdir === 'b');
});
