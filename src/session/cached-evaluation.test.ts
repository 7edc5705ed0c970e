/**
 * Tries to fool the evaluation cache: whatever changed, the kept answer must be the one that a fresh evaluation gives,
 * or none may be given.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CachedScene, type SceneOptions } from '../../tests/support/cached-scene.ts';
import { randomIntegers, testSeed } from '../../tests/support/random.ts';

const files = {
  'a.nix': 'import ./b.nix + 1',
  'b.nix': '1',
  'data.txt': 'some text',
  'tree/x': 'x',
  'tree/sub/y': 'y',
};

/** Each: an expression, and a change after which its answer is another one. */
const changes: readonly (readonly [
  what: string,
  text: string,
  change: (scene: CachedScene) => void,
  after?: SceneOptions,
])[] = [
  ['a file', 'import ./a.nix', (scene) => scene.write('b.nix', '2')],
  [
    'a file, its size and times kept',
    'builtins.readFile ./data.txt',
    (scene) => {
      const { atime, mtime } = statSync(scene.path('data.txt'));
      writeFileSync(scene.path('data.txt'), 'same size');
      utimesSync(scene.path('data.txt'), atime, mtime);
    },
  ],
  ['a file that goes', 'builtins.pathExists ./b.nix', (scene) => rmSync(scene.path('b.nix'))],
  ['a file that comes', 'builtins.pathExists ./new', (scene) => scene.write('new', '')],
  ['a file that comes where an error was', 'builtins.readFile ./new', (scene) => scene.write('new', 'here')],
  ['a listing', 'builtins.readDir ./tree', (scene) => scene.write('tree/z', '')],
  [
    'the type of an entry',
    'builtins.readDir ./tree',
    (scene) => {
      rmSync(scene.path('tree/x'));
      mkdirSync(scene.path('tree/x'));
    },
  ],
  ['a file in a copied tree', '"${./tree}"', (scene) => scene.write('tree/sub/y', 'z')],
  ['a mode in a copied tree', '"${./tree}"', (scene) => chmodSync(scene.path('tree/x'), 0o755)],
  [
    'a name in a copied tree',
    '"${./tree}"',
    (scene) => renameSync(scene.path('tree/x'), scene.path('tree/w')),
  ],
  [
    'a file that a filter left in',
    'builtins.filterSource (path: type: baseNameOf path != "sub") ./tree',
    (scene) => scene.write('tree/x', 'y'),
  ],
  [
    'a link',
    'builtins.readFile ./link',
    (scene) => {
      rmSync(scene.path('link'));
      symlinkSync('b.nix', scene.path('link'));
    },
  ],
  [
    'a link to a directory on the way',
    'builtins.readFile (./. + "/way/y")',
    (scene) => {
      rmSync(scene.path('way'));
      mkdirSync(scene.path('other'));
      scene.write('other/y', 'other');
      symlinkSync('other', scene.path('way'));
    },
  ],
  [
    'a directory on the way that becomes another',
    '"${./. + "/way/y"}"',
    (scene) => {
      scene.write('other/y', 'other');
      renameSync(scene.path('tree/sub'), scene.path('tree/was'));
      renameSync(scene.path('other'), scene.path('tree/sub'));
    },
  ],
  ['a variable', 'builtins.getEnv "X"', () => {}, { env: { X: 'set' } }],
  ['a variable that is set to nothing else', 'builtins.getEnv "X" == ""', () => {}, { env: { X: '1' } }],
  ['the system', 'builtins.currentSystem', () => {}, { settings: { system: 'aarch64-linux' } }],
  ['the home directory', 'toString ~/x', () => {}, { env: { HOME: '/elsewhere' } }],
  [
    'a file behind another question',
    'builtins.pathExists ./tree/x && builtins.readFile ./tree/sub/y == "y"',
    (scene) => truncateSync(scene.path('tree/sub/y')),
  ],
];

for (const [what, text, change, after] of changes) {
  test(`an answer is not given again after a change of ${what}`, async () => {
    using scene = new CachedScene(files);
    symlinkSync('data.txt', scene.path('link'));
    symlinkSync('tree/sub', scene.path('way'));
    const first = await scene.evaluate(text);
    assert.equal(first.isKept, false);
    assert.equal((await scene.evaluate(text)).isKept, true, 'kept while nothing changed');
    change(scene);
    const { isKept, ...then } = await scene.evaluate(text, after);
    assert.equal(isKept, false);
    assert.deepEqual(then, scene.afresh(text, after));
    assert.notDeepEqual(then, { outcome: first.outcome, printed: first.printed });
  });
}

test('the name of the program is part of what an answer depends on', async () => {
  using scene = new CachedScene(files);
  await scene.evaluate('import ./a.nix');
  assert.equal((await scene.evaluate('import ./a.nix', { build: 'another' })).isKept, false);
});

test('what depends on the time is not kept', async () => {
  using scene = new CachedScene(files);
  await scene.evaluate('builtins.currentTime > 0');
  assert.equal((await scene.evaluate('builtins.currentTime > 0')).isKept, false);
});

test('errors and what is printed are given again as they were', async () => {
  using scene = new CachedScene(files);
  for (const text of [
    'builtins.trace "said" (import ./a.nix)',
    'builtins.trace "said" (throw "no: ${toString (import ./b.nix)}")',
    'import ./data.txt',
  ]) {
    const first = await scene.evaluate(text);
    assert.deepEqual(await scene.evaluate(text), { ...first, isKept: true });
    const { isKept: _, ...rest } = first;
    assert.deepEqual(rest, scene.afresh(text));
  }
});

test('endless recursion is not kept: how deep one gets is no property of the program', async () => {
  using scene = new CachedScene();
  const text = 'let f = x: f x + 1; in f 1';
  await scene.evaluate(text);
  assert.equal((await scene.evaluate(text)).isKept, false);
});

test('eval-cache = false neither keeps nor gives', async () => {
  using scene = new CachedScene(files);
  const off = { settings: { 'eval-cache': 'false' } };
  await scene.evaluate('import ./a.nix', off);
  assert.equal((await scene.evaluate('import ./a.nix')).isKept, false);
  assert.equal((await scene.evaluate('import ./a.nix', off)).isKept, false);
});

test('damaged records count as absent', async () => {
  using scene = new CachedScene(files);
  const next = randomIntegers(testSeed());
  for (let round = 0; round < 40; round++) {
    await scene.evaluate('import ./a.nix');
    const [name] = readdirSync(scene.cacheDirectory);
    const file = join(scene.cacheDirectory, name);
    const bytes = readFileSync(file);
    const at = next(bytes.length);
    if (round % 4 === 0) truncateSync(file, at);
    else {
      bytes[at] ^= 1 + next(255);
      writeFileSync(file, bytes);
    }
    const { isKept, outcome } = await scene.evaluate('import ./a.nix');
    assert.equal(isKept, false, `byte ${at}`);
    assert.deepEqual(outcome, { answer: { kind: 'texts', texts: ['2'] } });
  }
});

test('records beyond the size go, those used longest ago first', async () => {
  using scene = new CachedScene({ ...files, 'big.txt': 'x'.repeat(400_000) });
  const small = { settings: { 'eval-cache-size': '1' } };
  for (let i = 0; i < 5; i++) await scene.evaluate(`builtins.readFile ./big.txt + "${i}"`, small);
  const sizes = readdirSync(scene.cacheDirectory).map(
    (name) => statSync(join(scene.cacheDirectory, name)).size,
  );
  assert.ok(sizes.reduce((a, b) => a + b, 0) <= 1_000_000, String(sizes));
  assert.equal((await scene.evaluate('builtins.readFile ./big.txt + "4"', small)).isKept, true);
});

test('a file whose times have settled is not read again, and still found out when it changes', async () => {
  using scene = new CachedScene(files);
  await new Promise((resolve) => setTimeout(resolve, 2_200));
  const text = 'import ./a.nix + builtins.stringLength (builtins.readFile ./data.txt)';
  await scene.evaluate(text);
  assert.equal((await scene.evaluate(text)).isKept, true);
  const record = readFileSync(join(scene.cacheDirectory, readdirSync(scene.cacheDirectory)[0]), 'utf8');
  assert.match(record, /"file","[^"]*data.txt","[^"]*","\d+:\d+:9:\d+:\d+"/);
  const { atime, mtime } = statSync(scene.path('b.nix'));
  writeFileSync(scene.path('b.nix'), '7');
  utimesSync(scene.path('b.nix'), atime, mtime);
  const { isKept, ...then } = await scene.evaluate(text);
  assert.equal(isKept, false);
  assert.deepEqual(then, scene.afresh(text));
});
