/**
 * The packages that `tests/functional/packages.test.ts` builds and starts: drawn from the whole archive when the toolbox is
 * made, so that their downloads are there when tests run without a network. `FIRN_TEST_SEED` draws others.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { drawNames } from './drawn-packages.ts';
import { PackagesScene } from './packages-scene.ts';
import { testSeed } from './random.ts';

export interface DrawnSample {
  readonly seed: number;
  /** Debian's names, in the order in which they are tried. */
  readonly names: readonly string[];
}

/** More than are built: not every package has programs. The last ones most likely do. */
const sampleSize = { any: 3, likely: 5 };
const closureLimit = 20e6;
const seldomProgram =
  /^(lib|python3-|php-|ruby-|node-|golang-|elpa-|r-|puppet-|pd-|postgresql-|linux-|erlang-|gir1)|-(dev|doc|common|data|dbg)$/;

/** Reads what `drawSample` wrote. */
export function readSample(file: string): DrawnSample {
  return JSON.parse(readFileSync(file, 'utf8')) as DrawnSample;
}

/**
 * The sample of `file`, drawn where there is none yet or `FIRN_TEST_SEED` wants another.
 *
 * @param channel a directory that has a channel tree's `debian/` and `bootstrap/`
 */
export async function drawSample(file: string, channel: string): Promise<DrawnSample> {
  const seed = testSeed();
  const isChosen = process.env['FIRN_TEST_SEED'] !== undefined;
  if (existsSync(file)) {
    const former = readSample(file);
    if (!isChosen || former.seed === seed) return former;
  }
  await using scene = PackagesScene.onIndex(channel);
  const candidates = drawNames(scene, { seed, count: 8, closureLimit });
  const any = candidates.slice(0, sampleSize.any);
  const likely = candidates.slice(sampleSize.any).filter((name) => !seldomProgram.test(name));
  const sample = { seed, names: [...any, ...likely.slice(0, sampleSize.likely)] };
  writeFileSync(file, `${JSON.stringify(sample)}\n`);
  return sample;
}
