/** The evaluation cache and the resident evaluator under random edits of a tree: they give what a fresh evaluation gives. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { test } from 'node:test';
import { CachedScene } from '../../tests/support/cached-scene.ts';
import { randomIntegers, testSeed } from '../../tests/support/random.ts';

const names = ['a', 'b', 'c', 'd/e', 'd/f'];

/** Expressions that look at the files in all the ways there are. */
const texts = [
  'map (n: if builtins.pathExists (./. + "/${n}") then n else null) [ "a" "b" "c" "d" "d/e" "d/f" ]',
  'builtins.tryEval (builtins.readFile ./a)',
  'builtins.mapAttrs (n: t: if t == "regular" then builtins.readFile (./. + "/${n}") else t) (builtins.readDir ./.)',
  '"${./.}"',
  'builtins.filterSource (path: type: type != "symlink" && baseNameOf path != "c") ./.',
  'builtins.path { path = ./d; name = "d"; }',
  'if builtins.pathExists ./c then builtins.hashFile "sha256" ./c else builtins.getEnv "X"',
  'builtins.trace (builtins.readDir ./.) (import ./b)',
  'builtins.readFileType ./a',
  'let f = import ./d/e; in [ (import ./b) (f) (builtins.scopedImport { x = 1; } ./c) ]',
  'import ./d/f { file = ./a; }',
];

const contents = [
  '1',
  '2',
  '{ file }: import file',
  'builtins.pathExists ./a',
  'let x = import ./a; in [ x (builtins.trace "read" x) ]',
  'builtins.currentSystem + builtins.readFile ./c',
  'throw "no"',
  '1 +',
];

test('random edits', async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed}`);
  const next = randomIntegers(seed);
  using scene = new CachedScene({ 'd/e': '1' });
  let kept = 0;
  for (let round = 0; round < 250; round++) {
    if (next(3) > 0) edit(scene, next);
    for (const text of texts) {
      const { isKept, ...given } = await scene.evaluate(text);
      if (isKept) kept++;
      const fresh = scene.afresh(text);
      assert.deepEqual(given, fresh, `round ${round}: ${text}`);
      assert.deepEqual(scene.resident(text), fresh, `resident, round ${round}: ${text}`);
    }
  }
  t.diagnostic(`${kept} of ${250 * texts.length} answers were kept ones`);
  assert.ok(kept > texts.length * 20);
});

/** One random change; one that is impossible (a directory in the way) changes nothing. */
function edit(scene: CachedScene, next: (limit: number) => number): void {
  const name = names[next(names.length)];
  const path = scene.path(name);
  try {
    switch (next(8)) {
      case 0:
      case 1:
        scene.write(name, contents[next(contents.length)]);
        break;
      case 2:
        rmSync(path, { recursive: true });
        break;
      case 3:
        mkdirSync(path);
        break;
      case 4:
        symlinkSync(names[next(names.length)], path);
        break;
      case 5:
        renameSync(path, scene.path(names[next(names.length)]));
        break;
      case 6:
        chmodSync(path, next(2) === 0 ? 0o644 : 0o755);
        break;
      default:
        utimesSync(path, 1, 1);
    }
  } catch (error) {
    assert.ok((error as NodeJS.ErrnoException).code !== undefined, String(error));
  }
}
