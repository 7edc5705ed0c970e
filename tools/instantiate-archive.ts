/**
 * Instantiates every package of a channel's archive and prints counts by reason:
 * `node scripts/run.mjs tools/instantiate-archive.ts CHANNEL [--chunk N] [--sample N] [--seed N]`.
 *
 * CHANNEL is a directory that has a channel tree's `debian/` and `bootstrap/` (tools/make-channel.ts makes one); the
 * distribution is this repository's. Progress goes to stderr, the summary as JSON to stdout. Exit status 1 when a
 * package fails for another reason than one that Debian's own index gives.
 */
import { parseArgs } from 'node:util';
import { failuresByReason, instantiatePackages } from '../tests/support/instantiate-packages.ts';
import { PackagesScene } from '../tests/support/packages-scene.ts';
import { shuffled, testSeed } from '../tests/support/random.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { chunk: { type: 'string' }, sample: { type: 'string' }, seed: { type: 'string' } },
});
if (positionals.length !== 1) {
  process.stderr.write('usage: instantiate-archive.ts CHANNEL [--chunk N] [--sample N] [--seed N]\n');
  process.exitCode = 1;
} else {
  await using scene = PackagesScene.onIndex(positionals[0]);
  process.exitCode = count(scene) ? 0 : 1;
}

function count(scene: PackagesScene): boolean {
  const seed = values.seed === undefined ? testSeed() : Number(values.seed);
  const all = scene.evaluate('import <nixpkgs/debian/names.nix>') as string[];
  const names = values.sample === undefined ? all : shuffled(all, seed).slice(0, Number(values.sample));
  const begin = performance.now();
  const { derivations, failures } = instantiatePackages(scene, names, {
    chunkSize: Number(values.chunk ?? 6000),
    onChunk: ({ done, failed }) => {
      const seconds = Math.round((performance.now() - begin) / 1000);
      process.stderr.write(`${done} of ${names.length} packages, ${failed} failed, ${seconds} s\n`);
    },
  });
  const reasons = failuresByReason(failures);
  const summary = {
    packages: names.length,
    ...(values.sample === undefined ? {} : { seed }),
    instantiated: derivations.size,
    distinctDerivations: new Set(derivations.values()).size,
    failed: failures.size,
    seconds: Math.round((performance.now() - begin) / 1000),
    reasons: reasons.map(([reason, those]) => ({
      count: those.length,
      reason,
      packages: those.slice(0, 10),
    })),
  };
  process.stdout.write(`${JSON.stringify(summary, undefined, 2)}\n`);
  return reasons.every(([reason]) => /its dependency '…' is not in the archive/.test(reason));
}
