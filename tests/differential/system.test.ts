/**
 * The channel tree as C++ Nix sees it: the example system has the same derivations, down to their bytes, and `bash` and
 * `hello` (from source, with our stdenv) have the same outputs when C++ Nix builds them and everything that they are built
 * with from the same downloads. C++ Nix 2.26 and 2.8 come from the channels of their releases.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Derivation, parseDerivation } from '../../src/formats/index.ts';
import { CppStore } from '../support/cpp-store.ts';
import { Oracle } from '../support/oracle.ts';
import { PackagesScene } from '../support/packages-scene.ts';
import { system } from '../support/scratch-builder.ts';

const configuration = fileURLToPath(
  new URL('../../examples/first-machine/configuration.nix', import.meta.url),
);
const expression = `(import <nixpkgs/nixos> { configuration = ${configuration}; })`;
const attributes = ['system', 'vm'];
const oldest = Oracle.all('FIRN_TEST_OLD_ORACLE');
const oracles = [...Oracle.all(), ...oldest];

describe('the channel tree with C++ Nix', { skip: oracles.length === 0 && 'there is no C++ Nix' }, () => {
  let firn: PackagesScene;
  let derivations: string[];
  let closure: string[];

  before(() => {
    firn = PackagesScene.prepared();
    derivations = lines(firn.run('nix-instantiate', ['-E', expression, ...select(attributes)]));
    closure = lines(firn.run('nix-store', ['--query', '--requisites', ...derivations])).sort();
  });
  after(async () => {
    await firn?.[Symbol.asyncDispose]();
  });

  for (const oracle of oracles) {
    test(`C++ Nix ${oracle.version}: the example system has the same derivations`, async (context) => {
      await using cpp = openStore(oracle);
      assert.deepEqual(cpp.run('nix-instantiate', ['-E', expression, ...select(attributes)]), derivations);
      assert.deepEqual(cpp.run('nix-store', ['--query', '--requisites', ...derivations]).sort(), closure);
      const files = closure.filter((path) => path.endsWith('.drv'));
      assert.ok(files.length > 400, `${files.length} derivations`);
      for (const path of files) assert.equal(cpp.read(path), readFileSync(firn.real(path), 'latin1'), path);
      context.diagnostic(`${files.length} derivations, ${closure.length - files.length} sources`);
    });
  }

  if (oldest.length === 0) test('C++ Nix 2.8', { skip: 'the mirror has no debian:bookworm' }, () => {});

  test('bash and hello built by C++ Nix are what Firn builds', async (context) => {
    await using cpp = openStore(oracles[0]);
    const obstacle = cpp.whyNoBuilds(system);
    if (obstacle !== undefined) return context.skip(obstacle);
    const packages = cpp.run('nix-instantiate', ['<nixpkgs>', ...select(['bash', 'hello'])]);
    assert.deepEqual(
      lines(firn.run('nix-instantiate', ['<nixpkgs>', ...select(['bash', 'hello'])])),
      packages,
    );
    cpp.addFetched(downloadsOf(firn, packages));
    const outputs = cpp.build(packages);
    assert.deepEqual(lines(firn.run('nix-store', ['--realise', ...packages])), outputs);
    const all = cpp.run('nix-store', ['--query', '--requisites', ...outputs]).sort();
    assert.deepEqual(lines(firn.run('nix-store', ['--query', '--requisites', ...outputs])).sort(), all);
    const hashes = cpp.run('nix-store', ['--query', '--hash', ...all]);
    assert.deepEqual(lines(firn.run('nix-store', ['--query', '--hash', ...all])), hashes);
    context.diagnostic(`${all.length} store paths with the same bytes`);
  });

  function openStore(oracle: Oracle): CppStore {
    return new CppStore(oracle, firn.tree, join(firn.tree, 'bootstrap/bin/busybox'));
  }
});

function select(names: readonly string[]): string[] {
  return names.flatMap((name) => ['-A', name]);
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** Everything that is fetched for building derivations, and where it is in Firn's store. */
function downloadsOf(firn: PackagesScene, derivations: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const path of lines(firn.run('nix-store', ['--query', '--requisites', ...derivations]))) {
    if (!path.endsWith('.drv')) continue;
    const output = fetchedOutput(parseDerivation(readFileSync(firn.real(path), 'latin1')));
    if (output !== undefined) files.set(output, firn.real(output));
  }
  return files;
}

function fetchedOutput({ builder, outputs }: Derivation): string | undefined {
  return builder === 'builtin:fetchurl' ? outputs.get('out')!.path : undefined;
}
