/**
 * Builds packages drawn from the whole archive, or named, and starts all their programs in a root that holds only the
 * store: `node scripts/run.mjs tools/start-programs.ts CHANNEL [--count N] [--seed N] [--closure MB] [--keep] [NAME...]`.
 *
 * CHANNEL is a directory with a channel tree's `debian/` and `bootstrap/`; the distribution is this repository's.
 * Downloads are kept where Firn's commands keep them. Progress goes to stderr, a JSON summary to stdout. Exit status 1
 * when a package cannot be built or a program does not start. `--keep` leaves the scratch store and says where it is.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cacheDirectory } from '../src/session/index.ts';
import {
  buildPackage,
  buildPackages,
  type DrawnPackage,
  drawNames,
  type FailedPackage,
} from '../tests/support/drawn-packages.ts';
import { PackagesScene } from '../tests/support/packages-scene.ts';
import { testSeed } from '../tests/support/random.ts';
import { ProgramStarter } from '../tests/support/start-programs.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string' },
    seed: { type: 'string' },
    closure: { type: 'string' },
    keep: { type: 'boolean' },
  },
});
const [channel, ...names] = positionals;
if (channel === undefined) {
  process.stderr.write(
    'usage: start-programs.ts CHANNEL [--count N] [--seed N] [--closure MB] [--keep] [NAME...]\n',
  );
  process.exitCode = 1;
} else {
  process.env['FIRN_TEST_DOWNLOADS'] ??= join(
    cacheDirectory({ HOME: homedir(), ...process.env }),
    'downloads',
  );
  const scene = PackagesScene.onIndex(channel);
  try {
    process.exitCode = main(scene) ? 0 : 1;
  } finally {
    if (values.keep) process.stderr.write(`kept ${scene.directory}\n`);
    else await scene[Symbol.asyncDispose]();
  }
}

function main(scene: PackagesScene): boolean {
  const seed = values.seed === undefined ? testSeed() : Number(values.seed);
  const begin = performance.now();
  const { built, failed } = names.length > 0 ? buildNamed(scene) : buildDrawn(scene, seed);
  const essential = scene.build('map pkgs.debianPackage (import <nixpkgs/debian/channel.nix>).essential');
  const starter = new ProgramStarter(scene, join(channel, 'bootstrap'), essential);
  const starts = built.flatMap(({ programs }) => programs.map((program) => starter.start(program)));
  const bad = starts.filter(({ failure }) => failure !== undefined);
  const summary = {
    ...(names.length > 0 ? {} : { seed }),
    packages: built.map(({ name, programs }) => `${name} (${programs.length})`),
    programs: starts.length,
    notStarted: bad.map(({ program, argument, failure }) => ({ program, argument, failure })),
    undeclaredInterpreters: starts.flatMap(({ program, undeclared }) =>
      undeclared ? [{ program, undeclared }] : [],
    ),
    notBuilt: failed,
    seconds: Math.round((performance.now() - begin) / 1000),
  };
  process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`);
  return bad.length === 0 && failed.length === 0;
}

function buildDrawn(scene: PackagesScene, seed: number) {
  const closureLimit = Number(values.closure ?? 150) * 1e6;
  const count = Number(values.count ?? 20);
  const onPackage = (name: string) => void process.stderr.write(`building ${name}\n`);
  return buildPackages(scene, drawNames(scene, { seed, count, closureLimit }), { count, onPackage });
}

function buildNamed(scene: PackagesScene): { built: DrawnPackage[]; failed: FailedPackage[] } {
  const outcomes = names.map((name) => buildPackage(scene, name));
  return {
    built: outcomes.filter((each): each is DrawnPackage => 'outPath' in each),
    failed: outcomes.filter((each): each is FailedPackage => 'error' in each),
  };
}
