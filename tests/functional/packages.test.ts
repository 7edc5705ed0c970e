/**
 * A sample of Debian's archive: any package can be instantiated; packages drawn when the toolbox was made are built, and
 * their programs start in a root that holds only the store. `tools/instantiate-archive.ts` and `tools/start-programs.ts` do
 * the same for the whole archive and for more packages.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildPackages } from '../support/drawn-packages.ts';
import { readSample } from '../support/drawn-sample.ts';
import { failuresByReason, instantiatePackages } from '../support/instantiate-packages.ts';
import { PackagesScene } from '../support/packages-scene.ts';
import { shuffled, testSeed } from '../support/random.ts';
import { ProgramStarter } from '../support/start-programs.ts';

/** Names that are instantiated, of nearly 70,000. */
const INSTANTIATED = 800;
/** Packages with programs that are built. */
const BUILT = 3;
/** Of these, packages of which some program does not start: one in twenty of the whole archive does not. */
const TOLERATED = 1;

describe('packages of the archive', () => {
  let scene: PackagesScene;

  before(() => {
    scene = PackagesScene.prepared();
  });
  after(async () => {
    await scene?.[Symbol.asyncDispose]();
  });

  test('a drawn part of all names instantiates', (context) => {
    const seed = testSeed();
    context.diagnostic(`seed ${seed}`);
    const all = scene.evaluate('import <nixpkgs/debian/names.nix>') as string[];
    assert.ok(all.length > 60_000, `${all.length} names`);
    const names = shuffled(all, seed).slice(0, INSTANTIATED);
    const { derivations, failures } = instantiatePackages(scene, names, { chunkSize: INSTANTIATED });
    assert.equal(derivations.size + failures.size, INSTANTIATED);
    const ours = failuresByReason(failures).filter(([reason]) => !isDebianGap(reason));
    assert.deepEqual(ours, []);
    context.diagnostic(
      `${derivations.size} instantiated, ${failures.size} lack what the archive does not have`,
    );
  });

  test('drawn packages build, and their programs start', (context) => {
    const { seed, names } = readSample(process.env['FIRN_TEST_DRAWN']!);
    context.diagnostic(`seed ${seed}`);
    const { built, failed } = buildPackages(scene, names, { count: BUILT });
    assert.deepEqual(failed, []);
    assert.ok(built.length > 0, `none of ${names.join(', ')} has programs`);
    const essential = scene.build('map pkgs.debianPackage (import <nixpkgs/debian/channel.nix>).essential');
    const starter = new ProgramStarter(scene, join(scene.tree, 'bootstrap'), essential);
    const bad = built.flatMap(({ name, programs }) => {
      const failures = programs
        .map((each) => starter.start(each))
        .filter(({ failure }) => failure !== undefined);
      context.diagnostic(
        `${name}: ${programs.length - failures.length} of ${programs.length} programs started`,
      );
      return failures.length === 0 ? [] : [{ name, failures }];
    });
    // The archive has packages whose programs look for files where only Debian has them; docs/packages.md counts them.
    if (bad.length > TOLERATED) assert.deepEqual(bad, []);
    if (bad.length > 0) context.diagnostic(JSON.stringify(bad));
  });
});

/** Debian's own index names a dependency that is nowhere. */
function isDebianGap(reason: string): boolean {
  return /its dependency '…' is not in the archive/.test(reason);
}
